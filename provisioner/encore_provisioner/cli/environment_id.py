"""The ``id`` of an environment in a cloud: made once, by ``env new`` or by the first apply.

In: the environment file. Out: the file with an id, where one was missing. It is part of names that
must be unique in the world, so that two people who call their apps the same do not meet.
"""

from __future__ import annotations

import secrets
from typing import Final

from encore_provisioner.cli.environment_edit import give_id
from encore_provisioner.cli.files import PUBLIC, write_if_changed
from encore_provisioner.cli.project import open_file, open_root
from encore_provisioner.cli.session import Session
from encore_provisioner.environments import DEFAULT, FILE_NAME, match_entry, resolve
from encore_provisioner.providers import load_provider

_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz0123456789"
_LENGTH: Final = 6


def random_id() -> str:
    """It begins with a letter, so that YAML never takes it for a number."""
    first = secrets.choice(_LETTERS[:26])
    return first + "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH - 1))


def ensure_id(session: Session, folder: str | None, name: str | None) -> None:
    """Write an id for an environment in a cloud that has none, and say so.

    An environment of a pattern shares that of its pattern. Raises ``EnvironmentFileError``
    (``edit-by-hand``) where the file cannot be changed without touching more.
    """
    file = open_file(session, folder)
    environment = resolve(file, name or DEFAULT)
    key = match_entry(file.environments, environment.name)
    if environment.settings.id is not None or key is None:
        return
    if not load_provider(environment.provider).needs_id:
        return
    path = open_root(session, folder) / FILE_NAME
    made = random_id()
    text = give_id(path.read_bytes().decode(), key, made)
    write_if_changed(path, text.encode(), path.stat().st_mode & 0o777 or PUBLIC)
    session.terminal.say(
        f"{FILE_NAME}: `{key}` has the id {made} now; names that must be unique in the world hold "
        "it. Keep it: with another one everything would be made anew."
    )
