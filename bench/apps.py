"""Makes Encore.ts apps of any size for the benchmark: the same seed gives the same bytes.

In: a folder, a number of services, a seed. Out: an app without findings, some twelve files to a
service, no two of them equal. The code stands in ``templates/`` as blocks between ``//---`` lines;
``%Thing%`` and the like are replaced, and each file takes its own choice of blocks.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from bench.words import DATES, FLAGS, LABELS, NOUNS, NUMBERS, QUALIFIERS, REASONS, STATES, TEXTS

TEMPLATES: Final = Path(__file__).parent / "templates"
LARGEST: Final = len(NOUNS) * len(QUALIFIERS)
TOKEN: Final = re.compile(r"%(\w+)%")
_EXPORT: Final = re.compile(r"^export (?:async )?(const|class|function|interface|type) (\w+)", re.M)
_NAME: Final = re.compile(r"[A-Za-z_$][\w$]*")
_SDK: Final = {
    "encore.dev/api": ("api", "APIError"),
    "encore.dev/config": ("secret",),
    "encore.dev/cron": ("CronJob",),
    "encore.dev/metrics": ("Counter",),
    "encore.dev/pubsub": ("Subscription", "Topic", "type Attribute"),
    "encore.dev/storage/cache": (
        "IntKeyspace",
        "StringKeyspace",
        "expireInHours",
        "expireInMinutes",
    ),
    "encore.dev/storage/objects": ("Bucket",),
    "../shared/cache": ("sharedCache",),
    "../shared/money": ("formatCents",),
}
_RANGES: Final = {"digit": (2, 6), "int": (7, 60), "big": (100, 9000)}
_CHOICES: Final = {
    "bool": ("true", "false"),
    "schedule": (
        'every: "2h"',
        'every: "30m"',
        'schedule: "15 3 * * *"',
        'schedule: "0 6 * * 1-5"',
    ),
    "word": LABELS,
}


@dataclass(frozen=True, kw_only=True)
class Field:
    name: str
    type: str
    optional: bool

    @property
    def column(self) -> str:
        return re.sub(r"([A-Z])", r"_\1", self.name).lower()


@dataclass(frozen=True, kw_only=True)
class Entity:
    noun: str
    fields: tuple[Field, ...]
    states: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.noun.capitalize()

    @property
    def plural(self) -> str:
        return f"{self.noun}s"


class Service:
    """One service: its names, its entities, and the random source for its texts."""

    def __init__(self, seed: int, index: int) -> None:
        number = _order(seed)[index]
        self.noun = NOUNS[number % len(NOUNS)]
        self.name = f"{QUALIFIERS[number // len(NOUNS)]}-{self.noun}s"
        self.random = random.Random(f"{seed}/{index}")
        others = [noun for noun in NOUNS if noun != self.noun]
        nouns = [self.noun, *self.random.sample(others, self.random.choice((1, 2, 2)))]
        self.entities = tuple(self._entity(noun) for noun in nouns)

    @property
    def main(self) -> Entity:
        return self.entities[0]

    @property
    def client(self) -> str:
        return self.name.replace("-", "_")

    def _entity(self, noun: str) -> Entity:
        pick = self.random
        fields = [
            *(Field(name=name, type="number", optional=False) for name in pick.sample(NUMBERS, 2)),
            *(Field(name=name, type="string", optional=False) for name in pick.sample(TEXTS, 2)),
            *(
                Field(name=name, type="boolean", optional=pick.random() < 0.5)
                for name in pick.sample(FLAGS, pick.randint(0, 3))
            ),
            *(
                Field(name=name, type="Date", optional=pick.random() < 0.7)
                for name in pick.sample(DATES, pick.randint(0, 3))
            ),
        ]
        return Entity(noun=noun, fields=tuple(fields), states=tuple(pick.sample(STATES, 3)))


@cache
def _order(seed: int) -> tuple[int, ...]:
    numbers = list(range(LARGEST))
    random.Random(seed).shuffle(numbers)
    return tuple(numbers)


@cache
def _blocks(template: str) -> tuple[str, ...]:
    return tuple((TEMPLATES / f"{template}.ts").read_text(encoding="utf-8").split("//---\n"))


class Writer:
    """Writes the files of one service, in an order in which each finds what it imports."""

    def __init__(self, service: Service, peer: Service) -> None:
        self.service = service
        self.peer = peer
        self.files: dict[str, str] = {}
        self._exports: dict[str, tuple[str, str]] = {}

    def write(self) -> dict[str, str]:
        pick, entities = self.service.random, self.service.entities
        main = self.service.main
        if pick.random() < 0.9:
            self.files["encore.service.ts"] = _service_file(self.service.name)
        self._put("types.ts", (self._blocks("types", entity) for entity in entities))
        self._put("db.ts", ([_DATABASE.replace("%service%", self.service.name)],))
        self._put("events.ts", (self._blocks("events", main, least=1),))
        for entity in entities:
            self._put(f"{entity.plural}-rules.ts", (self._blocks("rules", entity, least=2),))
            self._put(f"{entity.plural}.ts", (self._endpoints(entity),))
        self._put("store.ts", (self._blocks("store", pick.choice(entities), least=1),))
        self._put("subscribers.ts", (self._blocks("subscribers", main),))
        for template, share in (("jobs", 0.7), ("files", 0.4), ("cache", 0.4), ("partner", 0.4)):
            if pick.random() < share:
                self._put(f"{template}.ts", (self._blocks(template, main),))
        if pick.random() < 0.15:
            self.files["index.ts"] = _barrel(self.files)
        self._put(f"{main.plural}.test.ts", (self._blocks("rules.test", main),))
        for number, entity in enumerate(entities, start=1):
            self.files[f"migrations/{number}_create_{entity.plural}.up.sql"] = _migration(entity)
        return self.files

    def _endpoints(self, entity: Entity) -> list[str]:
        """``to…``, ``get…`` and ``list…`` always; for the main entity also what others call."""
        pick = self.service.random
        blocks = _blocks("endpoints")
        always = {0, 1, 2, 6} if entity is self.service.main else {0, 1, 2}
        kept = [
            block for number, block in enumerate(blocks) if number in always or pick.random() < 0.6
        ]
        if f"{entity.noun}Net" not in self._exports:
            kept = [block for block in kept if "%thing%Net" not in block]
        return [self._filled(block, entity) for block in kept]

    def _blocks(self, template: str, entity: Entity, least: int | None = None) -> list[str]:
        """All blocks of a template, or at least ``least`` of them, seldom all."""
        blocks = _blocks(template)
        if least is not None:
            pick = self.service.random
            share = max(least, round(len(blocks) * pick.betavariate(2.4, 1.9)))
            chosen = sorted(pick.sample(range(1, len(blocks)), min(share, len(blocks)) - 1))
            blocks = tuple(blocks[number] for number in (0, *chosen))
        return [self._filled(block, entity) for block in blocks]

    def _filled(self, block: str, entity: Entity) -> str:
        words = self._words(entity)
        return TOKEN.sub(
            lambda token: words[token[1]] if token[1] in words else self._any(token[1]), block
        )

    def _words(self, entity: Entity) -> dict[str, str]:
        main, peer, service = self.service.main, self.peer, self.service
        numbers = [field.name for field in entity.fields if field.type == "number"]
        texts = [field.name for field in entity.fields if field.type == "string"]
        return {
            "Thing": entity.name, "thing": entity.noun, "Things": f"{entity.name}s",
            "things": entity.plural, "THING": entity.noun.upper(), "table": entity.plural,
            "Main": main.name, "main": main.noun, "service": service.name, "client": service.client,
            "s1": entity.states[0], "s2": entity.states[1], "s3": entity.states[2],
            "n1": numbers[0], "t1": texts[0],
            "Peer": peer.main.name, "peer_main": peer.main.noun, "peer_client": peer.client,
            "PeerThings": f"{peer.main.name}s", "peer_service": peer.name,
            "columns": ", ".join(field.column for field in entity.fields),
            "fields": "\n".join(map(self._field, entity.fields)),
            "row_fields": "\n".join(map(_row_field, entity.fields)),
            "mapping": "\n".join(map(_mapping, entity.fields)),
            "values": ", ".join(f"${{input.{field.name}}}" for field in entity.fields),
        }  # fmt: skip

    def _any(self, token: str) -> str:
        """A token that is another at each place."""
        pick = self.service.random
        if token in ("why", "Why"):
            text = pick.choice(REASONS).format(n=pick.randint(2, 400), label=pick.choice(LABELS))
            return text.capitalize() if token == "Why" else text
        if token in _RANGES:
            return str(pick.randint(*_RANGES[token]))
        return pick.choice(_CHOICES[token])

    def _field(self, field: Field) -> str:
        optional = "?" if field.optional else ""
        comment = f"  /** {self._any('Why')}. */\n" if self.service.random.random() < 0.2 else ""
        return f"{comment}  {field.name}{optional}: {field.type};"

    def _put(self, name: str, groups: Iterable[list[str]]) -> None:
        body = "\n".join(block for blocks in groups for block in blocks)
        head = "\n".join(self._imports(name, body))
        self.files[name] = f"{head}\n\n{body}" if head else body
        if not name.endswith(".test.ts"):
            for kind, export in _EXPORT.findall(body):
                prefix = "type " if kind in ("interface", "type") else ""
                self._exports[export] = (f"./{name.removesuffix('.ts')}", f"{prefix}{export}")

    def _imports(self, name: str, body: str) -> Iterator[str]:
        """One line for each module of which the body uses a name."""
        used = set(_NAME.findall(body))
        known = self._known(name)
        wanted: dict[str, set[str]] = {}
        for word in used & known.keys() - {export for _, export in _EXPORT.findall(body)}:
            module, export = known[word]
            wanted.setdefault(module, set()).add(export)
        if "log" in used:
            yield 'import log from "encore.dev/log";'
        for module in sorted(wanted, key=lambda each: (each.startswith("."), each)):
            yield _import(module, wanted[module])

    def _known(self, name: str) -> dict[str, tuple[str, str]]:
        """What a file can import: the module and the name of each identifier."""
        known = {
            each.removeprefix("type "): (module, each)
            for module, names in _SDK.items()
            for each in names
        }
        if not name.endswith(".test.ts"):
            known |= self._exports
        if name == "subscribers.ts":
            topic = f"{self.peer.main.noun}Changed"
            known[topic] = (f"../{self.peer.name}/events", topic)
        known[self.peer.client] = ("~encore/clients", self.peer.client)
        return known


def _import(module: str, exports: set[str]) -> str:
    names = sorted(exports, key=lambda each: each.removeprefix("type "))
    if all(each.startswith("type ") for each in names):
        listed = ", ".join(each.removeprefix("type ") for each in names)
        return f'import type {{ {listed} }} from "{module}";'
    return f'import {{ {", ".join(names)} }} from "{module}";'


_DATABASE: Final = """\
import { SQLDatabase } from "encore.dev/storage/sqldb";

