"""The one door to AWS's public trust store: the root certificate that a server of RDS hangs on.

In: a region, the name of a certificate authority, and a function that fetches. Out: that one root,
as PEM. Encore's core reads the first certificate of ``tls_config.ca`` alone (contract §4.5), and a
region's bundle holds several in no promised order; so the right one is chosen by its subject, and
must be signed by itself. It is called when an environment is applied, never for a plan.

Addresses and subjects are those of AWS's *Using SSL/TLS to encrypt a connection to a DB instance*,
in its editions for all regions, for GovCloud and for China. None of them was fetched by us.
"""

from __future__ import annotations

import datetime
import hmac
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable
from http.client import HTTPException
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID

from encore_provisioner.errors import ApplyError

Fetch = Callable[[str], bytes]
"""The bytes at an address. Raises ``OSError`` where there are none."""

_NAMES: Final = {
    "rds-ca-rsa2048-g1": "RSA2048 G1",
    "rds-ca-rsa4096-g1": "RSA4096 G1",
    "rds-ca-ecc384-g1": "ECC384 G1",
}
_CHINA: Final = "rds-truststore.s3.cn-north-1.amazonaws.com.cn"
_GOVCLOUD: Final = "truststore.pki.us-gov-west-1.rds.amazonaws.com"
_ELSEWHERE: Final = "truststore.pki.rds.amazonaws.com"
_TIMEOUT: Final = 30.0
"""Seconds without a byte."""
_LARGEST: Final = 1 << 20
"""Bytes of a bundle; that of all regions together has 170,000."""


def bundle_url(region: str) -> str:
    """Where the region's bundle lies. China and GovCloud have stores of their own."""
    host = _ELSEWHERE
    if region.startswith("cn-"):
        host = _CHINA
    elif region.startswith("us-gov-"):
        host = _GOVCLOUD
    return f"https://{host}/{region}/{region}-bundle.pem"


def common_name(region: str, authority: str) -> str:
    """What the root of ``authority`` is called. Raises ``ApplyError`` (``ca-unknown``)."""
    if authority not in _NAMES:
        raise ApplyError(
            f"`{authority}` is no certificate authority whose root is known here; "
            f"known are {', '.join(_NAMES)}",
            code="ca-unknown",
            hint="give the server one of these: `databases.defaults.certificate_authority`",
        )
    return f"Amazon RDS {region} Root CA {_NAMES[authority]}"


def fetch_over_tls(url: str) -> bytes:
    """What lies at ``url``, from the server that its name promises and nowhere else."""
    if not url.startswith("https://"):
        raise OSError(f"{url} does not begin with https://")
    with _OPENER.open(url, timeout=_TIMEOUT) as response:
        content: bytes = response.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise OSError(f"more than {_LARGEST:,} bytes are no bundle of certificates")
    return content


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Whom we trust must not say whom else to trust."""

    def redirect_request(self, *_: object) -> None:
        return None


_OPENER: Final = urllib.request.build_opener(
    _NoRedirect, urllib.request.HTTPSHandler(context=ssl.create_default_context())
)


def root_certificate(
    region: str,
    authority: str,
    fetch: Fetch = fetch_over_tls,
    *,
    thumbprint: str | None = None,
    now: datetime.datetime | None = None,
) -> str:
    """The root of ``authority`` (``rds-ca-rsa2048-g1``) in ``region``, as PEM.

    ``thumbprint``: the one of ``rds:DescribeCertificates`` (SHA-1 in hex, colons or not).
    ``now``: also refuse a root whose time has not come or is over; with a zone.

    Raises ``ApplyError``: ``ca-unknown``, ``ca-unreachable``, ``ca-not-found``, ``ca-untrusted``.
    """
    name, url = common_name(region, authority), bundle_url(region)
    root = _chosen(_certificates(_fetched(url, fetch), url), name, url)
    _check(root, name, url, now)
    if thumbprint is not None:
        _compare(root, name, url, thumbprint)
    return root.public_bytes(serialization.Encoding.PEM).decode("ascii")


def _fetched(url: str, fetch: Fetch) -> bytes:
    try:
        return fetch(url)
    except (OSError, HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise ApplyError(
            f"{url} cannot be read: {reason}. It holds the root certificate of RDS in this region, "
            "without which the app refuses every connection to its databases",
            code="ca-unreachable",
            hint="let this machine reach that address over HTTPS, and apply again",
        ) from error


def _certificates(content: bytes, url: str) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(content)
    except ValueError as error:
        raise ApplyError(
            f"{url} holds something that is no list of certificates",
            code="ca-not-found",
            hint="a proxy may have answered in the place of AWS: open the address and look",
        ) from error


def _chosen(found: list[x509.Certificate], name: str, url: str) -> x509.Certificate:
    """The one root of this name. The same one twice is one; two of one name are none."""
    named = {
        certificate.fingerprint(hashes.SHA256()): certificate
        for certificate in found
        if name in _common_names(certificate) and certificate.issuer == certificate.subject
    }
    if len(named) == 1:
        return next(iter(named.values()))
    count = f"{len(named)} roots" if named else "no root"
    raise ApplyError(
        f"{url} holds {count} called `{name}` among its {len(found)} certificates; "
        "the app can be told exactly one",
        code="ca-not-found",
        hint="the authority may not exist in this region: "
        "see `aws rds describe-certificates`, and set `certificate_authority`",
    )


def _common_names(certificate: x509.Certificate) -> list[str]:
    return [str(part.value) for part in certificate.subject.get_attributes_for_oid(_CN)]


_CN: Final = NameOID.COMMON_NAME


def _check(root: x509.Certificate, name: str, url: str, now: datetime.datetime | None) -> None:
    """That it is a root: signed by itself, made to sign others, and valid at ``now``."""
    try:
        root.verify_directly_issued_by(root)
    except (ValueError, TypeError, InvalidSignature) as error:
        raise _untrusted(name, url, "it is not signed by its own key") from error
    if not _may_sign(root):
        raise _untrusted(name, url, "it is not made to sign other certificates")
    if now is not None and not root.not_valid_before_utc <= now <= root.not_valid_after_utc:
        time = f"{root.not_valid_before_utc:%Y-%m-%d} to {root.not_valid_after_utc:%Y-%m-%d}"
        raise _untrusted(name, url, f"it is valid from {time}, and today is {now:%Y-%m-%d}")


def _may_sign(root: x509.Certificate) -> bool:
    try:
        return root.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, ValueError):
        return False


def _compare(root: x509.Certificate, name: str, url: str, thumbprint: str) -> None:
    # SHA-1 is what AWS's API gives; it is a second voice beside TLS, not the only one.
    found = root.fingerprint(hashes.SHA1()).hex()
    expected = thumbprint.replace(":", "").strip().lower()
    if not hmac.compare_digest(found.encode(), expected.encode()):
        raise _untrusted(
            name, url, f"its thumbprint is {found}, and that of rds:DescribeCertificates {expected}"
        )


def _untrusted(name: str, url: str, why: str) -> ApplyError:
    return ApplyError(
        f"the certificate `{name}` of {url} cannot be trusted: {why}",
        code="ca-untrusted",
        hint="somebody may stand between this machine and AWS: apply from another network, "
        "and compare with `aws rds describe-certificates`",
    )
