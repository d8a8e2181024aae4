"""The root that the app trusts: the right one of several, or none."""

from __future__ import annotations

import datetime
import hashlib
import itertools
import socket
import ssl
import threading
from collections.abc import Iterator
from functools import cache
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from encore_aws.authority import bundle_url, common_name, fetch_over_tls, root_certificate
from encore_provisioner.errors import ApplyError

AUTHORITIES = {
    "rds-ca-rsa2048-g1": "RSA2048 G1",
    "rds-ca-rsa4096-g1": "RSA4096 G1",
    "rds-ca-ecc384-g1": "ECC384 G1",
}
REGION = "eu-north-1"
WANTED = "rds-ca-rsa2048-g1"
START = datetime.datetime(2021, 5, 21, tzinfo=datetime.UTC)
END = datetime.datetime(2061, 5, 21, tzinfo=datetime.UTC)


def title(authority: str, region: str = REGION) -> str:
    return f"Amazon RDS {region} Root CA {AUTHORITIES[authority]}"


@cache
def key(number: int) -> ec.EllipticCurvePrivateKey:
    """Which algorithm signs plays no part in the choice; this one is quick to make."""
    return ec.derive_private_key(number, ec.SECP256R1())


def certificate(
    name: str,
    own: int,
    *,
    issuer: str | None = None,
    signer: int | None = None,
    ca: bool | None = True,
) -> bytes:
    def subject(common: str) -> x509.Name:
        organisation = x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Amazon Web Services, Inc.")
        return x509.Name([organisation, x509.NameAttribute(NameOID.COMMON_NAME, common)])

    builder = (
        x509.CertificateBuilder()
        .subject_name(subject(name))
        .issuer_name(subject(issuer or name))
        .public_key(key(own).public_key())
        .serial_number(own)
        .not_valid_before(START)
        .not_valid_after(END)
    )
    if ca is not None:
        builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=None), True)
    return builder.sign(key(signer or own), hashes.SHA256()).public_bytes(Encoding.PEM)


ROOTS = {name: certificate(title(name), number) for number, name in enumerate(AUTHORITIES, 1)}
LEAF = certificate(title(WANTED), 9, signer=1)
"""It has the name of a root as its issuer too, and was signed by another key."""
BETWEEN = certificate(f"Amazon RDS {REGION} Subordinate CA", 8, issuer=title(WANTED), signer=1)
FOREIGN = certificate(title(WANTED, "us-east-1"), 7)


def chosen(*parts: bytes, authority: str = WANTED, **changes: Any) -> str:
    return root_certificate(REGION, authority, lambda _: b"".join(parts), **changes)


def refused(*parts: bytes, **changes: Any) -> ApplyError:
    with pytest.raises(ApplyError) as raised:
        chosen(*parts, **changes)
    assert raised.value.hint
    return raised.value


@pytest.mark.parametrize("order", list(itertools.permutations(ROOTS)), ids="-".join)
@pytest.mark.parametrize("authority", AUTHORITIES)
def test_the_right_root_in_whatever_order_they_lie(order: tuple[str, ...], authority: str) -> None:
    bundle = b"".join(ROOTS[name] for name in order)
    assert chosen(BETWEEN, bundle, FOREIGN, authority=authority) == ROOTS[authority].decode()


def test_exactly_one_certificate_comes_out() -> None:
    found = chosen(*ROOTS.values())
    assert found.count("BEGIN CERTIFICATE") == 1
    assert found.endswith("-----END CERTIFICATE-----\n")


def test_what_another_signed_is_no_root_whatever_its_name() -> None:
    leaf = certificate(title(WANTED), 6, issuer=f"Amazon RDS {REGION} Subordinate CA", signer=8)
    assert chosen(leaf, *ROOTS.values()) == ROOTS[WANTED].decode()
    assert refused(leaf).code == "ca-not-found"


def test_the_same_root_twice_is_one_and_two_of_a_name_are_none() -> None:
    assert chosen(ROOTS[WANTED], ROOTS[WANTED]) == ROOTS[WANTED].decode()
    error = refused(ROOTS[WANTED], certificate(title(WANTED), 5))
    assert error.code == "ca-not-found"
    assert "2 roots called" in error.message


def test_a_root_that_is_not_there() -> None:
    error = refused(FOREIGN, ROOTS["rds-ca-ecc384-g1"])
    assert error.code == "ca-not-found"
    assert f"no root called `{title(WANTED)}` among its 2 certificates" in error.message
    assert bundle_url(REGION) in error.message


