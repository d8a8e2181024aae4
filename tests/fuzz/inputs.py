"""One generated app for each seed and number: always the same one.

In: a seed and a number. Out: an :class:`Input`, the app before and after its changes.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Final

from tests.fuzz.apps import APP_FILE, App, Entry, Folder, Link, possible, seeds, sources
from tests.fuzz.edits import anything, edited

Change = Callable[[dict[str, Entry], Random], None]
_CONFIGS: Final = ("encore.app", "package.json", "tsconfig.json")
_NAMES: Final = (
    *("encore.service.ts", "a.ts", "index.ts", "x.d.ts", "x.test.ts", "x.tsx", "x.mts", ".ts"),
    *("é.ts", "a b.ts", "\udcff.ts", "a\nb.ts", "a`b.ts", "[x].ts", "%41.ts", "CON.ts", "-.ts"),
    *("1_a.up.sql", "001_b.up.sql", "1.up.sql", "x.down.sql", "99999999999999999999_a.up.sql"),
    *("_.up.sql", "0_x.up.sql", "migration.sql", "node_modules", "encore.gen", "tsconfig.json"),
)
_VALUES: Final[tuple[object, ...]] = (
    *(None, True, 0, -1, 1e308, "", "typescript", "go", "\ud800", ".", "..", "/", "./a\0b"),
    *([], {}, [[]], ["./src/*"], ["../*"], {"*": ["*"]}, {"@/*": ["./*"]}, {"a*b*": ["*"]}),
)


@dataclass(frozen=True, slots=True)
class Input:
    """``before`` is a valid app, ``app`` what the changes made of it."""

    number: int
    before: App
    app: App
    changes: tuple[str, ...]


def make(seed: str, number: int) -> Input:
    random = Random(f"{seed}/{number}")
    before = random.choice(seeds())
    app: dict[str, Entry] = dict(before)
    changes = random.choices(CHANGES, weights=_WEIGHTS, k=random.choice((1, 1, 2, 4)))
    for change in changes:
        change(app, random)
    names = tuple(change.__name__ for change in changes)
    if "app_file" not in names:
        app["encore.app"] = before.get("encore.app", APP_FILE)
    return Input(number, before, possible(app), names)


def edit(app: dict[str, Entry], random: Random) -> None:
    """Change the text of one or two files."""
    files = sources(app)
    for path in random.choices(tuple(files), k=random.choice((1, 1, 2))) if files else ():
        app[path] = edited(files[path], random)


def noise(app: dict[str, Entry], random: Random) -> None:
    """Put a file of any bytes somewhere, in half of all cases one that names Encore."""
    named = random.choice((b"", b'import { api } from "encore.dev/api";\n'))
    app[_place(app, random)] = named + anything(random)


def configure(app: dict[str, Entry], random: Random) -> None:
    """Change a JSON file, as text or as a value."""
    path = random.choice(_CONFIGS[1:])
    app[path] = _json(app.get(path), random)


def app_file(app: dict[str, Entry], random: Random) -> None:
    app["encore.app"] = _json(app.get("encore.app"), random)


def move(app: dict[str, Entry], random: Random) -> None:
    """Give a file another place, name or both; the old one may stay."""
    path = random.choice(tuple(app))
    app[_place(app, random)] = app[path]
    if random.randrange(3):
        del app[path]


def lose(app: dict[str, Entry], random: Random) -> None:
    del app[random.choice(tuple(app))]


def swap(app: dict[str, Entry], random: Random) -> None:
    """Two files change places."""
    one, other = random.choice(tuple(app)), random.choice(tuple(app))
    app[one], app[other] = app[other], app[one]


def graft(app: dict[str, Entry], random: Random) -> None:
    """Files of another app come in beside, or all go one folder down."""
    if random.randrange(2):
        app.update({p: e for p, e in random.choice(seeds()).items() if random.randrange(2)})
    else:
        moved = {f"down/{path}": entry for path, entry in app.items() if path not in _CONFIGS}
        for path in [path for path in app if path not in _CONFIGS]:
            del app[path]
        app.update(moved)


def odd(app: dict[str, Entry], random: Random) -> None:
    """A folder where a file is expected, a link, a circle of links."""
    entry: Entry = random.choice(
        (Folder(), Link("."), Link(".."), Link("/"), Link("nowhere"), Link("a.ts"), Link("\udcff"))
    )
    path = random.choice((_place(app, random), *_CONFIGS[1:], random.choice(tuple(app))))
    app[path] = entry
    if random.randrange(3) == 0:
        app[f"{path}.ts"] = Link(f"{path.rpartition('/')[2]}.ts")


CHANGES: Final[tuple[Change, ...]] = (
    edit, noise, configure, app_file, move, lose, swap, graft, odd,
)  # fmt: skip
_WEIGHTS: Final = (60, 10, 6, 2, 6, 3, 4, 4, 5)


def _place(app: App, random: Random) -> str:
    """A path: an old one, a new name in an old folder, or a new folder."""
    path = random.choice(tuple(app) or ("a.ts",))
    folder, _, name = path.rpartition("/")
    name = random.choice((name, *random.choices(_NAMES, k=3)))
    folder = random.choice(
        (folder, folder, "", f"{folder}/deeper".strip("/"), "new", "a/" * 40 + "b")
    )
    return f"{folder}/{name}".strip("/")


def _json(entry: Entry | None, random: Random) -> bytes:
    text = (
        entry if isinstance(entry, bytes) else b'{"compilerOptions": {"paths": {"@/*": ["./*"]}}}'
    )
    if random.randrange(2):
        return edited(text, random)
    try:
        value = json.loads(text)
    except ValueError:
        return anything(random)
    return json.dumps(_changed(value, random)).encode()


def _changed(value: object, random: Random) -> object:
    """The value with one part of it, at any depth, replaced."""
    if isinstance(value, dict) and value and random.randrange(5):
        key = random.choice(sorted(value))
        return {**value, key: _changed(value[key], random)}
    if isinstance(value, list) and value and random.randrange(5):
        at = random.randrange(len(value))
        return [*value[:at], _changed(value[at], random), *value[at + 1 :]]
    return random.choice(_VALUES)
