"""The one table of physical names of the provider `local`.

In: the names an app declares, which may hold anything. Out: names that PostgreSQL, SNS, SQS and
S3 accept. A name that fits is kept as it is; any loss (a character, the case, the length) adds a
short hash of the declared name, and a declared name that already looks like a name with a hash
gets one too, so that two declared names never meet. A kind without a rule is refused: there is
no default. It may not touch anything but strings.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass

HASH_LENGTH = 10
_HASHED = re.compile(rf"(^|-)[0-9a-f]{{{HASH_LENGTH}}}$")

SEPARATOR = "--"
"""Between the parts of a name, such as topic and subscription."""

MIGRATOR_ROLE = "encore-migrator"
SERVICES_ROLE = "encore_services"
"""The group role that migrations may name (contract §4.5)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What names of one kind look like.

    ``allowed`` is a character class; ``longest`` counts characters, all of them ASCII, and
    includes ``suffix`` and ``.fifo``; ``edge`` is the class of the first and the last character;
    ``reserved`` matches whole names that must not be used.
    """

    allowed: str
    longest: int
    shortest: int = 1
    edge: str | None = None
    reserved: str | None = None
    suffix: str = ""
    fifo: bool = False


_POSTGRES_NAMES = (
    rf"postgres|template[01]|pg_.*|public|none|{SERVICES_ROLE}|encore_(admin|infra).*|encore-.*"
)

RULES: dict[str, Rule] = {
    # PostgreSQL: NAMEDATALEN - 1 bytes; names are always quoted, so the case is kept.
    "database": Rule(allowed="A-Za-z0-9_.-", longest=63, reserved=_POSTGRES_NAMES),
    "role": Rule(allowed="A-Za-z0-9_.-", longest=63, reserved=_POSTGRES_NAMES),
    # SNS: up to 256 characters with ".fifo"; SQS: up to 80 with ".fifo".
    "topic": Rule(allowed="A-Za-z0-9_-", longest=256, fifo=True, reserved="encore-doctor-.*"),
    "queue": Rule(allowed="A-Za-z0-9_-", longest=80, fifo=True, reserved="encore-doctor-.*"),
    "dead-letter-queue": Rule(
        allowed="A-Za-z0-9_-", longest=80, fifo=True, suffix=f"{SEPARATOR}dlq"
    ),
    # S3: no dots, or the core builds http://a.b.127.0.0.1 (contract §4.8).
    "bucket": Rule(
        allowed="a-z0-9-",
        longest=63,
        shortest=3,
        edge="a-z0-9",
        reserved=r"xn--.*|sthree-.*|amzn-s3-demo-.*|.*-s3alias|.*--ol-s3|.*--x-s3|.*--table-s3",
    ),
}


def physical_name(kind: str, *parts: str, fifo: bool = False) -> str:
    """The name of a ``kind`` of :data:`RULES` for the declared name, or names, ``parts``.

    ``fifo`` adds ``.fifo``. Raises ``ValueError`` for a kind without a rule.
    """
    rule = RULES.get(kind)
    if rule is None or (fifo and not rule.fifo):
        raise ValueError(f"no naming rule for {kind!r}{' with .fifo' if fifo else ''}")
    tail = rule.suffix + (".fifo" if fifo else "")
    room = rule.longest - len(tail)
    plain = SEPARATOR.join(parts)
    if _fits(rule, parts, plain, room):
        return plain + tail
    return _hashed(rule, kind, parts, room) + tail


def _fits(rule: Rule, parts: tuple[str, ...], plain: str, room: int) -> bool:
    edge = rule.edge or rule.allowed
    shape = f"[{edge}]([{rule.allowed}]*[{edge}])?"
    return (
        rule.shortest <= len(plain) <= room
        and re.fullmatch(shape, plain) is not None
        and _HASHED.search(plain) is None
        and not (rule.reserved and re.fullmatch(rule.reserved, plain, re.IGNORECASE))
        and not plain.endswith(f"{SEPARATOR}dlq")
        and (len(parts) == 1 or all(_is_clear_part(part) for part in parts))
    )


def _is_clear_part(part: str) -> bool:
    """Whether a part keeps its borders when it is joined with others."""
    return bool(part) and SEPARATOR not in part and part.strip("-") == part


def _hashed(rule: Rule, kind: str, parts: tuple[str, ...], room: int) -> str:
    identity = json.dumps([kind.removeprefix("dead-letter-"), *parts])
    digest = hashlib.sha256(identity.encode()).hexdigest()[:HASH_LENGTH]
    text = SEPARATOR.join(parts)
    if "A-Z" not in rule.allowed:
        text = text.lower()
    kept = re.sub(f"[^{rule.allowed}]+", "-", text).strip("-.")[: room - HASH_LENGTH - 1]
    kept = kept.rstrip("-.")
    name = f"{kept}-{digest}" if kept else digest
    if rule.reserved and re.fullmatch(rule.reserved, name, re.IGNORECASE):
        return digest
    return name
