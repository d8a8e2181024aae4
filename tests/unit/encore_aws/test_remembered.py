"""Permissions that the outputs remember."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from encore_aws.remembered import recalled, remembered
from encore_config.plan import Permission

NAMES = st.text(min_size=1, max_size=12)
PERMISSIONS = st.builds(
    Permission,
    service=NAMES,
    kind=st.sampled_from(["topic", "bucket", "password"]),
    name=NAMES,
    operation=st.sampled_from(["publish", "read", "signed_upload"]),
    actions=st.lists(st.sampled_from(["sns:Publish", "s3:GetObject"]), unique=True).map(tuple),
)


@given(st.lists(PERMISSIONS, unique_by=lambda p: (p.service, p.kind, p.name, p.operation)))
def test_what_was_remembered_is_recalled_through_json(permissions: list[Permission]) -> None:
    outputs = json.loads(json.dumps({"permissions": remembered(permissions)}))
    key = lambda p: (p.service, p.kind, p.name, p.operation)  # noqa: E731
    assert sorted(recalled(outputs) or (), key=key) == sorted(permissions, key=key)


def test_outputs_of_an_older_version_hold_none() -> None:
    assert recalled({}) is None
    assert recalled({"permissions": None}) is None
