"""Names that AWS accepts, and that never meet."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encore_aws.naming import (
    HASH_LENGTH,
    KEPT,
    RULES,
    MissingIdError,
    Names,
    described,
    kept_name,
)

NAMES = Names(app="shop", environment="production", id="k3f9")
SHAPES = {
    # From the API references: what the service itself checks, written anew and not from RULES.
    "topic": r"[A-Za-z0-9_-]{1,256}",
    "fifo-topic": r"(?=.{1,256}$)[A-Za-z0-9_-]+\.fifo",
    "queue": r"[A-Za-z0-9_-]{1,80}",
    "fifo-queue": r"(?=.{1,80}$)[A-Za-z0-9_-]+\.fifo",
    "dead-letter-queue": r"[A-Za-z0-9_-]{1,80}",
    "fifo-dead-letter-queue": r"(?=.{1,80}$)[A-Za-z0-9_-]+\.fifo",
    "bucket": r"(?!xn--|sthree-|amzn-s3-demo-)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]",
    "state-bucket": r"(?!xn--|sthree-)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]",
    "state-prefix": r"[a-z0-9-]{1,200}",
    "origin-access": r"[A-Za-z0-9_.-]{1,64}",
    "db-instance": r"(?=.{1,63}$)[a-z](-?[a-z0-9])*",
    "db-subnet-group": r"(?=.{1,255}$)[a-z0-9](-?[a-z0-9])*",
    "db-parameter-group": r"(?=.{1,255}$)[a-z](-?[a-z0-9])*",
    "db-final-snapshot": r"(?=.{1,246}$)[a-z](-?[a-z0-9])*",
    "cache": r"(?=.{1,40}$)[a-z](-?[a-z0-9])*",
    "cache-subnet-group": r"(?=.{1,255}$)[a-z0-9](-?[a-z0-9])*",
    "cache-parameter-group": r"(?=.{1,255}$)[a-z](-?[a-z0-9])*",
    "cache-user": r"(?=.{1,40}$)[a-z](-?[a-z0-9])*",
    "cache-user-group": r"(?=.{1,40}$)[a-z](-?[a-z0-9])*",
    "cache-final-snapshot": r"(?=.{1,246}$)[a-z](-?[a-z0-9])*",
    "network": r".{1,220}",
    "security-group": r"(?!sg-)[A-Za-z0-9 ._:/()#,@\[\]+=&;{}!$*-]{1,255}",
    "role": r"[\w+=,.@-]{1,64}",
    "policy": r"[\w+=,.@-]{1,128}",
    "instance-profile": r"[\w+=,.@-]{1,128}",
    "task-definition": r"[A-Za-z0-9_-]{1,255}",
    # Not the end of its ARN, which is a hyphen and six characters.
    "secret": r"(?!.*-[A-Za-z0-9]{6}$)[A-Za-z0-9/_+=.@-]{1,512}",
    "key-alias": r"[a-zA-Z0-9/_-]{1,250}",
    "log-group": r"[A-Za-z0-9._/#-]{1,512}",
    "function": r"[a-zA-Z0-9_-]{1,64}",
}
anything = st.text(min_size=0, max_size=300)


def test_every_kind_has_a_shape() -> None:
    assert set(SHAPES) == set(RULES)


@pytest.mark.parametrize("kind", RULES)
@given(app=anything, environment=anything, name=anything)
def test_aws_accepts_every_name(kind: str, app: str, environment: str, name: str) -> None:
    found = Names(app=app, environment=environment, id="k3f9").name(kind, name)
    shape = SHAPES[kind]
    assert re.fullmatch(shape, found, re.ASCII), found


@pytest.mark.parametrize("kind", RULES)
@pytest.mark.parametrize(
    "app", ["sg", "SG-1", "sthree", "Sthree", "amzn-s3-demo", "xn", "aws", "default", "9", "-", ""]
)
@pytest.mark.parametrize("environment", ["", "a", "-1"])
def test_beginnings_that_aws_keeps_for_itself_are_moved(
    kind: str, app: str, environment: str
) -> None:
    """No text that is made at random begins like these."""
    found = Names(app=app, environment=environment, id="k3f9").name(kind, "")
    assert re.fullmatch(SHAPES[kind], found, re.ASCII), found


@given(text=anything)
def test_a_description_is_plain_and_no_longer_than_it_may_be(text: str) -> None:
    assert re.fullmatch(r"[ -~]{0,128}", described(text, 128))


def test_a_description_keeps_what_it_can() -> None:
    assert described("Größe live: it's a/b\n") == "Gr__e live: it's a/b_"


@pytest.mark.parametrize("kind", RULES)
def test_names_are_as_long_as_they_may_be_and_no_longer(kind: str) -> None:
    found = NAMES.name(kind, "n" * 1_000)
    assert len(found) == RULES[kind].longest
    assert NAMES.name(kind, "n" * 1_001) != found


@given(one=st.tuples(anything, anything, anything), other=st.tuples(anything, anything, anything))
def test_two_declarations_never_share_a_name(
    one: tuple[str, str, str], other: tuple[str, str, str]
) -> None:
    left, right = (
        Names(app=app, environment=environment).name("queue", name)
        for app, environment, name in (one, other)
    )
    assert (left == right) == (one == other)


def test_borders_count() -> None:
    """What reads the same when it is joined is another name."""
    shop = Names(app="shop", environment="eu-prod").name("topic", "orders")
    other = Names(app="shop-eu", environment="prod").name("topic", "orders")
    assert shop.rpartition("-")[0] == other.rpartition("-")[0]
    assert shop != other
    assert NAMES.name("queue", "a", "b-c") != NAMES.name("queue", "a-b", "c")


def test_what_people_see() -> None:
    assert NAMES.name("topic", "order-placed") == "shop-production-order-placed-527341"
    assert NAMES.name("fifo-queue", "Carts", "ship").startswith("shop-production-Carts-ship-")
    assert NAMES.name("bucket", "Invoices").startswith("shop-production-invoices-k3f9-")


def test_a_name_for_the_whole_world_needs_an_id() -> None:
    without = Names(app="shop", environment="production")
    with pytest.raises(MissingIdError, match="bucket needs the environment's id"):
        without.name("bucket", "invoices")


def test_nothing_has_a_name_by_default() -> None:
    with pytest.raises(ValueError, match="no naming rule for 'lambda'"):
        NAMES.name("lambda", "x")


@pytest.mark.parametrize("bad", ["", "K3F9", "a-b1", "abc", "abcdefghi"])
def test_an_id_is_short_and_plain(bad: str) -> None:
    with pytest.raises(ValueError, match="no id of an environment"):
        Names(app="shop", environment="production", id=bad)


@pytest.mark.parametrize("kind", KEPT)
@pytest.mark.parametrize("name", ["orders", "Orders", "a.b_c-d", "7", "n" * 63, "shop-1234567"])
def test_inside_a_server_a_name_is_kept_where_it_can_be(kind: str, name: str) -> None:
    assert kept_name(kind, name) == name


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        *(("database", name) for name in ("postgres", "Template1", "rdsadmin", "RDSADMIN")),
        *(("database-role", name) for name in ("public", "pg_read", "rds_iam", "encore_services")),
        *(("database-role", name) for name in ("encore_admin", "postgres", "rdsadmin", "none")),
        *((kind, name) for kind in KEPT for name in ("", "ü", "a b", 'a"b', "n" * 64, "a\n")),
        *((kind, "orders-0a1b2c") for kind in KEPT),
    ],
)
def test_inside_a_server_what_cannot_be_kept_gets_a_hash(kind: str, name: str) -> None:
    found = kept_name(kind, name)
    assert found != name
    assert re.fullmatch(rf"[A-Za-z0-9_.-]{{1,56}}-[0-9a-f]{{{HASH_LENGTH}}}", found)
    assert not re.fullmatch(KEPT[kind].taken, found, re.IGNORECASE)


@pytest.mark.parametrize("kind", KEPT)
@given(names=st.lists(anything, min_size=2, max_size=2, unique=True))
def test_inside_a_server_no_two_names_meet(kind: str, names: list[str]) -> None:
    assert kept_name(kind, names[0]) != kept_name(kind, names[1])


def test_inside_a_server_too_nothing_has_a_name_by_default() -> None:
    with pytest.raises(ValueError, match="no naming rule"):
        kept_name("schema", "orders")
