"""The generated protobuf modules are fresh, and work with either implementation of the library."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from encore_config import proto
from encore_config.proto import generate
from encore_config.proto.runtime_pb2 import RuntimeConfig

FOLDER = Path(proto.__file__).parent

USE = """
from encore_config.proto.runtime_pb2 import RuntimeConfig
made = RuntimeConfig()
made.infra.resources.sql_clusters.add().databases.add(encore_name="orders")
made.deployment.service_discovery.services["a"].base_url = "http://a"
assert RuntimeConfig.FromString(made.SerializeToString()) == made
"""


def test_the_generated_files_are_those_of_the_sources() -> None:
    assert generate.stale(FOLDER) == ()


def test_each_source_has_a_module_and_a_stub() -> None:
    sources = {path.stem for path in FOLDER.glob("*.proto")}
    assert sources
    for ending in ("_pb2.py", "_pb2.pyi"):
        assert {p.name.removesuffix(ending) for p in FOLDER.glob(f"*{ending}")} == sources


def test_the_package_is_the_core_s() -> None:
    assert RuntimeConfig.DESCRIPTOR.full_name == "encore.runtime.v1.RuntimeConfig"


def test_it_loads_without_a_warning_in_both_implementations() -> None:
    for implementation in ("upb", "python"):
        environ = {**os.environ, "PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION": implementation}
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", USE],
            env=environ,
            capture_output=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, b""), implementation


def test_no_library_version_is_stamped_into_a_module() -> None:
    for path in FOLDER.glob("*_pb2.py"):
        assert "runtime_version" not in path.read_text("utf-8")
