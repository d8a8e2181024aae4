"""TLS before a server that has none: a CA of the test's own, and a thread that passes bytes on.

In: the port of a plain server on loopback. Out: a port where the same server speaks TLS, as RDS and
ElastiCache do: PostgreSQL's is asked for with its own greeting, and nobody comes in without.
"""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_SSL_REQUEST = bytes.fromhex("0000000804d2162f")
_BEGIN = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
_END = datetime.datetime(2120, 1, 1, tzinfo=datetime.UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """``pem`` is the root; ``identity`` a file with a key and a certificate that it signed."""

    pem: str
    identity: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """Who signs."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey = field(repr=False)

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def thumbprint(self) -> str:
        """SHA-1 in hex, as ``rds:DescribeCertificates`` has it."""
        return self.certificate.fingerprint(hashes.SHA1()).hex()

    def identity(self, folder: Path, host: str) -> Path:
        """A file with a new key and a certificate for ``host``, a name or an address."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        leaf = (
            _builder(subject, self.certificate.subject, key.public_key())
            .add_extension(x509.SubjectAlternativeName([_general_name(host)]), critical=False)
            .sign(self.key, hashes.SHA256())
        )
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{host}.pem"
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            + leaf.public_bytes(serialization.Encoding.PEM)
        )
        return path


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def make_root(name: str) -> Root:
    key = ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        _builder(issuer, issuer, key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return Root(certificate=certificate, key=key)


def make_authority(folder: Path, *, host: str = "localhost") -> Authority:
    """A root, and a certificate for ``host``."""
    root = make_root("Test Root")
    return Authority(pem=root.pem, identity=root.identity(folder, host))


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(_BEGIN)
        .not_valid_after(_END)
    )


@contextlib.contextmanager
def tls_front(
    port: int, authority: Authority, *, postgres: bool, at: tuple[str, int] = ("127.0.0.1", 0)
) -> Iterator[int]:
    """The port of ``at`` that speaks TLS for the one on 127.0.0.1 that does not."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.identity)
    with socket.create_server(at) as listening:
        front = _Front(listening, port, context, postgres=postgres)
        thread = threading.Thread(target=front.serve, daemon=True)
        thread.start()
        try:
            yield int(listening.getsockname()[1])
        finally:
            # Closing alone does not wake up who waits in accept.
            listening.shutdown(socket.SHUT_RDWR)
            thread.join(5)


class _Front:
    def __init__(
        self, listening: socket.socket, port: int, context: ssl.SSLContext, *, postgres: bool
    ) -> None:
        self._listening, self._port = listening, port
        self._context, self._postgres = context, postgres

    def serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def _pass_on(self, client: socket.socket) -> None:
        # What fails is told to who is connected, by closing.
        with contextlib.suppress(OSError), client:
            if self._postgres:
                if client.recv(8) != _SSL_REQUEST:
                    return
                client.sendall(b"S")
            with (
                self._context.wrap_socket(client, server_side=True) as secure,
                socket.create_connection(("127.0.0.1", self._port)) as server,
            ):
                _both_ways(secure, server)


def _both_ways(one: ssl.SSLSocket, other: socket.socket) -> None:
    """Until either side has ended."""
    one.setblocking(False)
    other.setblocking(False)
    import selectors

    with selectors.DefaultSelector() as selector:
        selector.register(one, selectors.EVENT_READ, other)
        selector.register(other, selectors.EVENT_READ, one)
        while True:
            ready = [key for key, _ in selector.select(timeout=1.0)]
            if one.pending():
                ready.append(selector.get_key(one))
            for key in ready:
                if not _move(key.fileobj, key.data):  # type: ignore[arg-type]
                    return


def _move(source: socket.socket, target: socket.socket) -> bool:
    try:
        data = source.recv(65_536)
    except (ssl.SSLWantReadError, BlockingIOError):
        return True
    if not data:
        return False
    target.setblocking(True)
    target.sendall(data)
    target.setblocking(False)
    return True
