"""Expected output as files beside the cases. ``UPDATE_GOLDENS=1 pytest …`` writes them anew."""

from __future__ import annotations

import os
from pathlib import Path

CASES = Path(__file__).resolve().parents[1] / "cases"


def assert_golden(path: Path, text: str) -> None:
    """``text`` is exactly what stands in ``path``."""
    if "UPDATE_GOLDENS" in os.environ:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert path.is_file(), f"{path} is missing; UPDATE_GOLDENS=1 writes it"
    assert text == path.read_text()
