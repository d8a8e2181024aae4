"""The roots that the servers of an environment hang on, each fetched once.

In: the identifiers of the authorities, an account, a folder. Out: PEM by identifier. What AWS says
of a root (its thumbprint) is asked each time; its text is kept in the folder, since it cannot
change without the thumbprint.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from encore_aws.account import Account, ask
from encore_aws.authority import Fetch, fetch_over_tls, root_certificate
from encore_provisioner.errors import ApplyError

BUNDLE: Final = "ENCORE_INFRA_RDS_BUNDLE"
"""The variable that names a file with the region's bundle, for who cannot reach the trust store."""


def fetch_bundle(environ: Mapping[str, str]) -> Fetch:
    """The trust store, or the file that stands for it. It is checked all the same."""
    file = environ.get(BUNDLE)
    if not file:
        return fetch_over_tls
    return lambda _url: Path(file).read_bytes()


def roots(
    authorities: Iterable[str], account: Account, fetch: Fetch, folder: Path
) -> dict[str, str]:
    """Raises ``AwsError``, and ``ApplyError`` as :func:`root_certificate` does."""
    rds = account.client("rds")
    return {
        name: _root(name, _thumbprint(name, rds), account.region, fetch, folder)
        for name in sorted(set(authorities))
    }


def of_instance(instance: str, account: Account) -> str:
    """The authority of a server that somebody else made. Raises ``AwsError``."""
    rds = account.client("rds")
    found = ask(
        f"look at the database server {instance}",
        lambda: rds.describe_db_instances(DBInstanceIdentifier=instance),
    )
    return str(found["DBInstances"][0]["CACertificateIdentifier"])


def _thumbprint(name: str, rds: Any) -> str:
    found = ask(
        f"ask for the certificate {name}",
        lambda: rds.describe_certificates(CertificateIdentifier=name),
    )["Certificates"]
    if not found:
        raise ApplyError(
            f"AWS knows no certificate {name} in this region",
            code="ca-unknown",
            hint="see `aws rds describe-certificates`, and set `certificate_authority`",
        )
    return str(found[0]["Thumbprint"])


def _root(name: str, thumbprint: str, region: str, fetch: Fetch, folder: Path) -> str:
    path = folder / f"{name}-{_short(region, thumbprint)}.pem"
    kept = _kept(path, thumbprint)
    if kept is not None:
        return kept
    found = root_certificate(region, name, fetch, thumbprint=thumbprint)
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(found, encoding="ascii")
    return found


def _kept(path: Path, thumbprint: str) -> str | None:
    """What the file holds, if it is that root."""
    try:
        text = path.read_text(encoding="ascii")
        certificate = x509.load_pem_x509_certificate(text.encode())
    except (OSError, ValueError):
        return None
    found = certificate.fingerprint(hashes.SHA1()).hex()
    return text if found == thumbprint.replace(":", "").strip().lower() else None


def _short(region: str, thumbprint: str) -> str:
    return hashlib.sha256(f"{region} {thumbprint}".encode()).hexdigest()[:12]
