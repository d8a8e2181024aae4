"""The zip of the function that works inside the network, made from what is installed here.

In: nothing. Out: bytes. The same versions give the same bytes on every machine: files sorted, dates
fixed, nothing compressed (what a compressor makes depends on its version) and nothing compiled. It
holds ``encore_aws.function``, the half of ``encore_provisioner.postgres`` that needs no other
package of ours, and the pure Python packages that pg8000 needs, with their licences.
"""

from __future__ import annotations

import base64
import hashlib
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Final

import encore_provisioner
from encore_aws import function
from encore_provisioner.errors import InfraError

DISTRIBUTIONS: Final = ("asn1crypto", "pg8000", "python-dateutil", "scramp", "six")
"""pg8000 and all that it needs; a test follows what it asks for."""
POSTGRES: Final = ("__init__", "door", "judging", "running", "sqltext", "verifier")
"""Modules of ``encore_provisioner.postgres``."""
_DATE: Final = (1980, 1, 1, 0, 0, 0)
_MODE: Final = 0o100644
_TOLD: Final = re.compile(r"[^/]+\.dist-info/(METADATA|(.*/)?(LICEN[CS]E|COPYING|NOTICE)[^/]*)")
"""pg8000 asks for its own version when it is imported; licences must come along."""
_COMPILED: Final = (".so", ".pyd", ".dylib")
_PACKAGE: Final = '"""The part of encore-infra that runs inside the network."""\n'


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """``content`` is the zip; ``files`` are the names in it, sorted."""

    content: bytes
    files: tuple[str, ...]

    @property
    def size(self) -> int:
        """Bytes. Lambda takes 50 MB."""
        return len(self.content)

    @property
    def filename(self) -> str:
        """A name of its content."""
        return f"function-{self.sha256[:16]}.zip"

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @property
    def code_sha256(self) -> str:
        """As Lambda gives it in ``CodeSha256``."""
        return base64.b64encode(hashlib.sha256(self.content).digest()).decode()


def build(distributions: tuple[str, ...] = DISTRIBUTIONS) -> Bundle:
    """Raises ``InfraError`` (``function-incomplete``) where a package is missing, or compiled."""
    found = dict(sorted([*_own(), *_foreign(distributions)]))
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as opened:
        for name, content in found.items():
            entry = zipfile.ZipInfo(name, _DATE)
            entry.create_system, entry.external_attr = 3, _MODE << 16
            opened.writestr(entry, content)
    return Bundle(content=target.getvalue(), files=tuple(found))


def write(bundle: Bundle, folder: Path) -> Path:
    """Put it into ``folder`` under a name of its content; what is there already is kept."""
    path = folder / bundle.filename
    if not path.exists() or path.read_bytes() != bundle.content:
        folder.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.write_bytes(bundle.content)
        part.replace(path)
    return path


def _own() -> Iterator[tuple[str, bytes]]:
    here, core = Path(function.__file__).parent, Path(encore_provisioner.__file__).parent
    # The package's own __init__ loads the provider, and with it Pulumi.
    yield "encore_aws/__init__.py", _PACKAGE.encode()
    for path in here.glob("*.py"):
        yield f"encore_aws/function/{path.name}", path.read_bytes()
    yield "encore_provisioner/__init__.py", (core / "__init__.py").read_bytes()
    for name in POSTGRES:
        path = core / "postgres" / f"{name}.py"
        yield f"encore_provisioner/postgres/{path.name}", path.read_bytes()


def _foreign(distributions: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    for name in distributions:
        try:
            files = metadata.distribution(name).files
        except metadata.PackageNotFoundError:
            files = None
        wanted = [file for file in files or () if _belongs(file.as_posix())]
        if not any(file.suffix == ".py" for file in wanted):
            raise _incomplete(f"the Python package {name} is not installed")
        for file in wanted:
            if file.suffix in _COMPILED:
                raise _incomplete(f"{name} is installed with compiled code ({file.name})")
            yield file.as_posix(), Path(str(file.locate())).read_bytes()


def _belongs(path: str) -> bool:
    if path.startswith((".", "/")):
        return False
    return path.endswith((".py", *_COMPILED)) or _TOLD.fullmatch(path) is not None


def _incomplete(problem: str) -> InfraError:
    return InfraError(
        f"the function that works inside the network cannot be put together: {problem}",
        code="function-incomplete",
        hint="Install what the provider needs: pip install 'encore-infra[aws]'.",
    )
