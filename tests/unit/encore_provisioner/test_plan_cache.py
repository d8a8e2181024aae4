"""What planning made before is found again, and never stands in the way."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from encore_provisioner import plan_cache
from encore_provisioner.plan_cache import MOST_FILES, cached, key_of, source_digest

KEY = "0" * 64


def once(value: bytes) -> Callable[[], bytes]:
    """Makes ``value``, but only the first time."""
    left = [value]
    return left.pop


def never() -> bytes:
    raise AssertionError("it was made before")


def entry(folder: Path, key: str = KEY) -> Path:
    return folder / "plans" / f"{key}.plan"


def test_what_was_made_is_not_made_again(tmp_path: Path) -> None:
    make = once(b"plan")
    assert cached(KEY, make, folder=tmp_path) == b"plan"
    assert cached(KEY, make, folder=tmp_path) == b"plan"
    assert cached("1" * 64, once(b"other"), folder=tmp_path) == b"other"
    assert cached(KEY, never, folder=tmp_path) == b"plan"


def test_only_the_user_may_read_it(tmp_path: Path) -> None:
    cached(KEY, once(b"plan"), folder=tmp_path)
    assert stat.S_IMODE(entry(tmp_path).stat().st_mode) == 0o600
    assert list(entry(tmp_path).parent.iterdir()) == [entry(tmp_path)]


@pytest.mark.parametrize(
    "damage",
    [
        lambda _: b"",
        lambda raw: raw[:-1],
        lambda raw: raw + b" ",
        lambda raw: raw[:20] + bytes([raw[20] ^ 1]) + raw[21:],
        lambda raw: b"ENCPLANS" + raw[8:],
    ],
    ids=["empty", "shorter", "longer", "flipped", "other word"],
)
def test_what_is_damaged_is_made_anew(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    cached(KEY, once(b"a plan of some length"), folder=tmp_path)
    entry(tmp_path).write_bytes(damage(entry(tmp_path).read_bytes()))
    assert cached(KEY, once(b"new"), folder=tmp_path) == b"new"
    assert cached(KEY, never, folder=tmp_path) == b"new"


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "plans").write_text("a file where the folder should be")
    assert cached(KEY, once(b"plan"), folder=tmp_path) == b"plan"
    assert cached(KEY, once(b"again"), folder=tmp_path) == b"again"


def test_an_entry_that_is_a_folder_is_no_error(tmp_path: Path) -> None:
    entry(tmp_path).mkdir(parents=True)
    assert cached(KEY, once(b"plan"), folder=tmp_path) == b"plan"
    assert list(entry(tmp_path).parent.iterdir()) == [entry(tmp_path)]


def test_an_error_is_raised_and_nothing_kept(tmp_path: Path) -> None:
    def fail() -> bytes:
        raise LookupError("no plan")

    with pytest.raises(LookupError, match="no plan"):
        cached(KEY, fail, folder=tmp_path)
    assert cached(KEY, once(b"plan"), folder=tmp_path) == b"plan"


def test_what_was_not_used_for_longest_goes(tmp_path: Path) -> None:
    keys = [f"{number:064}" for number in range(MOST_FILES)]
    for age, key in enumerate(reversed(keys)):
        cached(key, once(key.encode()), folder=tmp_path)
        os.utime(entry(tmp_path, key), (1_000_000 - age, 1_000_000 - age))
    assert cached(keys[0], never, folder=tmp_path) == keys[0].encode()  # used again
    cached(KEY[1:] + "x", once(b"one more"), folder=tmp_path)
    left = {path.stem for path in (tmp_path / "plans").iterdir()}
    assert len(left) == MOST_FILES
    assert keys[0] in left
    assert keys[1] not in left


def test_what_is_too_large_is_not_kept(tmp_path: Path) -> None:
    large = bytes(plan_cache.MOST_BYTES)
    assert cached(KEY, once(large), folder=tmp_path) == large
    assert not entry(tmp_path).exists()


def test_the_whole_stays_within_its_bound(tmp_path: Path) -> None:
    for number in range(4):
        cached(f"{number:064}", once(bytes(plan_cache.MOST_BYTES // 3)), folder=tmp_path)
    sizes = [path.stat().st_size for path in (tmp_path / "plans").iterdir()]
    assert 0 < sum(sizes) <= plan_cache.MOST_BYTES


def test_the_variable_switches_it_off_and_moves_it(tmp_path: Path) -> None:
    script = (
        "from encore_provisioner.plan_cache import cached\n"
        "print([cached('k', lambda: n) for n in (b'1', b'2')])"
    )
    told = {}
    for value in ("off", str(tmp_path)):
        environ = {**os.environ, "ENCORE_INFRA_CACHE": value}
        command = [sys.executable, "-c", script]
        done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
        told[value] = done.stdout.strip()
    assert told == {"off": "[b'1', b'2']", str(tmp_path): "[b'1', b'1']"}


def key(*parts: bytes | str, libraries: tuple[str, ...] = ("msgspec",)) -> str:
    return key_of(*parts, packages=("encore_config",), libraries=libraries)


def test_every_part_counts_and_so_do_their_borders() -> None:
    found = [
        key("a", "bc"),
        key("ab", "c"),
        key("abc"),
        key("abc", ""),
        key("a", "bc", libraries=()),
        key("a", "bc", libraries=("msgspec", "no-such-library")),
        key_of("a", "bc", packages=(), libraries=("msgspec",)),
    ]
    assert len({*found}) == len(found)
    assert key("a", b"bc") == found[0]


def test_the_source_of_a_package_counts(tmp_path: Path) -> None:
    script = (
        "import sys; from encore_provisioner.plan_cache import source_digest\n"
        "print(source_digest('sample').hex(), 'sample' in sys.modules)"
    )
    package = tmp_path / "sample"
    package.mkdir()
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])}

    def digest() -> str:
        command = [sys.executable, "-c", script]
        done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
        return done.stdout

    (package / "__init__.py").write_text("raise SystemExit('imported')")
    first = digest()
    assert first.endswith(" False\n")
    assert digest() == first
    (package / "more.py").write_text("")
    second = digest()
    (package / "more.py").write_text("1")
    assert len({first, second, digest()}) == 3


def test_a_package_that_is_not_there_has_a_digest_too() -> None:
    assert source_digest("no_such_package") != source_digest("another_one")


def test_a_key_is_made_without_pulumi() -> None:
    script = (
        "import sys; from encore_provisioner.plan_cache import key_of\n"
        "key_of('x', packages=('encore_aws',), libraries=('pulumi', 'pulumi-aws'))\n"
        "print('pulumi' in sys.modules)"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
