"""Emission: what the provider made becomes what the app's process reads at boot.

    graph ──scope──▶ Scope ──┐
    bindings ────────────────┴─config─▶ InfraConfig ──▶ infra.config.json
                                            │
    delivery and ordering of topics ────────┴─runtime─▶ RuntimeConfig ──▶ runtime.pb, one variable
    values of $env names ──────────────────────────────▶ variables ──▶ runtime.env

Both encodings are always made; which one the process is handed is decided by the graph: the
protobuf as soon as a topic is ordered or exactly-once, because JSON has no place for either
and the core then cannot publish to a FIFO topic (contract 4.7.1).

May not: create resources, write files, print.
"""

from __future__ import annotations

from encore_provisioner.emit.emitter import Emitted, emit, environment_variables
from encore_provisioner.emit.environment import render_env

__all__ = ["Emitted", "emit", "environment_variables", "render_env"]
