"""One measurement in a process of its own: ``python measure.py WHAT FOLDER`` prints it as JSON.

``read`` reads the app's sources, ``parse`` gives them to tree-sitter alone (one thread, one
parser, texts already in memory), ``analyse`` is ours. Nothing that a former run left in memory
can count; what is on the disk does: the files are in the system's cache, ours where it is named.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

Measured = Mapping[str, float | int | str]


def read(root: Path) -> Measured:
    start = time.perf_counter()
    texts = _texts(root)
    return {
        "seconds": time.perf_counter() - start,
        "files": len(texts),
        "bytes": sum(map(len, texts)),
    }


def parse(root: Path) -> Measured:
    import tree_sitter_typescript
    from tree_sitter import Language, Parser

    texts = _texts(root)
    parser = Parser(Language(tree_sitter_typescript.language_typescript()))
    start = time.perf_counter()
    for text in texts:
        parser.parse(text)
    return {"seconds": time.perf_counter() - start}


def analyse(root: Path) -> Measured:
    from encore_config import codec
    from encore_provisioner.analysis import analyse
    from encore_provisioner.user_cache import FOLDER_VARIABLE

    start = time.perf_counter()
    analysis = analyse(root, cache=Path(os.environ[FOLDER_VARIABLE]))
    seconds = time.perf_counter() - start
    return {
        "seconds": seconds,
        "findings": len(analysis.diagnostics),
        "services": len(analysis.graph.services),
        "graph": hashlib.sha256(codec.encode(analysis.graph)).hexdigest(),
    }


def _texts(root: Path) -> list[bytes]:
    """What the analysis reads: tests are left out, as Encore leaves them out."""
    return [
        path.read_bytes()
        for path in sorted(root.rglob("*.ts"))
        if not path.name.endswith(".test.ts")
    ]


KINDS: Final[Mapping[str, Callable[[Path], Measured]]] = {
    "read": read,
    "parse": parse,
    "analyse": analyse,
}


if __name__ == "__main__":
    print(json.dumps(KINDS[sys.argv[1]](Path(sys.argv[2]))))
