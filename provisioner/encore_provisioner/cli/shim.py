"""The script ``encore``: ``encore infra …`` is ours, all else belongs to the real Encore CLI.

The real one is the next ``encore`` on PATH that is not this script and no other copy of it. It
replaces this process, so that signals, terminal and exit code are its own.
"""

from __future__ import annotations

import os
import sys

NOT_FOUND = 127
CANNOT_RUN = 126
SEEN = "ENCORE_INFRA_SHIMS"
"""The copies of this script that have already passed a command on, so that two never loop."""

_ABSENT = """\
encore: this is the `encore` of encore-infra, which knows only `encore infra`; the Encore CLI
that knows `{command}` is not on PATH.
Install it (https://encore.dev/docs/ts/install) and make sure that its folder is on PATH.
"""


def main() -> int:
    words = sys.argv[1:]
    if words and words[0] == "infra":
        from encore_provisioner.cli.main import main as ours

        return ours(words[1:], "encore infra")
    return hand_over(words, sys.argv[0])


def hand_over(words: list[str], own: str) -> int:
    """Become the real CLI; an exit code only where that is impossible."""
    seen = [*filter(None, os.environ.get(SEEN, "").split(os.pathsep)), os.path.realpath(own)]
    real = next_on_path("encore", os.environ.get("PATH", os.defpath), seen)
    if real is None:
        sys.stderr.write(_ABSENT.format(command=" ".join(words[:1]) or "encore"))
        return NOT_FOUND
    os.environ[SEEN] = os.pathsep.join(dict.fromkeys(seen))
    try:
        os.execv(real, [real, *words])
    except OSError as error:
        sys.stderr.write(f"encore: {real} cannot be run: {error.strerror}\n")
        return CANNOT_RUN


def next_on_path(name: str, path: str, seen: list[str]) -> str | None:
    """The first executable ``name`` in the folders of ``path`` that is none of ``seen``."""
    for folder in path.split(os.pathsep):
        candidate = os.path.join(folder or os.curdir, name)  # noqa: PTH118 (pathlib is slow to load)
        if not os.path.isfile(candidate) or not os.access(candidate, os.X_OK):  # noqa: PTH113
            continue
        if os.path.realpath(candidate) not in seen:
            return candidate
    return None


if __name__ == "__main__":
    sys.exit(main())
