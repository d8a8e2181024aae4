"""The secret store: private, whole, and silent about its content."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encore_local.secrets import LocalSecrets, SecretsDocument, UserSecret, refuse_value
from encore_provisioner.errors import InfraError, RefusedError
from encore_provisioner.provider import SecretInfo


def store(folder: Path, declared: dict[str, tuple[str, ...]] | None = None) -> LocalSecrets:
    times: Iterator[str] = iter(f"2030-01-0{day}T00:00:00Z" for day in range(1, 10))
    return LocalSecrets(folder / "secrets.json", declared=declared or {}, now=lambda: next(times))


def test_set_list_remove(tmp_path: Path) -> None:
    secrets = store(tmp_path, {"Key": ("orders", "shop"), "Other": ()})
    assert secrets.missing() == ("Key", "Other")
    secrets.set("Key", "v1")
    secrets.set("Undeclared", "v2")
    assert secrets.list() == (
        SecretInfo(name="Key", set_at="2030-01-01T00:00:00Z", services=("orders", "shop")),
        SecretInfo(name="Other", set_at=None, services=()),
        SecretInfo(name="Undeclared", set_at="2030-01-02T00:00:00Z", services=()),
    )
    assert secrets.missing() == ("Other",)
    assert secrets.values() == {"Key": "v1"}
    assert secrets.remove("Key") is True
    assert secrets.remove("Key") is False
    assert secrets.values() == {}


def test_generated_passwords_are_made_once_and_forgotten_on_request(tmp_path: Path) -> None:
    secrets = store(tmp_path)
    assert secrets.generated("postgres") is None
    made = secrets.ensure(["postgres", "cache/main", "postgres"])
    assert set(made) == {"postgres", "cache/main"}
    assert len(set(made.values())) == 2
    assert all(len(value) == 43 for value in made.values())
    secrets.set("Key", "v")
    assert secrets.ensure(["postgres", "s3"])["postgres"] == made["postgres"]
    assert store(tmp_path).generated("postgres") == made["postgres"]
    secrets.forget(["postgres", "never-there"])
    assert secrets.generated("postgres") is None
    assert secrets.generated("cache/main") == made["cache/main"]


def test_the_file_is_private_from_its_first_byte(tmp_path: Path) -> None:
    store(tmp_path).set("Key", "v")
    assert [p.name for p in tmp_path.iterdir()] == ["secrets.json"]
    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o660, 0o601, 0o777])
def test_a_file_that_others_could_read_is_repaired_with_a_note(tmp_path: Path, mode: int) -> None:
    secrets = store(tmp_path)
    secrets.set("Key", "hidden")
    path = tmp_path / "secrets.json"
    path.chmod(mode)
    notes = secrets.repair_mode()
    assert len(notes) == 1
    assert f"{mode:04o}" in notes[0]
    assert "hidden" not in notes[0]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert secrets.repair_mode() == ()


def test_no_file_needs_no_repair(tmp_path: Path) -> None:
    assert store(tmp_path).repair_mode() == ()


BROKEN = {
    "empty": b"",
    "half": b'{"schema":1,"user":{"Key":{"value":"hidden","se',
    "bytes": b"\xff\x00hidden",
    "other version": b'{"schema":7,"user":{}}',
    "odd value": b'{"schema":1,"generated":{"hidden":3}}',
    "odd user": b'{"schema":1,"user":{"Key":"hidden"}}',
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN.keys())
def test_garbage_is_named_kept_and_not_quoted(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "secrets.json"
    path.write_bytes(content)
    secrets = store(tmp_path, {"Key": ()})
    calls = (
        secrets.list,
        secrets.missing,
        secrets.values,
        lambda: secrets.set("Key", "new"),
        lambda: secrets.remove("Key"),
        lambda: secrets.ensure(["postgres"]),
        lambda: secrets.forget(["postgres"]),
    )
    for call in calls:
        with pytest.raises(InfraError) as caught:
            call()
        assert caught.value.code == "secrets-unreadable"
        assert str(path) in caught.value.message
        assert "passwords of its databases" in caught.value.message
        assert "hidden" not in f"{caught.value.message} {caught.value.hint}"
        assert caught.value.__suppress_context__
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("envref:HOME", "envref:"),
        ("a\0b", "NUL"),
        ("\ud800", "UTF-8"),
    ],
)
def test_values_that_the_app_would_not_get_are_refused(
    tmp_path: Path, value: str, reason: str
) -> None:
    secrets = store(tmp_path)
    with pytest.raises(RefusedError) as caught:
        secrets.set("Key", value)
    assert caught.value.code == "secret-refused"
    assert reason in caught.value.message
    assert "HOME" not in caught.value.message
    assert not (tmp_path / "secrets.json").exists()


@given(st.text(st.characters(blacklist_characters="\0", blacklist_categories=["Cs"])))
def test_every_other_value_is_kept_as_it_is(value: str) -> None:
    if value.startswith("envref:"):
        return
    refuse_value("Key", value)


@pytest.mark.parametrize("value", ["", " lead", "line\nbreak\r\n", "'\"$(x)`", "ünï✓", "envref"])
def test_odd_values_come_back_unchanged(tmp_path: Path, value: str) -> None:
    store(tmp_path).set("Key", value)
    assert store(tmp_path, {"Key": ()}).values() == {"Key": value}


def test_no_repr_shows_a_value() -> None:
    secret = UserSecret(value="hidden", set_at="now")
    document = SecretsDocument(user={"Key": secret}, generated={"postgres": "hidden"})
    assert "hidden" not in repr(secret) + repr(document)
