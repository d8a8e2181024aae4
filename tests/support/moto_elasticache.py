"""ElastiCache, of which moto has users and little more: users, their groups, tags.

What holds keys is in ``moto_caches``. A user that was changed is ``modifying`` for a while, and the
servers know of the change when it is ``active`` again, as in AWS.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from moto.elasticache.models import User
from tests.support.aws_inside import CacheUser, Inside, ValkeyMachine
from tests.support.moto_caches import Caches
from tests.support.moto_parts import ACCOUNT, REGION, backend
from tests.support.moto_wire import Answer, Call, Refused, Reply, answered

Given = dict[str, Any]
_NO_PASSWORD: Final = ("no-password-required", "no-password")


def user_of(name: str) -> Any:
    """A user as moto has it, or None."""
    return backend("elasticache").users.get(name)


class ElastiCache:
    """``users_are_busy_for``: how often a user that was changed is seen as ``modifying``;
    ``busy``: how often yet, by the user's id.
    """

    def __init__(self, inside: Inside | None) -> None:
        self._lock = threading.Lock()
        self.users_are_busy_for = 1
        self.busy: dict[str, int] = {}
        self.groups: dict[str, dict[str, Any]] = {}
        self.tags: dict[str, dict[str, str]] = {}
        self.caches = Caches(inside, self.tag, self.groups, self._open)
        self._does: dict[str, Callable[[Given], Mapping[str, Any]]] = {
            "CreateUser": self._create_user,
            "ModifyUser": self._modify_user,
            "DeleteUser": self._delete_user,
            "DescribeUsers": self._describe_users,
            "CreateUserGroup": self._create_group,
            "ModifyUserGroup": self._modify_group,
            "DeleteUserGroup": self._delete_group,
            "DescribeUserGroups": self._describe_groups,
            "ListTagsForResource": self._list_tags,
            "AddTagsToResource": self._add_tags,
            "RemoveTagsFromResource": self._remove_tags,
            **self.caches.does,
        }

    @property
    def machines(self) -> Mapping[str, ValkeyMachine]:
        """By the replication group's id."""
        return self.caches.machines

    def refuse(self, call: Call) -> Answer | None:
        del call
        return None

    def answer(self, call: Call) -> Reply | None:
        """Raises ``Refused``; ``KeyError`` for what ElastiCache has and the tests never needed."""
        if call.service != "elasticache":
            return None
        with self._lock:
            return answered(call, self._does[call.operation](call.parameters))

    def after(self, call: Call, reply: Reply) -> Reply:
        del call
        return reply

    def forget(self) -> None:
        self.users_are_busy_for = 1
        for kept in (self.busy, self.groups, self.tags):
            kept.clear()
        self.caches.forget()

    def tag(self, arn: str, tags: list[Mapping[str, str]]) -> None:
        self.tags[arn] = {each["Key"]: each["Value"] for each in tags}

    # Users.

    def _create_user(self, given: Given) -> Mapping[str, Any]:
        name, kind, passwords = given["UserId"], *_authentication(given)
        if user_of(name) is not None:
            raise Refused("UserAlreadyExists", f"User {name} already exists.")
        _check_passwords(kind, passwords)
        if kind == "iam" and given["UserName"] != name:
            raise Refused(
                "InvalidParameterValue", "UserId and UserName should match when using IAM"
            )
        user = User(
            ACCOUNT,
            REGION,
            user_id=name,
            user_name=given["UserName"],
            access_string=given["AccessString"],
            engine=given["Engine"].lower(),
            no_password_required=kind in _NO_PASSWORD,
            passwords=passwords,
            authentication_type=kind,
        )
        backend("elasticache").users[name] = user
        self.tag(user.arn, given.get("Tags", []))
        return self._user(user)

    def _modify_user(self, given: Given) -> Mapping[str, Any]:
        user = _existing(given["UserId"])
        if user.status != "active":
            raise Refused("InvalidUserState", f"User {user.id} is not in active state.")
        if _says_authentication(given):
            kind, passwords = _authentication(given)
            _check_passwords(kind, passwords)
            self._check_groups(user.id, kind)
            user.authentication_type, user.passwords = kind, passwords
            user.no_password_required = kind in _NO_PASSWORD
        user.access_string = given.get("AccessString", user.access_string)
        user.engine = given.get("Engine", user.engine)
        user.status = "modifying"
        self.busy[user.id] = self.users_are_busy_for
        return self._user(user)

    def _check_groups(self, name: str, kind: str) -> None:
        for group in self.groups.values():
            if name in group["UserIds"]:
                _check_engine(group["Engine"], [(user_of(name), kind)])

    def _delete_user(self, given: Given) -> Mapping[str, Any]:
        user = _existing(given["UserId"])
        if user.id == "default":
            raise Refused("InvalidParameterValue", "User default cannot be deleted.")
        for group in self.groups.values():
            if user.name == "default" and user.id in group["UserIds"]:
                raise Refused(
                    "DefaultUserAssociatedToUserGroup", "The default user is in a user group."
                )
        for group in self.groups.values():
            group["UserIds"] = [each for each in group["UserIds"] if each != user.id]
        user.status = "deleting"
        self.caches.let_in()
        return self._user(user)

    def _describe_users(self, given: Given) -> Mapping[str, Any]:
        if "UserId" not in given:
            return {"Users": [self._user(each) for each in backend("elasticache").users.values()]}
        user = _existing(given["UserId"])
        self._let_settle(user)
        if user.status == "deleting":
            del backend("elasticache").users[user.id]
        return {"Users": [self._user(user)]}

    def _let_settle(self, user: Any) -> None:
        if self.busy.get(user.id, 0) > 0:
            self.busy[user.id] -= 1
        elif user.id in self.busy:
            del self.busy[user.id]
            user.status = "active"
            self.caches.let_in()

    def _user(self, user: Any) -> Mapping[str, Any]:
        kind = "no-password" if user.no_password_required else user.authentication_type
        return {
            "UserId": user.id,
            "UserName": user.name,
            "Status": user.status,
            "Engine": user.engine,
            "MinimumEngineVersion": user.minimum_engine_version,
            "AccessString": user.access_string,
            "UserGroupIds": [
                name for name, group in self.groups.items() if user.id in group["UserIds"]
            ],
            "Authentication": {"Type": kind, "PasswordCount": len(user.passwords)},
            "ARN": user.arn,
        }

    def _open(self, groups: list[str]) -> Iterator[CacheUser]:
        """Who may log in to a cache of these groups; who comes by IAM is let in by nobody here."""
        for name in groups:
            for user in map(user_of, self.groups[name]["UserIds"]):
                if user is not None and user.status != "deleting":
                    yield CacheUser(
                        name=user.name,
                        access=user.access_string,
                        passwords=tuple(user.passwords),
                        no_password=user.no_password_required,
                    )

    # Groups of users.

    def _create_group(self, given: Given) -> Mapping[str, Any]:
        name, engine = given["UserGroupId"], given["Engine"].lower()
        if name in self.groups:
            raise Refused("UserGroupAlreadyExists", f"User Group {name} already exists.")
        _check_members(engine, given.get("UserIds", []))
        arn = f"arn:aws:elasticache:{REGION}:{ACCOUNT}:usergroup:{name}"
        self.groups[name] = {
            "UserGroupId": name,
            "Status": "active",
            "Engine": engine,
            "UserIds": list(given.get("UserIds", [])),
            "MinimumEngineVersion": "7.2" if engine == "valkey" else "6.0",
            "ARN": arn,
        }
        self.tag(arn, given.get("Tags", []))
        return self._group(name)

    def _modify_group(self, given: Given) -> Mapping[str, Any]:
        group = self._group(given["UserGroupId"])
        gone = set(given.get("UserIdsToRemove", []))
        members = [each for each in group["UserIds"] if each not in gone]
        members += [each for each in given.get("UserIdsToAdd", []) if each not in members]
        engine = given.get("Engine", group["Engine"]).lower()
        _check_members(engine, members)
        self.groups[given["UserGroupId"]] |= {"UserIds": members, "Engine": engine}
        self.caches.let_in()
        return self._group(given["UserGroupId"])

    def _delete_group(self, given: Given) -> Mapping[str, Any]:
        group = self._group(given["UserGroupId"])
        if group["ReplicationGroups"]:
            raise Refused(
                "InvalidUserGroupState",
                f"User group {group['UserGroupId']} is associated with replication groups.",
            )
        del self.groups[group["UserGroupId"]]
        return {**group, "Status": "deleting"}

    def _describe_groups(self, given: Given) -> Mapping[str, Any]:
        wanted = [given["UserGroupId"]] if "UserGroupId" in given else list(self.groups)
        return {"UserGroups": [self._group(name) for name in wanted]}

    def _group(self, name: str) -> dict[str, Any]:
        if name not in self.groups:
            raise Refused("UserGroupNotFound", f"UserGroup {name} not found.", 404)
        return {**self.groups[name], "ReplicationGroups": self.caches.users_of(name)}

    # Tags.

    def _list_tags(self, given: Given) -> Mapping[str, Any]:
        found = self.tags.get(given["ResourceName"], {})
        return {"TagList": [{"Key": key, "Value": value} for key, value in sorted(found.items())]}

    def _add_tags(self, given: Given) -> Mapping[str, Any]:
        kept = self.tags.setdefault(given["ResourceName"], {})
        kept.update({each["Key"]: each["Value"] for each in given["Tags"]})
        return self._list_tags(given)

    def _remove_tags(self, given: Given) -> Mapping[str, Any]:
        for key in given["TagKeys"]:
            self.tags.get(given["ResourceName"], {}).pop(key, None)
        return self._list_tags(given)


