"""What PostgreSQL keeps in place of a password (RFC 5803), so that no password is in its log."""

from __future__ import annotations

import base64
import hashlib
import hmac

_ROUNDS = 4096


def scram_verifier(password: str, *, salt: bytes | None = None) -> str:
    """What the server would make of ``password`` itself."""
    import secrets

    salt = salt or secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, _ROUNDS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    keys = ":".join(base64.b64encode(key).decode() for key in (stored, server))
    return f"SCRAM-SHA-256${_ROUNDS}:{base64.b64encode(salt).decode()}${keys}"