export const db = new SQLDatabase("%service%", {
  migrations: "./migrations",
});
"""


def _service_file(name: str) -> str:
    head = 'import { Service } from "encore.dev/service";'
    return f'{head}\n\nexport default new Service("{name}");\n'


def _row_field(field: Field) -> str:
    return f"  {field.column}: {field.type}{' | null' if field.optional else ''};"


def _mapping(field: Field) -> str:
    value = f"row.{field.column}"
    if field.type == "number":
        value = f"Number({value})"
    return f"    {field.name}: {value}{' ?? undefined' if field.optional else ''},"


def _barrel(files: Iterable[str]) -> str:
    modules = sorted(
        name.removesuffix(".ts")
        for name in files
        if name not in ("encore.service.ts", "subscribers.ts", "jobs.ts")
    )
    return "".join(f'export * from "./{module}";\n' for module in modules)


def _migration(entity: Entity) -> str:
    types = {
        "number": "double precision",
        "string": "text",
        "boolean": "boolean",
        "Date": "timestamptz",
    }
    columns = [
        f"  {each.column} {types[each.type]}{'' if each.optional else ' NOT NULL'}"
        for each in entity.fields
    ]
    return (
        f"CREATE TABLE {entity.plural} (\n  id text PRIMARY KEY DEFAULT gen_random_uuid()::text,\n"
        "  name text NOT NULL,\n  status text NOT NULL,\n  owner_id text NOT NULL,\n"
        "  amount_cents bigint NOT NULL,\n  tags text[] NOT NULL,\n"
        + ",\n".join(columns)
        + ",\n  created_at timestamptz NOT NULL DEFAULT now(),\n"
        "  updated_at timestamptz NOT NULL DEFAULT now(),\n  deleted_at timestamptz\n);\n"
    )


def services(count: int, seed: int = 1) -> tuple[Service, ...]:
    return tuple(Service(seed, index) for index in range(count))


def write_app(root: Path, count: int, seed: int = 1) -> None:
    """Write an app of ``count`` services below ``root``."""
    if not 2 <= count <= LARGEST:
        raise ValueError(f"an app has 2 to {LARGEST} services, not {count}")
    made = services(count, seed)
    _write(root, _shared(count))
    for index, service in enumerate(made):
        peer = made[(index + service.random.randrange(1, count)) % count]
        _write(root / service.name, Writer(service, peer).write())


def _write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _shared(count: int) -> dict[str, str]:
    """What stands beside the services: the app's own files, shared code, the gateway."""
    return {
        "encore.app": f'{{"id": "bench-{count}", "lang": "typescript"}}\n',
        "package.json": '{"name": "bench", "private": true, "type": "module"}\n',
        "shared/cache.ts": (TEMPLATES / "shared-cache.ts").read_text(encoding="utf-8"),
        "shared/money.ts": (TEMPLATES / "shared-money.ts").read_text(encoding="utf-8"),
        "gateway/gateway.ts": (TEMPLATES / "gateway.ts").read_text(encoding="utf-8"),
    }


def clients(count: int, seed: int = 1) -> dict[str, str]:
    """What Encore would generate into ``encore.gen``, as far as the apps use it."""
    files, index = {}, []
    for service in services(count, seed):
        name, noun = service.main.name, service.main.plural
        files[f"clients/{service.client}.d.ts"] = (
            f'import type {{ summarize{name}s as handler }} from "../../{service.name}/{noun}";\n'
            f"export declare const summarize{name}s: typeof handler;\n"
        )
        index.append(f'export * as {service.client} from "./{service.client}";\n')
    files["clients/index.d.ts"] = "".join(index)
    return files
