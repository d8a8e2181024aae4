"""The JSON Schema (draft 2020-12) of each document, made from its type.

``python -m encore_config.schema`` writes ``schemas/<name>.v1.schema.json`` beside this module;
with ``--check`` it writes nothing and exits 1 naming the files that are stale.
"""

from __future__ import annotations

import inspect
import json
import sys
from importlib import resources
from pathlib import Path
from typing import Any, Final

import msgspec

from encore_config.diagnostics import Diagnostics
from encore_config.document import SCHEMA_VERSION
from encore_config.environment import EnvironmentFile
from encore_config.graph import Graph
from encore_config.infra import InfraConfig
from encore_config.plan import Plan

DOCUMENTS: Final[dict[str, type[msgspec.Struct]]] = {
    "diagnostics": Diagnostics,
    "environment": EnvironmentFile,
    "graph": Graph,
    "infra": InfraConfig,
    "plan": Plan,
}


def json_schema(name: str) -> dict[str, Any]:
    """The schema of one document, made now from its type."""
    made = msgspec.json.schema(DOCUMENTS[name])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:encore-infra:{name}:v{SCHEMA_VERSION}",
        "$ref": made["$ref"],
        "$defs": {key: _tidy(made["$defs"][key]) for key in sorted(made["$defs"])},
    }


def load(name: str) -> dict[str, Any]:
    """The schema of one document as it was written into the package."""
    text = (resources.files("encore_config") / "schemas" / file_name(name)).read_text("utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def file_name(name: str) -> str:
    return f"{name}.v{SCHEMA_VERSION}.schema.json"


def render(name: str) -> str:
    return json.dumps(json_schema(name), indent=2, ensure_ascii=False) + "\n"


def write(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for name in DOCUMENTS:
        (folder / file_name(name)).write_text(render(name), encoding="utf-8", newline="\n")


def stale(folder: Path) -> tuple[str, ...]:
    """Names of the files in ``folder`` that are missing, outdated or of no document."""
    wanted = {file_name(name): render(name) for name in DOCUMENTS}
    present = {path.name: path.read_text("utf-8") for path in folder.glob("*.schema.json")}
    names = wanted.keys() | present.keys()
    return tuple(sorted(name for name in names if wanted.get(name) != present.get(name)))


def _tidy(value: Any) -> Any:
    """Without OpenAPI's ``discriminator``, with docstrings freed of their indentation.

    Alternatives are sorted, null last: msgspec's versions order them differently.
    """
    if isinstance(value, dict):
        kept = {key: _tidy(child) for key, child in value.items() if key != "discriminator"}
        if isinstance(kept.get("description"), str):
            kept["description"] = inspect.cleandoc(kept["description"])
        if isinstance(kept.get("anyOf"), list):
            kept["anyOf"].sort(key=lambda item: (item == {"type": "null"}, json.dumps(item)))
        return kept
    if isinstance(value, list):
        return [_tidy(child) for child in value]
    return value


def main(arguments: list[str]) -> int:
    folder = Path(__file__).parent / "schemas"
    if arguments not in ([], ["--check"]):
        sys.stderr.write("usage: python -m encore_config.schema [--check]\n")
        return 64
    if not arguments:
        write(folder)
        return 0
    for name in stale(folder):
        sys.stderr.write(f"schemas/{name} is stale: run python -m encore_config.schema\n")
    return 1 if stale(folder) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
