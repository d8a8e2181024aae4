"""Lambda as ``encore_aws.inside`` calls it, with a function of ours behind it in this process."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

from tests.support.fake_clock import Time

from encore_aws.account import Account
from encore_aws.inside import Inside

ACCOUNT = "111122223333"
REGION = "eu-north-1"
FUNCTION = {"name": "shop-inside", "arn": "arn:function", "log_group": "shop-log"}


class Called:
    """``handle`` gets each event and gives the answer, both as JSON has them."""

    def __init__(self, handle: Callable[[Any], Any]) -> None:
        self._handle = handle
        self.events: list[Any] = []

    @property
    def inside(self) -> Inside:
        """Waiting takes no time."""
        return Inside(account(self), {"function": FUNCTION}, clock=Time().clock)

    def client(self, service: str, **_: Any) -> Called:
        assert service == "lambda"
        return self

    def invoke(self, *, Payload: bytes, **_: Any) -> dict[str, Any]:  # noqa: N803  boto3's own
        event = json.loads(Payload)
        self.events.append(event)
        answer = json.dumps(self._handle(event)).encode()
        return {"StatusCode": 200, "Payload": io.BytesIO(answer)}


def account(session: Any) -> Account:
    return Account(id=ACCOUNT, region=REGION, partition="aws", who="me", session=session)
