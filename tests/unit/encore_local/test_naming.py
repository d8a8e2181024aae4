"""Physical names: kept where they fit, never shared, never longer than a service takes."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encore_local.naming import RULES, physical_name

SHAPES = {
    "database": r"[A-Za-z0-9_.-]{1,63}",
    "role": r"[A-Za-z0-9_.-]{1,63}",
    "topic": r"[A-Za-z0-9_-]{1,256}",
    "queue": r"[A-Za-z0-9_-]{1,80}",
    "dead-letter-queue": r"[A-Za-z0-9_-]{1,80}",
    "bucket": r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]",
}
PARTS = {"queue": 2, "dead-letter-queue": 2}

NEARLY = st.text(alphabet="aAbB-._0é", max_size=12)
NAMES = st.one_of(
    NEARLY,
    st.text(max_size=300),
    st.text(alphabet="ab", min_size=50, max_size=300),
    st.sampled_from(["orders", "Orders", "orders--dlq", "a--b", "-a", "a-", "postgres", "x.fifo"]),
)


@pytest.mark.parametrize(
    ("kind", "parts", "expected"),
    [
        ("database", ["orders"], "orders"),
        ("database", ["siteDB"], "siteDB"),
        ("database", ["encore_prisma_test"], "encore_prisma_test"),
        ("database", ["shop.orders"], "shop.orders"),
        ("topic", ["order-placed"], "order-placed"),
        ("queue", ["order-placed", "send-mail"], "order-placed--send-mail"),
        ("dead-letter-queue", ["order-placed", "send-mail"], "order-placed--send-mail--dlq"),
        ("bucket", ["uploads"], "uploads"),
        ("bucket", ["a" * 63], "a" * 63),
    ],
)
def test_a_name_that_fits_is_kept(kind: str, parts: list[str], expected: str) -> None:
    assert physical_name(kind, *parts) == expected


@pytest.mark.parametrize(
    ("kind", "parts", "beginning"),
    [
        ("database", ["postgres"], "postgres-"),
        ("database", ["a" * 64], "a" * 52 + "-"),
        ("database", ["naïve"], "na-ve-"),
        ("role", ["pg_read_all_data"], ""),
        ("role", ["encore_services"], "encore_services-"),
        ("role", ["encore_admin"], ""),
        ("role", ["encore-migrator"], ""),
        ("topic", ["site.added"], "site-added-"),
        ("topic", ["encore-doctor-1"], ""),
        ("topic", [""], ""),
        ("queue", ["a", "b--c"], "a--b--c-"),
        ("queue", ["a--b", "c"], "a--b--c-"),
        ("queue", ["a", "dlq"], "a--dlq-"),
        ("bucket", ["Uploads"], "uploads-"),
        ("bucket", ["my.bucket"], "my-bucket-"),
        ("bucket", ["my_bucket"], "my-bucket-"),
        ("bucket", ["ab"], "ab-"),
        ("bucket", ["xn--a"], ""),
        ("bucket", ["-a-"], "a-"),
        ("database", ["orders-0123456789"], "orders-0123456789-"),
    ],
)
def test_a_loss_adds_a_hash(kind: str, parts: list[str], beginning: str) -> None:
    name = physical_name(kind, *parts)
    assert re.fullmatch(re.escape(beginning) + "[0-9a-f]{10}", name), name


def test_fifo_counts_in_the_length() -> None:
    assert physical_name("topic", "events", fifo=True) == "events.fifo"
    assert len(physical_name("topic", "t" * 300, fifo=True)) == 256
    assert physical_name("dead-letter-queue", "t", "s", fifo=True) == "t--s--dlq.fifo"
    assert len(physical_name("dead-letter-queue", "t" * 90, "s", fifo=True)) == 80


@pytest.mark.parametrize("kind", ["", "cron", "server"])
def test_a_kind_without_a_rule_is_refused(kind: str) -> None:
    with pytest.raises(ValueError, match="no naming rule"):
        physical_name(kind, "orders")


@pytest.mark.parametrize("kind", ["database", "bucket"])
def test_fifo_is_refused_where_there_is_none(kind: str) -> None:
    with pytest.raises(ValueError, match=r"\.fifo"):
        physical_name(kind, "orders", fifo=True)


def test_every_rule_is_tested_here() -> None:
    assert RULES.keys() == SHAPES.keys()


@given(kind=st.sampled_from(sorted(SHAPES)), first=NAMES, second=NAMES, fifo=st.booleans())
def test_names_fit_whatever_is_declared(kind: str, first: str, second: str, fifo: bool) -> None:
    fifo = fifo and RULES[kind].fifo
    name = physical_name(kind, *(first, second)[: PARTS.get(kind, 1)], fifo=fifo)
    plain = name.removesuffix(".fifo") if fifo else name
    assert re.fullmatch(SHAPES[kind], plain), name
    longest = {"topic": 256, "queue": 80, "dead-letter-queue": 80}.get(kind, 63)
    assert len(name.encode()) <= longest


@given(
    kind=st.sampled_from(sorted(SHAPES)),
    one=st.tuples(NAMES, NAMES),
    other=st.tuples(NAMES, NAMES),
)
def test_different_declarations_never_share_a_name(
    kind: str, one: tuple[str, str], other: tuple[str, str]
) -> None:
    count = PARTS.get(kind, 1)
    first, second = one[:count], other[:count]
    same = physical_name(kind, *first) == physical_name(kind, *second)
    assert same == (first == second)


@given(one=st.tuples(NAMES, NAMES), other=st.tuples(NAMES, NAMES))
def test_no_queue_is_another_ones_dead_letter_queue(
    one: tuple[str, str], other: tuple[str, str]
) -> None:
    assert physical_name("queue", *one) != physical_name("dead-letter-queue", *other)


@given(kind=st.sampled_from(["database", "role"]), name=NAMES)
def test_no_name_is_one_that_a_server_keeps_for_itself(kind: str, name: str) -> None:
    made = physical_name(kind, name).lower()
    kept = {"postgres", "template0", "template1", "public", "none", "encore_services"}
    assert made not in kept
    assert not made.startswith(("pg_", "encore_admin", "encore-migrator"))
