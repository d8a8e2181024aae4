"""CloudFront's cache policies, of which moto knows nothing.

A change names the version that it changes (``IfMatch``); a policy that a distribution uses stays.
"""

from __future__ import annotations

import datetime
import secrets
from collections.abc import Callable, Mapping
from typing import Any

from tests.support.moto_parts import backend
from tests.support.moto_wire import Answer, Call, Refused, Reply, rest_answered

Given = Mapping[str, Any]
Document = dict[str, Any]


class CloudFront:
    """``policies`` by their id, as AWS shows them."""

    def __init__(self) -> None:
        self.policies: dict[str, Document] = {}
        self._does: dict[str, Callable[[Given], Document]] = {
            "CreateCachePolicy": self._create,
            "GetCachePolicy": lambda given: self._found(given["Id"]),
            "GetCachePolicyConfig": self._config,
            "UpdateCachePolicy": self._update,
            "DeleteCachePolicy": self._delete,
            "ListCachePolicies": lambda _: self._list(),
        }

    def refuse(self, call: Call) -> Answer | None:
        del call
        return None

    def answer(self, call: Call) -> Reply | None:
        """Raises ``Refused``."""
        if call.service != "cloudfront" or call.operation not in self._does:
            return None
        return rest_answered(call, self._does[call.operation](call.rest_parameters))

    def forget(self) -> None:
        self.policies.clear()

    def _create(self, given: Given) -> Document:
        return self._keep(secrets.token_hex(16), given["CachePolicyConfig"])

    def _update(self, given: Given) -> Document:
        self._check_version(given)
        return self._keep(given["Id"], given["CachePolicyConfig"])

    def _keep(self, id_: str, config: Document) -> Document:
        for other, kept in self.policies.items():
            if other != id_ and kept["CachePolicy"]["CachePolicyConfig"]["Name"] == config["Name"]:
                raise Refused("CachePolicyAlreadyExists", f"{config['Name']} already exists.", 409)
        now = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
        shown = {"Id": id_, "LastModifiedTime": now, "CachePolicyConfig": config}
        place = f"https://cloudfront.amazonaws.com/2020-05-31/cache-policy/{id_}"
        version = f"E{secrets.token_hex(6).upper()}"
        self.policies[id_] = {"CachePolicy": shown, "Location": place, "ETag": version}
        return self.policies[id_]

    def _config(self, given: Given) -> Document:
        found = self._found(given["Id"])
        config = found["CachePolicy"]["CachePolicyConfig"]
        return {"CachePolicyConfig": config, "ETag": found["ETag"]}

    def _delete(self, given: Given) -> Document:
        self._check_version(given)
        for each in backend("cloudfront").distributions.values():
            if each.distribution_config.DefaultCacheBehavior.cache_policy_id == given["Id"]:
                raise Refused("CachePolicyInUse", f"{given['Id']} is in use by {each.id}.", 409)
        del self.policies[given["Id"]]
        return {}

    def _list(self) -> Document:
        items = [
            {"Type": "custom", "CachePolicy": each["CachePolicy"]}
            for each in self.policies.values()
        ]
        return {"CachePolicyList": {"MaxItems": 100, "Quantity": len(items), "Items": items}}

    def _check_version(self, given: Given) -> None:
        version = self._found(given["Id"])["ETag"]
        if given.get("IfMatch") != version:
            raise Refused("PreconditionFailed", "The If-Match version is not the current one.", 412)

    def _found(self, id_: str) -> Document:
        if id_ not in self.policies:
            raise Refused("NoSuchCachePolicy", "The specified cache policy does not exist.", 404)
        return self.policies[id_]
