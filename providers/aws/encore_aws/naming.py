"""The one table of physical names in AWS.

In: app, environment and the declared name, which may hold anything. Out: a name that the AWS
service accepts: ``<app>-<environment>-<name>-<hash>``. The hash is that of all parts with their
borders, so that no two environments and no two declarations ever meet, whatever was cut or
replaced. Names that must be unique in the world hold the environment's ``id`` too. A kind without
a rule is refused: there is no default. It may not touch anything but strings.

Limits are those of AWS's own API references: *CreateTopic*, *CreateQueue*, *CreateDBInstance*,
*CreateReplicationGroup*, *CreateUser*, *CreateBucket*, *CreateRole*, *CreateSecret* and the others.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Final

HASH_LENGTH: Final = 6
ID: Final = re.compile(r"[a-z0-9]{4,8}")
"""An environment's ``id``: part of names that must be unique in the world."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What names of one kind look like.

    ``allowed`` is a character class, ``first`` that of the first character; ``longest`` counts
    characters, ``suffix`` included. ``is_global``: nobody else in the world may have the name.
    ``never``: a pattern of beginnings that AWS keeps for itself. ``digits``: those of the hash.
    """

    allowed: str
    longest: int
    first: str = "a-z"
    suffix: str = ""
    is_global: bool = False
    never: str | None = None
    digits: int = HASH_LENGTH


_PLAIN: Final = "a-z0-9-"
_CASED: Final = "A-Za-z0-9_-"

RULES: Final[dict[str, Rule]] = {
    # SNS and SQS; the names of ordered ones end in ".fifo", which counts.
    "topic": Rule(allowed=_CASED, first="A-Za-z0-9_-", longest=256),
    "fifo-topic": Rule(allowed=_CASED, first="A-Za-z0-9_-", longest=256, suffix=".fifo"),
    "queue": Rule(allowed=_CASED, first="A-Za-z0-9_-", longest=80),
    "fifo-queue": Rule(allowed=_CASED, first="A-Za-z0-9_-", longest=80, suffix=".fifo"),
    "dead-letter-queue": Rule(allowed=_CASED, first="A-Za-z0-9_-", longest=80, suffix="-dlq"),
    "fifo-dead-letter-queue": Rule(
        allowed=_CASED, first="A-Za-z0-9_-", longest=80, suffix="-dlq.fifo"
    ),
    # S3: no dots, or TLS to the bucket's own host name fails.
    "bucket": Rule(
        allowed=_PLAIN,
        first="a-z0-9",
        longest=63,
        is_global=True,
        never="sthree-|amzn-s3-demo-",
    ),
    # The account and the region are among its parts, so nobody else's name is the same.
    "state-bucket": Rule(allowed=_PLAIN, first="a-z0-9", longest=63, never="sthree-|amzn-s3-demo-"),
    # Before the names of the objects that hold an environment's state.
    "state-prefix": Rule(allowed=_PLAIN, first="a-z0-9", longest=200),
    "origin-access": Rule(allowed=_CASED, first="A-Za-z0-9", longest=64),
    # RDS: small letters, digits, single hyphens, no hyphen at the end.
    "db-instance": Rule(allowed=_PLAIN, longest=63),
    "db-subnet-group": Rule(allowed=_PLAIN, longest=255),
    "db-parameter-group": Rule(allowed=_PLAIN, longest=255),
    # Room for the end of another id, a hyphen and 8 characters: see resources/database.
    "db-final-snapshot": Rule(allowed=_PLAIN, longest=246),
    # ElastiCache.
    "cache": Rule(allowed=_PLAIN, longest=40),
    "cache-subnet-group": Rule(allowed=_PLAIN, longest=255),
    "cache-parameter-group": Rule(allowed=_PLAIN, longest=255),
    "cache-user": Rule(allowed=_PLAIN, longest=40),
    "cache-user-group": Rule(allowed=_PLAIN, longest=40),
    "cache-final-snapshot": Rule(allowed=_PLAIN, longest=246),
    # Network.
    # A tag, which takes 256 characters, with the part of the network at its end.
    "network": Rule(allowed=_CASED, first="A-Za-z0-9", longest=220),
    "security-group": Rule(allowed=_CASED, first="A-Za-z0-9", longest=255, never="sg-"),
    # IAM.
    "role": Rule(allowed=_CASED, first="A-Za-z0-9", longest=64),
    "policy": Rule(allowed=_CASED, first="A-Za-z0-9", longest=128),
    "instance-profile": Rule(allowed=_CASED, first="A-Za-z0-9", longest=128),
    # ECS calls the name of a task definition its family.
    "task-definition": Rule(allowed=_CASED, first="A-Za-z0-9", longest=255),
    # Secrets Manager adds a hyphen and six characters to the ARN. A name that ends like that looks
    # like a whole ARN where it is not, to Secrets Manager too: CreateSecret warns of such names.
    "secret": Rule(allowed="A-Za-z0-9_/-", first="A-Za-z0-9", longest=512, digits=8),
    "key-alias": Rule(allowed=_CASED, first="A-Za-z0-9", longest=250),
    "log-group": Rule(allowed="A-Za-z0-9_/-", first="A-Za-z0-9", longest=512),
    "function": Rule(allowed=_CASED, first="A-Za-z0-9", longest=64),
}


_NO_DATABASES: Final = r"postgres|template[01]|rdsadmin"
_NO_ROLES: Final = r"postgres|public|none|pg_.*|rds.*|encore_(services|admin|infra).*"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRule:
    """What names inside a server look like: as declared, where the server takes that.

    ``taken`` matches whole names that PostgreSQL, RDS or we use ourselves, in any case.
    """

    allowed: str
    longest: int
    taken: str


KEPT: Final[dict[str, KeptRule]] = {
    # PostgreSQL: NAMEDATALEN - 1 bytes; names are always quoted, so the case is kept.
    "database": KeptRule(allowed="A-Za-z0-9_.-", longest=63, taken=_NO_DATABASES),
    "database-role": KeptRule(allowed="A-Za-z0-9_.-", longest=63, taken=_NO_ROLES),
}


def kept_name(kind: str, declared: str) -> str:
    """The name that the ``kind`` of :data:`KEPT` has inside its server.

    It is the declared one wherever that can be: for apps in Go the name in the server and the
    declared one must be the same (contract §4.5). What is replaced or cut adds a hash, and so does
    a name that looks as if it had one; so no two declared names meet.
    """
    rule = KEPT.get(kind)
    if rule is None:
        raise ValueError(f"no naming rule for {kind!r}")
    digest = hashlib.sha256(json.dumps([kind, declared]).encode()).hexdigest()[:HASH_LENGTH]
    fits = re.fullmatch(f"[{rule.allowed}]{{1,{rule.longest}}}", declared)
    taken = re.fullmatch(rule.taken, declared, re.IGNORECASE)
    if fits and not taken and not re.search(rf"-[0-9a-f]{{{HASH_LENGTH}}}$", declared):
        return declared
    kept = re.sub(f"[^{rule.allowed}]+", "-", declared)[: rule.longest - HASH_LENGTH - 3]
    return f"x-{kept}-{digest}" if taken else f"{kept or 'x'}-{digest}"


class MissingIdError(ValueError):
    """A name that must be unique in the world was asked for before the environment has an id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """The names of one environment. ``id`` is missing in a plan before the first apply."""

    app: str
    environment: str
    id: str | None = None

    def __post_init__(self) -> None:
        if self.id is not None and not ID.fullmatch(self.id):
            raise ValueError(f"`{self.id}` is no id of an environment: 4 to 8 of a-z and 0-9")

    def name(self, kind: str, *parts: str) -> str:
        """The physical name of the ``kind`` of :data:`RULES` that stands for ``parts``.

        Raises ``ValueError`` for a kind without a rule, :class:`MissingIdError` for a name that
        needs the environment's ``id`` where that is not known yet.
        """
        rule = RULES.get(kind)
        if rule is None:
            raise ValueError(f"no naming rule for {kind!r}")
        if rule.is_global and self.id is None:
            raise MissingIdError(f"the name of a {kind} needs the environment's id")
        own = [self.id] if rule.is_global and self.id is not None else []
        tail = "-".join([*own, self._hash(kind, parts)[: rule.digits]]) + rule.suffix
        text = _fitting(rule, "-".join((self.app, self.environment, *parts)))
        room = rule.longest - len(tail) - 1
        kept = text[:room].rstrip("-_/")
        return f"{kept}-{tail}" if kept else f"x-{tail}"

    def _hash(self, kind: str, parts: tuple[str, ...]) -> str:
        identity = json.dumps([self.app, self.environment, kind, *parts])
        return hashlib.sha256(identity.encode()).hexdigest()


def described(text: str, most: int = 255) -> str:
    """A description that AWS takes: IAM knows letters up to Latin, RDS and ElastiCache ASCII."""
    return re.sub(r"[^ -~]", "_", text)[:most]


def _fitting(rule: Rule, text: str) -> str:
    """The text with every other character replaced; hyphens single, a letter first where needed."""
    if "A-Z" not in rule.allowed:
        text = text.lower()
    text = re.sub(r"-{2,}", "-", re.sub(f"[^{rule.allowed}]+", "-", text)).strip("-_/")
    if rule.never and re.match(rule.never, f"{text}-", re.IGNORECASE):
        return f"x-{text}"
    return text if re.match(f"[{rule.first}]", text) or not text else f"x-{text}"
