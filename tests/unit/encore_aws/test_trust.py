"""Roots are fetched once, and what AWS says of them is asked each time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from tests.support.tls_front import make_root

from encore_aws.account import Account
from encore_aws.trust import BUNDLE, fetch_bundle, of_instance, roots
from encore_provisioner.errors import ApplyError

NAME = "rds-ca-rsa2048-g1"


@dataclass
class Rds:
    """What AWS says of a certificate, and of a server."""

    thumbprint: str

    def describe_certificates(self, CertificateIdentifier: str) -> dict[str, Any]:  # noqa: N803
        if CertificateIdentifier != NAME:
            return {"Certificates": []}
        return {"Certificates": [{"Thumbprint": self.thumbprint}]}

    def describe_db_instances(self, DBInstanceIdentifier: str) -> dict[str, Any]:  # noqa: N803
        return {"DBInstances": [{"CACertificateIdentifier": f"{DBInstanceIdentifier}-ca"}]}


@dataclass
class Session:
    rds: Rds

    def client(self, service: str, **_: object) -> Rds:
        assert service == "rds"
        return self.rds


@dataclass
class Store:
    """The trust store; ``asked`` are the addresses."""

    content: bytes
    asked: list[str] = field(default_factory=list)

    def __call__(self, url: str) -> bytes:
        self.asked.append(url)
        return self.content


@dataclass(frozen=True)
class Place:
    pem: str
    account: Account
    store: Store
    folder: Path

    def roots(self, *names: str) -> Mapping[str, str]:
        return roots(names or (NAME,), self.account, self.store, self.folder)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    pem = make_root("Amazon RDS eu-north-1 Root CA RSA2048 G1").pem
    root = x509.load_pem_x509_certificate(pem.encode())
    thumbprint = root.fingerprint(hashes.SHA1()).hex()
    account = Account(
        id="1", region="eu-north-1", partition="aws", who="me", session=Session(Rds(thumbprint))
    )
    return Place(pem, account, Store(pem.encode()), tmp_path / "work")


def test_a_root_is_fetched_once(place: Place) -> None:
    for _ in range(2):
        found = place.roots(NAME, NAME)
        assert list(found) == [NAME]
        assert found[NAME].split() == place.pem.split()
    assert len(place.store.asked) == 1
    assert "eu-north-1-bundle.pem" in place.store.asked[0]


@pytest.mark.parametrize("content", [b"", b"no certificate", b"\xff\xfe"])
def test_a_kept_file_that_is_damaged_is_fetched_anew(place: Place, content: bytes) -> None:
    place.roots()
    (kept,) = place.folder.iterdir()
    kept.write_bytes(content)
    assert place.roots()[NAME].split() == place.pem.split()
    assert len(place.store.asked) == 2


def test_a_root_that_aws_no_longer_means_is_not_taken_from_the_folder(place: Place) -> None:
    place.roots()
    place.account.session.rds.thumbprint = "00" * 20
    with pytest.raises(ApplyError) as refused:
        place.roots()
    assert refused.value.code == "ca-untrusted"


def test_an_authority_that_aws_does_not_know_is_refused(place: Place) -> None:
    with pytest.raises(ApplyError) as refused:
        place.roots("rds-ca-none")
    assert refused.value.code == "ca-unknown"
    assert place.store.asked == []


def test_a_file_may_stand_for_the_trust_store(place: Place, tmp_path: Path) -> None:
    file = tmp_path / "bundle.pem"
    file.write_text(place.pem)
    fetch = fetch_bundle({BUNDLE: str(file)})
    assert (
        roots([NAME], place.account, fetch, tmp_path / "other")[NAME].split() == place.pem.split()
    )


def test_the_authority_of_a_server_that_somebody_else_made_is_asked(place: Place) -> None:
    assert of_instance("theirs", place.account) == "theirs-ca"
