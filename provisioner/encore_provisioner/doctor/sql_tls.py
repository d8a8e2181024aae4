"""How the core connects to PostgreSQL, said in libpq's words.

In: the TLS part of the runtime config. Out: the ways to try, in order, each as libpq parameters.
Rules of the core (runtime binding contract, 4.5): ``disabled`` is plaintext; a ``ca`` requires
TLS and trusts the first certificate of it only; without either, TLS is used if the server offers
it and then verified against the system's roots, and plaintext only if the server refuses TLS.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from encore_config.infra import TLSConfig

_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One attempt. ``unless_refused``: the next one counts only if the server has no TLS."""

    parameters: Mapping[str, str]
    unless_refused: bool = False


PLAINTEXT = Way(parameters={"sslmode": "disable"})


def ways(tls: TLSConfig | None, *, ca_file: Path, system_roots: Path | None) -> tuple[Way, ...]:
    """``ca_file`` is where the config's CA lies, if it has one; nothing else is there.

    ``system_roots`` is a bundle of the system's root certificates: libpq itself can only use
    the system's roots together with the host name.
    """
    if tls is None:
        tls = TLSConfig()
    if tls.disabled:
        return (PLAINTEXT,)
    verified = _verified(tls, ca_file, system_roots)
    if tls.ca:
        return (Way(parameters=verified),)
    return (Way(parameters=verified, unless_refused=True), PLAINTEXT)


def _verified(tls: TLSConfig, ca_file: Path, system_roots: Path | None) -> dict[str, str]:
    if tls.disable_ca_validation:
        # A root file that exists would make libpq verify after all.
        return {"sslmode": "require", "sslrootcert": str(ca_file.with_name("none.pem"))}
    if tls.ca:
        mode = "verify-ca" if tls.disable_tls_hostname_verification else "verify-full"
        return {"sslmode": mode, "sslrootcert": str(ca_file)}
    if tls.disable_tls_hostname_verification and system_roots:
        return {"sslmode": "verify-ca", "sslrootcert": str(system_roots)}
    return {"sslmode": "verify-full", "sslrootcert": "system"}


def first_certificate(pem: str) -> str | None:
    """The only certificate of a CA text that the core looks at."""
    found = _CERTIFICATE.search(pem)
    return found.group() + "\n" if found else None
