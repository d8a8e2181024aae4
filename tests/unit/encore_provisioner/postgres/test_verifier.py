"""What a server keeps of a password."""

from __future__ import annotations

import base64

from encore_provisioner.postgres.verifier import scram_verifier

# The example of RFC 7677: user "user", password "pencil".
SALT = "W22ZaJ0SNY7soEsUEjb6gQ=="
STORED = "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY="


def test_a_verifier_is_that_of_the_rfc() -> None:
    made = scram_verifier("pencil", salt=base64.b64decode(SALT))
    assert made.startswith(f"SCRAM-SHA-256$4096:{SALT}${STORED}:")


def test_the_same_password_gives_another_verifier_each_time() -> None:
    assert scram_verifier("pencil") != scram_verifier("pencil")
