"""Pure rules: endpoint paths, cron expressions, queries, near names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encore_provisioner.analysis.declarations import url
from encore_provisioner.analysis.declarations.cron import cron_problem, is_rare
from encore_provisioner.analysis.findings import did_you_mean, near


@pytest.mark.parametrize("path", ["/", "/a", "/a/:b", "/a/:b/*rest", "/!any", "/a.b-c_d/~x"])
def test_good_paths(path: str) -> None:
    assert url.problem(path) is None


@pytest.mark.parametrize(
    "path",
    ["", "a", "//", "/a/", "/a//b", "/:", "/*", "/!", "/*a/b", "/!a/b", "/a?b", "/a#b", "x://y/z"],
)
def test_bad_paths(path: str) -> None:
    assert url.problem(path) is not None


def test_static_paths_end_with_their_parameter() -> None:
    assert url.problem("/a/:b", "static") is None
    assert url.problem("/:a/b", "static") is not None
    assert url.problem("/:a/b") is None


def test_a_fallback_needs_a_name_where_the_handler_takes_it() -> None:
    assert url.problem("/!", "raw") is None
    assert url.problem("/!") is not None


@pytest.mark.parametrize("path", ["/a/:b:c", "/a/**", "/a*b", "/x:y:z"])
def test_a_segment_holds_one_parameter(path: str) -> None:
    assert url.problem(path, "raw") is not None


def test_shapes_of_paths() -> None:
    assert url.shape("/a/:x") == url.shape("/a/:y")
    assert url.shape("/a/:x") != url.shape("/a/b")
    assert url.shape("/a/:x") != url.shape("/a/*x")
    assert url.parameters("/a/:b/c/*d") == ("b", "d")


@pytest.mark.parametrize(
    "text",
    [
        "* * * * *",
        "*/5 0-6 1,15 1-12 0",
        "0 0 * * SUN,mon-Fri",
        "  0\t4 29  2 * ",
        "59 23 31 1-12 6",
        "*/59 */23 */31 */12 */6",
        "1,,2 * * * *",
        ",1 * * * *",
        "+1 * * * *",
        "SUN * * * *",
        "* * 0-7 * *",
        "00001 * * * *",
    ],
)
def test_good_cron_expressions(text: str) -> None:
    assert cron_problem(text) is None


@pytest.mark.parametrize(
    ("text", "rare"),
    [
        ("0 0 1 1 SUN", True),
        ("0 0 29 2 1", True),
        ("0 0 31 * 0", False),
        ("0 0 29 2 *", False),
        ("0 0 1-7 1 MON", False),
        ("* * * * *", False),
    ],
)
def test_days_that_may_not_come_for_four_years(text: str, rare: bool) -> None:
    assert is_rare(text) is rare


@pytest.mark.parametrize(
    "text",
    [
        "",
        "* * * *",
        "* * * * * *",
        "60 * * * *",
        "* 24 * * *",
        "* * 0 * *",
        "* * * 13 *",
        "* * * * 7",
        "*/0 * * * *",
        "* * * * */SAT",
        "5-1 * * * *",
        "1-5/2 * * * *",
        "1/2 * * * *",
        "* * * JAN *",
        "? * * * *",
        "* * L * *",
        "@daily",
        ", * * * *",
        "-1 * * * *",
        "++1 * * * *",
        "+SUN * * * *",
        "1-2-3 * * * *",
        "٣ * * * *",
        "0 0 30 2 *",
        "0 0 31 4,6 *",
    ],
)
def test_bad_cron_expressions(text: str) -> None:
    assert cron_problem(text) is not None


@given(st.text(alphabet="*/-,0123456789 SUNmonL?@", max_size=30))
def test_any_text_is_judged_as_a_cron_expression(text: str) -> None:
    problem = cron_problem(text)
    assert problem is None or problem


def test_near_names_are_suggested() -> None:
    assert near("publc", ("public", "versioned")) == "public"
    assert near("get", ("GET", "POST")) == "GET"
    assert near("xyz", ("public", "versioned")) is None
    assert did_you_mean("xyz", ("public",), "otherwise") == "otherwise"
