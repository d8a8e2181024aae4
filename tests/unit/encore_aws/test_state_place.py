"""What `state` in the environment file can say, and what it cannot."""

from __future__ import annotations

from pathlib import Path

import pytest

from encore_aws.state_place import Place, parse
from encore_provisioner.errors import EnvironmentFileError

ROOT = Path("/apps/shop")
WHERE = "environments.production"

PLACES = {
    "nothing": (None, Place(kind="made")),
    "a bucket": ("s3://acme-state", Place(kind="s3", bucket="acme-state")),
    "a prefix": (
        " s3://acme-state/teams/shop/ ",
        Place(kind="s3", bucket="acme-state", prefix="teams/shop"),
    ),
    "a region": (
        "s3://acme-state?region=eu-west-1",
        Place(kind="s3", bucket="acme-state", region="eu-west-1"),
    ),
    "GovCloud": (
        "s3://acme.state/x?region=us-gov-west-1",
        Place(kind="s3", bucket="acme.state", prefix="x", region="us-gov-west-1"),
    ),
    "Google": ("gs://acme_state/a", Place(kind="gs", bucket="acme_state", prefix="a")),
    "Pulumi Cloud": ("pulumi", Place(kind="pulumi-cloud", url="https://api.pulumi.com")),
    "its address": (
        "https://api.pulumi.com/",
        Place(kind="pulumi-cloud", url="https://api.pulumi.com"),
    ),
    "one of your own": (
        "https://pulumi.acme.com:8080",
        Place(kind="pulumi-cloud", url="https://pulumi.acme.com:8080"),
    ),
    "a folder": ("/srv/state", Place(kind="folder", folder=Path("/srv/state"))),
    "a folder of the app": ("./state", Place(kind="folder", folder=ROOT / "state")),
    "a folder as an address": (
        "file:///srv/my%20state",
        Place(kind="folder", folder=Path("/srv/my state")),
    ),
    "home": ("~/state", Place(kind="folder", folder=Path.home() / "state")),
    "home as an address": ("file://~/state", Place(kind="folder", folder=Path.home() / "state")),
}


@pytest.mark.parametrize(("text", "place"), PLACES.values(), ids=PLACES.keys())
def test_what_can_be_said(text: str | None, place: Place) -> None:
    assert parse(text, root=ROOT, where=WHERE) == place


WRONG = {
    "a bare word": ("acme-state", "says no kind", "s3://acme-state or ./acme-state"),
    "a sentence": ("in the cloud", "says no kind", "s3://BUCKET"),
    "another cloud": ("azblob://acme", "`azblob://` is no place", "s3://BUCKET"),
    "without TLS": ("http://pulumi.acme.com", "`http://` is no place", "s3://BUCKET"),
    "no bucket": ("s3://", "`` is no name of a bucket of S3", "s3://BUCKET"),
    "a bucket in capitals": ("s3://Acme", "`Acme` is no name", "s3://BUCKET"),
    "an odd prefix": ("s3://acme/a b", "`a b` cannot stand", "letters"),
    "a prefix that climbs": ("s3://acme/a/../b", "cannot stand", "letters"),
    "an empty step": ("gs://acme/a//b", "cannot stand", "letters"),
    "a profile": ("s3://acme?profile=x", "`profile` cannot be said here", "AWS_PROFILE"),
    "an endpoint": ("s3://acme?endpoint=x:1", "`endpoint` cannot", "AWS_ENDPOINT_URL_S3"),
    "no region": ("s3://acme?region=north", "`north` is no region", "eu-north-1"),
    "something for Google": ("gs://acme?x=1", "nothing can be said", "gs://BUCKET"),
    "the page": ("https://app.pulumi.com/acme", "the page for people", "https://api.pulumi.com"),
    "a path": ("https://pulumi.acme.com/a/b", "only a host", "https://api.pulumi.com"),
    "no host": ("https://", "only a host", "https://api.pulumi.com"),
    "no folder": ("file://", "no folder is named", "./folder"),
    "nobody's home": ("file://~nobody-here/x", "no such user", "whole path"),
}


@pytest.mark.parametrize(("text", "told", "hint"), WRONG.values(), ids=WRONG.keys())
def test_what_cannot_be_said(text: str, told: str, hint: str) -> None:
    with pytest.raises(EnvironmentFileError) as caught:
        parse(text, root=ROOT, where=WHERE)
    assert caught.value.code == "bad-state"
    assert caught.value.message.startswith("environments.production.state: ")
    assert told in caught.value.message
    assert hint in (caught.value.hint or "")


@pytest.mark.parametrize("text", ["s3://AKIA:hunter2@acme", "https://me:hunter2@pulumi.acme.com"])
def test_a_password_in_an_address_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(EnvironmentFileError) as caught:
        parse(text, root=ROOT, where=WHERE)
    assert "hunter2" not in f"{caught.value.message} {caught.value.hint}"
    assert "no place for one" in caught.value.message


def test_a_folder_is_warned_about() -> None:
    (warning,) = parse("./state", root=ROOT, where=WHERE).warnings
    assert "create everything twice" in warning
    assert str(ROOT / "state") in warning
    assert parse(None, root=ROOT, where=WHERE).warnings == ()
