"""Networks: whether a packet would come through, and what may not go while something lies in it.

Security groups and subnets are moto's, which lets go of them at any time.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from tests.support.moto_parts import backend
from tests.support.moto_wire import Answer, Call, Reply


class Network:
    """``others``: what lies in networks and is no interface of EC2."""

    def __init__(self, others: Callable[[], Iterable[Lying]]) -> None:
        self._others = others

    def refuse(self, call: Call) -> Answer | None:
        if call.operation == "DeleteSecurityGroup":
            id_ = call.parameters["GroupId"]
            if any(id_ in each.groups for each in self._lying()) or _is_named(id_):
                return _dependent(id_)
        if call.operation == "DeleteSubnet":
            id_ = call.parameters["SubnetId"]
            if any(id_ in each.subnets for each in self._lying()):
                return _dependent(id_)
        return None

    def answer(self, call: Call) -> Reply | None:
        del call
        return None

    def forget(self) -> None:
        """Moto forgets its own."""

    def _lying(self) -> Iterator[Lying]:
        yield from self._others()
        gone = {
            gateway._eni.id
            for gateway in backend("ec2").nat_gateways.values()
            if gateway.state == "deleted"
        }
        for found in backend("ec2").enis.values():
            if found.id in gone:
                continue  # Moto leaves the interface of a gateway behind.
            groups = tuple(each.id for each in found.group_set)
            yield Lying(groups=groups, subnets=(found.subnet.id,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Lying:
    """What keeps groups and subnets in use. ``at``: the host and the port of a server."""

    groups: tuple[str, ...]
    subnets: tuple[str, ...]
    at: tuple[str, int] = ("", 0)


def _dependent(id_: str) -> Answer:
    return 400, "DependencyViolation", f"resource {id_} has a dependent object"


def _is_named(id_: str) -> bool:
    """By a rule of another group."""
    return any(
        rule.source_group.get("GroupId") == id_
        for groups in backend("ec2").groups.values()
        for group in groups.values()
        if group.id != id_
        for rule in (*group.ingress_rules, *group.egress_rules)
    )


def group_of(id_: str) -> Any:
    """A security group as moto has it, or None."""
    return backend("ec2").get_security_group_from_id(id_)


def leads(source: Iterable[str], target: Iterable[str], port: int) -> bool:
    """From a machine with the groups ``source`` to one with the groups ``target``, over TCP."""
    here, there = list(source), list(target)
    return _any_rule(here, there, port, "egress_rules") and _any_rule(
        there, here, port, "ingress_rules"
    )


def leads_out(source: Iterable[str], port: int) -> bool:
    """Anywhere: to all addresses, or to an endpoint of AWS in the network."""
    return any(_is_for(rule, port) for id_ in source for rule in _rules(id_, "egress_rules"))


def _any_rule(owners: list[str], others: list[str], port: int, kind: str) -> bool:
    return any(
        _is_for(rule, port) and _names(rule, others) for id_ in owners for rule in _rules(id_, kind)
    )


def _rules(id_: str, kind: str) -> list[Any]:
    group = group_of(id_)
    return list(getattr(group, kind)) if group is not None else []


def _is_for(rule: Any, port: int) -> bool:
    if rule.ip_protocol == "tcp":
        return bool(rule.from_port <= port <= rule.to_port)
    return bool(rule.ip_protocol == "-1")


def _names(rule: Any, others: list[str]) -> bool:
    """By group, or by addresses: then those of the whole network are meant."""
    if rule.source_group.get("GroupId") in others:
        return True
    addresses = rule.cidr_ipv4
    return addresses is not None and ipaddress.ip_network(addresses).prefixlen <= _NETWORK


_NETWORK: Final = 16
"""Bits of a network's own addresses; a narrower range is a part of it, which none asks for."""
