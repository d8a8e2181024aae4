"""Text that is safe to send."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from encore_provisioner.postgres.door import literal, quoted


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0")))
def test_literals_and_names_end_where_they_should(text: str) -> None:
    body = literal(text).removeprefix(" E'").removesuffix("'")
    assert body.replace("\\\\", "").replace("''", "").count("'") == 0
    assert body.replace("\\\\", "").count("\\") == 0
    assert body.replace("''", "'").replace("\\\\", "\\") == text
    assert quoted(text)[1:-1].replace('""', "").count('"') == 0