@pytest.mark.parametrize("content", [b"", b"<html>Sign in</html>", ROOTS[WANTED][:-40]])
def test_what_is_no_bundle(content: bytes) -> None:
    assert refused(content).code == "ca-not-found"


@pytest.mark.parametrize(
    ("forged", "why"),
    [
        (certificate(title(WANTED), 1, signer=2), "not signed by its own key"),
        (LEAF, "not signed by its own key"),
        (certificate(title(WANTED), 1, ca=False), "not made to sign"),
        (certificate(title(WANTED), 1, ca=None), "not made to sign"),
    ],
    ids=["signed by another", "a leaf of the same name", "no authority", "no constraint"],
)
def test_a_root_that_is_none(forged: bytes, why: str) -> None:
    error = refused(forged)
    assert error.code == "ca-untrusted"
    assert why in error.message


def test_the_thumbprint_that_aws_gives_is_a_second_voice() -> None:
    [root] = x509.load_pem_x509_certificates(ROOTS[WANTED])
    plain = hashlib.sha1(root.public_bytes(Encoding.DER), usedforsecurity=False).hexdigest()
    colons = ":".join(plain.upper()[i : i + 2] for i in range(0, 40, 2))
    for given in (plain, plain.upper(), colons):
        assert chosen(ROOTS[WANTED], thumbprint=given) == ROOTS[WANTED].decode()
    for given in ("", "0" * 40, plain[:-1]):
        error = refused(ROOTS[WANTED], thumbprint=given)
        assert error.code == "ca-untrusted"
        assert plain in error.message


def test_the_time_counts_only_where_there_is_a_clock() -> None:
    day = datetime.timedelta(days=1)
    assert chosen(ROOTS[WANTED], now=START) == chosen(ROOTS[WANTED], now=END - day)
    for now in (START - day, END + day):
        assert "2021-05-21 to 2061-05-21" in refused(ROOTS[WANTED], now=now).message


@pytest.mark.parametrize(
    ("region", "url"),
    [
        ("eu-north-1", "https://truststore.pki.rds.amazonaws.com/eu-north-1/eu-north-1-bundle.pem"),
        (
            "us-gov-east-1",
            "https://truststore.pki.us-gov-west-1.rds.amazonaws.com/us-gov-east-1/"
            "us-gov-east-1-bundle.pem",
        ),
        (
            "cn-northwest-1",
            "https://rds-truststore.s3.cn-north-1.amazonaws.com.cn/cn-northwest-1/"
            "cn-northwest-1-bundle.pem",
        ),
    ],
)
def test_each_part_of_aws_has_a_store_of_its_own(region: str, url: str) -> None:
    asked: list[str] = []

    def fetch(address: str) -> bytes:
        asked.append(address)
        return certificate(title(WANTED, region), 1)

    assert root_certificate(region, WANTED, fetch)
    assert asked == [url]


def test_an_authority_that_nobody_knows_is_not_asked_for() -> None:
    with pytest.raises(ApplyError, match="rds-ca-2019") as raised:
        root_certificate(REGION, "rds-ca-2019", lambda _: pytest.fail("fetched"))
    assert raised.value.code == "ca-unknown"
    assert common_name(REGION, WANTED) == title(WANTED)


def test_a_store_that_is_out_of_reach() -> None:
    def fetch(_: str) -> bytes:
        raise TimeoutError("timed out")

    with pytest.raises(ApplyError, match="cannot be read: timed out") as raised:
        root_certificate(REGION, WANTED, fetch)
    assert raised.value.code == "ca-unreachable"
    assert raised.value.hint is not None
    assert "HTTPS" in raised.value.hint


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(ROOTS[WANTED])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def impostor(tmp_path: Path) -> Iterator[str]:
    """A server with TLS and a certificate that nobody knows."""
    pem = tmp_path / "server.pem"
    secret = key(3).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    pem.write_bytes(secret + certificate("localhost", 3, ca=False))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    server = HTTPServer(("127.0.0.1", 0), _Answers)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # the client hangs up
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"https://127.0.0.1:{server.server_port}/bundle.pem"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_server_that_is_not_the_one_it_says_is_not_read(impostor: str) -> None:
    with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
        fetch_over_tls(impostor)


def test_nothing_is_fetched_without_tls_or_from_nowhere() -> None:
    with pytest.raises(OSError, match="https://"):
        fetch_over_tls("http://127.0.0.1/bundle.pem")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(OSError, match="refused"):
        fetch_over_tls(f"https://127.0.0.1:{port}/bundle.pem")
