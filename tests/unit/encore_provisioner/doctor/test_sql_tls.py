"""How the core's TLS settings are said to libpq."""

from __future__ import annotations

from pathlib import Path

import pytest

from encore_config.infra import TLSConfig
from encore_provisioner.doctor.sql_tls import first_certificate, ways

CA, ROOTS = Path("/run/ca.pem"), Path("/etc/ssl/roots.pem")
NONE = {"sslmode": "disable"}

CASES = {
    "disabled": (TLSConfig(disabled=True), [NONE]),
    "disabled wins": (TLSConfig(disabled=True, ca="x"), [NONE]),
    "absent": (None, [{"sslmode": "verify-full", "sslrootcert": "system"}, NONE]),
    "empty": (TLSConfig(), [{"sslmode": "verify-full", "sslrootcert": "system"}, NONE]),
    "ca": (TLSConfig(ca="x"), [{"sslmode": "verify-full", "sslrootcert": "/run/ca.pem"}]),
    "ca, any host": (
        TLSConfig(ca="x", disable_tls_hostname_verification=True),
        [{"sslmode": "verify-ca", "sslrootcert": "/run/ca.pem"}],
    ),
    "any host": (
        TLSConfig(disable_tls_hostname_verification=True),
        [{"sslmode": "verify-ca", "sslrootcert": "/etc/ssl/roots.pem"}, NONE],
    ),
    "any certificate": (
        TLSConfig(ca="x", disable_ca_validation=True),
        [{"sslmode": "require", "sslrootcert": "/run/none.pem"}],
    ),
    "any certificate, no ca": (
        TLSConfig(disable_ca_validation=True),
        [{"sslmode": "require", "sslrootcert": "/run/none.pem"}, NONE],
    ),
}


@pytest.mark.parametrize(("tls", "expected"), CASES.values(), ids=CASES.keys())
def test_ways(tls: TLSConfig | None, expected: list[dict[str, str]]) -> None:
    found = ways(tls, ca_file=CA, system_roots=ROOTS)
    assert [dict(way.parameters) for way in found] == expected
    # Plaintext is only ever the last resort, and only if the server refuses TLS.
    assert [way.unless_refused for way in found] == [True] * (len(found) - 1) + [False]


def test_without_system_roots_the_host_is_verified_after_all() -> None:
    tls = TLSConfig(disable_tls_hostname_verification=True)
    first = ways(tls, ca_file=CA, system_roots=None)[0]
    assert first.parameters == {"sslmode": "verify-full", "sslrootcert": "system"}


def pem(content: str) -> str:
    return f"-----BEGIN CERTIFICATE-----\n{content}\n-----END CERTIFICATE-----\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (pem("A"), pem("A")),
        (f"a comment\n{pem('A')}{pem('B')}", pem("A")),
        ("", None),
        ("nonsense", None),
        ("-----BEGIN CERTIFICATE-----\nA", None),
    ],
)
def test_only_the_first_certificate_counts(text: str, expected: str | None) -> None:
    assert first_certificate(text) == expected
