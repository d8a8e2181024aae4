"""The app's secrets: whether each has a value. Values are set by ``secret set`` alone."""

from __future__ import annotations

from typing import Any

from encore_config.plan import SECRET


def properties() -> dict[str, Any]:
    return {"value": SECRET}