def _existing(name: str) -> Any:
    found = user_of(name)
    if found is None:
        raise Refused("UserNotFound", f"User {name} not found.", 404)
    return found


def _says_authentication(given: Given) -> bool:
    return any(key in given for key in ("AuthenticationMode", "Passwords", "NoPasswordRequired"))


def _authentication(given: Given) -> tuple[str, list[str]]:
    mode = given.get("AuthenticationMode", {})
    passwords = [*mode.get("Passwords", []), *given.get("Passwords", [])]
    kind = mode.get("Type")
    if kind is None:
        kind = "no-password-required" if given.get("NoPasswordRequired") else "password"
    return kind, passwords


def _check_passwords(kind: str, passwords: list[str]) -> None:
    if kind == "password" and not all(16 <= len(each) <= 128 for each in passwords):
        raise Refused("InvalidParameterValue", "Passwords length must be between 16-128")
    if kind == "password" and not 1 <= len(passwords) <= 2:
        raise Refused("InvalidParameterValue", "A user has one or two passwords.")
    if kind != "password" and passwords:
        raise Refused("InvalidParameterCombination", f"Passwords cannot go with {kind}.")


def _check_members(engine: str, names: list[str]) -> None:
    found = [(_existing(name), _existing(name).authentication_type) for name in names]
    called = [user.name for user, _ in found]
    if len(set(called)) < len(called):
        raise Refused("DuplicateUserName", "A user with this name is in the group already.")
    if engine == "redis" and "default" not in called:
        raise Refused("DefaultUserRequired", "A user group needs to contain a user named default.")
    _check_engine(engine, found)


def _check_engine(engine: str, members: list[tuple[Any, str]]) -> None:
    for user, kind in members:
        if engine == "valkey" and kind in _NO_PASSWORD:
            raise Refused(
                "InvalidParameterValue",
                f"User {user.id} needs no password; a user group of engine valkey takes none such.",
            )
        if engine == "redis" and user.engine == "valkey":
            raise Refused(
                "InvalidParameterValue", f"User {user.id} is of valkey, and the group of redis."
            )
