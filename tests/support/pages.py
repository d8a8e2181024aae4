"""The examples of ``docs/diagnostics.md`` as apps.

In: the page. Out: for each code its wrong and its right version, as path → text of a whole app.
How an example is read is told on the page itself, for people; this follows it word by word:

- ``// wrong`` at the end of a line: only in the wrong version; ``// right`` likewise; else in both.
- A line that is only such a mark counts up to the next one.
- ``// orders/api.ts`` alone in a line: the file that follows. Without one it is a file of orders.
- Imports of the SDK, the declarations that the page lists and orders' service file are added.
- In a block of ``text`` each line is a path.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from encore_config.rules import Rule

WRONG, RIGHT = "wrong", "right"
VERSIONS: Final = (WRONG, RIGHT)
FILES: Final = {
    "ts": "orders/example.ts",
    "jsonc": "encore.app",
    "yaml": "encore.infra.yaml",
    "text": "",
}
SERVICE: Final = "orders/encore.service.ts"
APP: Final = '{ "id": "shop", "lang": "typescript" }\n'
CONTENTS: Final = {".sql": "SELECT 1;\n"}
SDK: Final = {
    "encore.dev/api": "api Gateway Header Query Cookie StreamIn StreamOut StreamInOut",
    "encore.dev/auth": "authHandler",
    "encore.dev/config": "secret",
    "encore.dev/cron": "CronJob",
    "encore.dev/metrics": "Counter CounterGroup Gauge GaugeGroup",
    "encore.dev/pubsub": "Topic Subscription Publisher Attribute",
    "encore.dev/service": "Service",
    "encore.dev/storage/cache": "CacheCluster StringKeyspace StructKeyspace StringListKeyspace",
    "encore.dev/storage/objects": "Bucket Uploader Downloader Lister Remover",
    "encore.dev/storage/sqldb": "SQLDatabase",
}

_BLOCK: Final = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SIGN: Final = r"(?://|#)"
_MARK: Final = re.compile(rf"^{_SIGN} (wrong|right)\b")
_MARKED: Final = re.compile(rf"^(.*?)\s*{_SIGN} (wrong|right)\b[^\"]*$")
_FILE: Final = re.compile(rf"^{_SIGN} ([\w./-]+\.\w+)$")
_TEXTS: Final = re.compile(r"//[^\n]*|\"[^\"\n]*\"|'[^'\n]*'|`[^`]*`")
_DECLARED: Final = re.compile(r"\b(?:const|let|class|interface|type|function)\s+(\w+)")
_IMPORTED: Final = re.compile(r"\bimport\s+(.*?)\s+from\b", re.DOTALL)

App = dict[str, str]


@dataclass(frozen=True, slots=True)
class Block:
    language: str
    text: str


def blocks(markdown: str) -> tuple[Block, ...]:
    return tuple(Block(language, text) for language, text in _BLOCK.findall(markdown))


def apps(rule: Rule, known: tuple[str, ...]) -> dict[str, App]:
    """``wrong`` and ``right`` of one code as whole apps; ``known`` are the page's declarations."""
    shown = {version: _shown(rule, version) for version in VERSIONS}
    named = {path for files in shown.values() for path in files}
    return {
        version: _completed(files, known, own_service=any(p.endswith(SERVICE[7:]) for p in named))
        for version, files in shown.items()
    }


def small_app(source: str, known: tuple[str, ...]) -> App:
    """``source`` as the one file of the service ``orders``, completed like an example."""
    return _completed({FILES["ts"]: f"{source}\n"}, known, own_service=False)


def known_declarations(page: str) -> tuple[str, ...]:
    """The statements of the page's first block, one a line."""
    return tuple(blocks(page)[0].text.splitlines())


def _shown(rule: Rule, version: str) -> App:
    files: dict[str, list[str]] = {}
    for block in blocks(rule.markdown):
        if block.language not in FILES:
            continue
        for path, text in _lines(block, version):
            files.setdefault(path, []).extend([] if text is None else [text])
    return {path: "".join(f"{row}\n" for row in rows) for path, rows in files.items()}


def _lines(block: Block, version: str) -> list[tuple[str, str | None]]:
    """Path and line, for each line of a block that stands in ``version``."""
    path, only = FILES[block.language], ""
    found: list[tuple[str, str | None]] = []
    for row in block.text.splitlines():
        if mark := _MARK.match(row):
            only = mark[1]
        elif header := _FILE.match(row):
            path = header[1]
        else:
            marked = _MARKED.match(row)
            text, of = (marked[1], marked[2]) if marked else (row, only)
            if of in ("", version) and text.strip():
                found.append(_line(block.language, path, text))
    return found


def _line(language: str, path: str, text: str) -> tuple[str, str | None]:
    if language != "text":
        return path, text
    return text, CONTENTS.get(f".{text.rpartition('.')[2]}")


def _completed(shown: App, known: tuple[str, ...], *, own_service: bool) -> App:
    declared = {name for text in shown.values() for name in _names(text)}
    files = {
        path: _with_imports(_with_known(text, known, declared)) if path.endswith("ts") else text
        for path, text in shown.items()
    }
    service = (
        {} if own_service else {SERVICE: _with_imports('export default new Service("orders");\n')}
    )
    return {"encore.app": APP, "package.json": "{}\n", **service, **files}


def _with_known(text: str, known: tuple[str, ...], declared: set[str]) -> str:
    """``text`` behind those of the page's declarations that it mentions."""
    for statement in reversed(known):
        [name] = _DECLARED.findall(statement)
        if name not in declared and _mentions(text, name):
            text = f"{statement}\n{text}"
    return text


def _with_imports(text: str) -> str:
    own = _names(text)
    lines = [
        f'import {{ {", ".join(used)} }} from "{package}";\n'
        for package, names in SDK.items()
        if (used := [n for n in names.split() if n not in own and _mentions(text, n)])
    ]
    return "".join([*lines, text])


def _names(text: str) -> set[str]:
    imported = {name for clause in _IMPORTED.findall(text) for name in re.findall(r"\w+", clause)}
    return imported | set(_DECLARED.findall(text))


def _mentions(text: str, name: str) -> bool:
    return re.search(rf"(?<![\w.]){name}\b(?!:)", _TEXTS.sub("", text)) is not None
