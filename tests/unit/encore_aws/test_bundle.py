"""The zip of the function: the same bytes each time, pure Python, and whole."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import subprocess
import sys
import time
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from encore_aws import bundle
from encore_aws.function.documents import HANDLER
from encore_provisioner.errors import InfraError


@pytest.fixture(scope="module")
def made() -> bundle.Bundle:
    return bundle.build()


def test_the_same_bytes_each_time(made: bundle.Bundle) -> None:
    time.sleep(2.1)  # the resolution of dates in a zip
    assert bundle.build().content == made.content


def test_its_digests_are_those_of_its_bytes(made: bundle.Bundle) -> None:
    assert made.sha256 == hashlib.sha256(made.content).hexdigest()
    assert base64.b64decode(made.code_sha256).hex() == made.sha256
    assert made.size == len(made.content) < 2_000_000


def test_entries_are_sorted_dated_alike_and_not_compressed(made: bundle.Bundle) -> None:
    with zipfile.ZipFile(io.BytesIO(made.content)) as opened:
        entries = opened.infolist()
    assert [entry.filename for entry in entries] == sorted(made.files) == list(made.files)
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert {entry.compress_type for entry in entries} == {zipfile.ZIP_STORED}
    assert {entry.external_attr >> 16 for entry in entries} == {0o100644}


def test_nothing_but_python_and_licences_is_in_it(made: bundle.Bundle) -> None:
    others = [name for name in made.files if not name.endswith(".py")]
    assert all(".dist-info/" in name for name in others)
    for name in bundle.DISTRIBUTIONS:
        folder = name.replace("-", "_")
        told = [other for other in others if other.startswith(folder)]
        assert any("LICENSE" in other for other in told), name
        assert any(other.endswith("METADATA") for other in told), name
    assert not any("__pycache__" in name or name.startswith((".", "/")) for name in made.files)


def test_every_package_that_is_needed_is_in_it() -> None:
    found, waiting = set[str](), ["pg8000"]
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name in found:
            continue
        found.add(name)
        for line in metadata.requires(name) or ():
            needed = Requirement(line)
            if needed.marker is None or needed.marker.evaluate({"extra": ""}):
                waiting.append(needed.name)
    assert found == set(bundle.DISTRIBUTIONS)


def test_it_works_alone(made: bundle.Bundle, tmp_path: Path) -> None:
    """Without site-packages, without this checkout: only the zip and the standard library."""
    path = bundle.write(made, tmp_path)
    module, _, name = HANDLER.rpartition(".")
    program = f"""
import sys
sys.path.insert(0, {str(path)!r})
import importlib, json
handle = getattr(importlib.import_module({module!r}), {name!r})
for name in ("cache", "doctor", "doors", "migrate", "postgres", "prepare", "roles"):
    importlib.import_module("encore_aws.function." + name)
print(json.dumps(handle({{"schema": 1, "action": "none"}}, None)))
files = [getattr(module, "__file__", None) or "" for module in sys.modules.values()]
foreign = [file for file in files if "site-packages" in file]
assert foreign == [], foreign
"""
    done = subprocess.run(
        [sys.executable, "-S", "-E", "-c", program],
        cwd=tmp_path,
        env={},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["error"]["code"] == "unknown-action"


def test_what_is_written_is_written_once(made: bundle.Bundle, tmp_path: Path) -> None:
    path = bundle.write(made, tmp_path / "new")
    assert path.read_bytes() == made.content
    before = path.stat().st_mtime_ns
    assert bundle.write(made, tmp_path / "new") == path
    assert path.stat().st_mtime_ns == before
    path.write_bytes(b"half")
    assert bundle.write(made, tmp_path / "new").read_bytes() == made.content


@pytest.mark.parametrize("name", ["not-installed-at-all", "psutil"])
def test_what_cannot_be_put_together_says_what_to_install(name: str) -> None:
    """``psutil`` is there, and compiled."""
    with pytest.raises(InfraError) as caught:
        bundle.build((*bundle.DISTRIBUTIONS, name))
    assert caught.value.code == "function-incomplete"
    assert name in caught.value.message
    assert "encore-infra[aws]" in (caught.value.hint or "")
