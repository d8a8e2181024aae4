"""The doctor: connects to everything that the runtime config names, as the app would.

    runtime.env, infra.config.json | protobuf ──inputs──▶ config, environ
    config, environ ──targets──▶ one value for each thing ──probes──▶ Check, in a stable order

It leaves nothing behind: rows are rolled back, objects, keys, topics and queues of its own are
removed, also on an interrupt. The app's topics and queues are only read. See docs/doctor.md.
"""

from __future__ import annotations

from encore_provisioner.check import Check, Kind
from encore_provisioner.doctor.diagnose import Doors, diagnose
from encore_provisioner.doctor.inputs import Inputs, read_inputs
from encore_provisioner.doctor.runner import Patience

__all__ = ["Check", "Doors", "Inputs", "Kind", "Patience", "diagnose", "read_inputs"]
