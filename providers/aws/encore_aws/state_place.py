"""Where the state of an environment is kept, as ``state`` in the environment file says it.

In: that text. Out: a :class:`Place`. It asks nobody: whether the bucket is there is for
``state_store`` to say.

The forms are Pulumi's own, without the parameters that Pulumi lets stand behind a ``?``: which
profile and which endpoint are said by AWS's own variables, to Pulumi and to us alike. Keys and
passwords in an address are refused, and the address is then not repeated.
"""

from __future__ import annotations

import re
import urllib.parse
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from encore_provisioner.errors import EnvironmentFileError

Kind = Literal["made", "s3", "gs", "pulumi-cloud", "folder"]
"""``made``: a bucket of ours in the account, made on first use."""

PULUMI_CLOUD: Final = "https://api.pulumi.com"

_S3_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_GS_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")
_PREFIX: Final = re.compile(r"[A-Za-z0-9._=+@/-]*")
_REGION: Final = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
_FORMS: Final = (
    "s3://BUCKET/PREFIX, gs://BUCKET/PREFIX, https://api.pulumi.com, a folder such as ./state, or "
    "nothing for a bucket in the account"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """``bucket``, ``prefix`` and ``region`` are those of buckets, ``prefix`` without slashes at its
    ends; ``url`` is Pulumi Cloud's; ``folder`` is absolute.
    """

    kind: Kind
    bucket: str = ""
    prefix: str = ""
    region: str | None = None
    url: str = ""
    folder: Path | None = None

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a person should know before relying on it."""
        if self.kind != "folder":
            return ()
        return (
            f"state is kept in {self.folder}, on this machine alone: another machine knows nothing "
            "of what is there and would create everything twice, and if the folder is lost nothing "
            "can be changed or destroyed any more; without `state` a bucket in the account has it",
        )


def parse(text: str | None, *, root: Path, where: str) -> Place:
    """``root``: what folders are relative to. ``where``: the environment's place in the file.

    Raises ``EnvironmentFileError`` (``bad-state``).
    """
    if text is None:
        return Place(kind="made")
    scheme, mark, rest = text.strip().partition("://")
    if mark:
        _refuse_passwords(rest, where)
        match scheme:
            case "s3":
                return _s3(rest, where)
            case "gs":
                return _gs(rest, where)
            case "https":
                return _cloud(rest, where)
            case "file":
                return _folder(_unquoted(rest), root, where)
            case _:
                raise _bad(where, f"`{scheme}://` is no place for state", _FORMS)
    if scheme == "pulumi":
        return Place(kind="pulumi-cloud", url=PULUMI_CLOUD)
    if scheme.startswith(("/", "./", "../", "~/")) or scheme in (".", "..", "~"):
        return _folder(scheme, root, where)
    close = f"s3://{scheme} or ./{scheme}" if _S3_BUCKET.fullmatch(scheme) else _FORMS
    raise _bad(where, f"`{text}` says no kind of place", close)


def _bad(where: str, message: str, hint: str) -> EnvironmentFileError:
    return EnvironmentFileError(f"{where}.state: {message}", code="bad-state", hint=hint)


def _refuse_passwords(rest: str, where: str) -> None:
    if "@" in rest.partition("/")[0]:
        raise _bad(
            where,
            "the address holds a user's name or a password, and this file is no place for one",
            "credentials are found where AWS's, Google's and Pulumi's own tools find them",
        )


def _s3(rest: str, where: str) -> Place:
    path, _, query = rest.partition("?")
    bucket, prefix = _bucket(path, _S3_BUCKET, "S3", where)
    region = None
    for key, value in urllib.parse.parse_qsl(query, keep_blank_values=True):
        if key != "region":
            raise _bad(
                where,
                f"`{key}` cannot be said here",
                "of Pulumi's parameters only `region`; a profile and an endpoint are said by "
                "AWS_PROFILE and AWS_ENDPOINT_URL_S3, which everything here follows",
            )
        if not _REGION.fullmatch(value):
            raise _bad(where, f"`{value}` is no region", "such as ?region=eu-north-1")
        region = value
    return Place(kind="s3", bucket=bucket, prefix=prefix, region=region)


def _gs(rest: str, where: str) -> Place:
    path, mark, _ = rest.partition("?")
    if mark:
        raise _bad(where, "nothing can be said behind `?`", "gs://BUCKET/PREFIX")
    bucket, prefix = _bucket(path, _GS_BUCKET, "Google Cloud Storage", where)
    return Place(kind="gs", bucket=bucket, prefix=prefix)


def _bucket(path: str, shape: re.Pattern[str], service: str, where: str) -> tuple[str, str]:
    bucket, _, prefix = path.partition("/")
    if not shape.fullmatch(bucket):
        raise _bad(where, f"`{bucket}` is no name of a bucket of {service}", _FORMS)
    kept = prefix.strip("/")
    if not _PREFIX.fullmatch(kept) or any(part in ("", ".", "..") for part in kept.split("/")[1:]):
        raise _bad(
            where,
            f"`{prefix}` cannot stand before the names of objects",
            "letters, digits, and -._=+@ between single slashes",
        )
    return bucket, kept


def _cloud(rest: str, where: str) -> Place:
    host = rest.rstrip("/")
    if host.startswith("app.pulumi.com"):
        raise _bad(where, "that is the page for people", f"write {PULUMI_CLOUD}, or `pulumi`")
    if not host or "/" in host or "?" in host:
        raise _bad(
            where,
            "only a host can be named",
            f"{PULUMI_CLOUD}, or the host of your own installation of Pulumi Cloud",
        )
    return Place(kind="pulumi-cloud", url=f"https://{host}")


def _folder(text: str, root: Path, where: str) -> Place:
    if not text:
        raise _bad(where, "no folder is named", "file:///path/to/folder, or ./folder")
    try:
        folder = Path(text).expanduser()
    except RuntimeError:
        raise _bad(where, f"`{text}`: there is no such user", "write the whole path") from None
    # Not resolved: what a symlink leads to is for whoever made it.
    return Place(kind="folder", folder=folder if folder.is_absolute() else root / folder)


def _unquoted(rest: str) -> str:
    return urllib.parse.unquote(rest.partition("?")[0])
