"""Routes, addresses and machines: how a network reaches the outside."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any, Final

from tests.support.aws_plugin.aws import Aws, found, given, told
from tests.support.aws_plugin.kind import Kind, names
from tests.support.aws_plugin.network import in_ec2, retag, with_tags
from tests.support.aws_plugin.wire import Props

_WAYS: Final = ("gatewayId", "natGatewayId", "networkInterfaceId", "vpcEndpointId")


def _make_route(aws: Aws, inputs: Props) -> str:
    table, to = inputs["routeTableId"], inputs["destinationCidrBlock"]
    aws.call(
        "ec2",
        "create_route",
        RouteTableId=table,
        DestinationCidrBlock=to,
        **given(inputs, *_WAYS),
    )
    # The genuine plugin's own id, which AWS does not know.
    return f"r-{table}{zlib.crc32(to.encode())}"


def _look_at_route(aws: Aws, id_: str, state: Props) -> Props | None:
    """For an import the id is ``<table>_<destination>``."""
    table, _, to = id_.partition("_")
    table, to = state.get("routeTableId", table), state.get("destinationCidrBlock", to)
    page = aws.ask("ec2", "describe_route_tables", RouteTableIds=[table])
    for route in (page or {"RouteTables": [{"Routes": []}]})["RouteTables"][0]["Routes"]:
        if route.get("DestinationCidrBlock") == to:
            ways = found(route, *_WAYS, "state", "origin", "instanceId")
            return {"routeTableId": table, "destinationCidrBlock": to, **ways}
    return None


def _change_route(aws: Aws, id_: str, old: Props, new: Props, keys: frozenset[str]) -> None:
    del id_, old, keys
    aws.call(
        "ec2",
        "replace_route",
        RouteTableId=new["routeTableId"],
        DestinationCidrBlock=new["destinationCidrBlock"],
        **given(new, *_WAYS),
    )


def _drop_route(aws: Aws, id_: str, state: Props) -> None:
    del id_
    aws.call(
        "ec2",
        "delete_route",
        RouteTableId=state["routeTableId"],
        DestinationCidrBlock=state["destinationCidrBlock"],
    )


def _make_association(aws: Aws, inputs: Props) -> str:
    asked = given(inputs, "routeTableId", "subnetId", "gatewayId")
    return str(aws.call("ec2", "associate_route_table", **asked)["AssociationId"])


def _look_at_association(aws: Aws, id_: str, state: Props) -> Props | None:
    """For an import the id is ``<subnet>/<table>``. A changed one has another id, so the subnet
    says which it is.
    """
    subnet, _, table = id_.partition("/")
    wanted = state.get("subnetId") or (subnet if table else None)
    by = (
        {"Name": "association.subnet-id", "Values": [wanted]}
        if wanted
        else {"Name": "association.route-table-association-id", "Values": [id_]}
    )
    for holder in aws.call("ec2", "describe_route_tables", Filters=[by])["RouteTables"]:
        for one in holder["Associations"]:
            if wanted is not None and one.get("SubnetId") == wanted:
                return found(one, "subnetId", "routeTableId", "gatewayId")
            if one["RouteTableAssociationId"] == id_:
                return found(one, "subnetId", "routeTableId", "gatewayId")
    return None


def _association_of(aws: Aws, id_: str, state: Props) -> str:
    by = {"Name": "association.subnet-id", "Values": [state["subnetId"]]}
    for holder in aws.call("ec2", "describe_route_tables", Filters=[by])["RouteTables"]:
        for one in holder["Associations"]:
            if one.get("SubnetId") == state["subnetId"]:
                return str(one["RouteTableAssociationId"])
    return id_


def _change_association(aws: Aws, id_: str, old: Props, new: Props, keys: frozenset[str]) -> None:
    del keys
    aws.call(
        "ec2",
        "replace_route_table_association",
        AssociationId=_association_of(aws, id_, old),
        RouteTableId=new["routeTableId"],
    )


def _drop_association(aws: Aws, id_: str, state: Props) -> None:
    there = _association_of(aws, id_, state)
    aws.call("ec2", "disassociate_route_table", AssociationId=there)


def _make_address(aws: Aws, inputs: Props) -> str:
    page = aws.call(
        "ec2", "allocate_address", **given(inputs, "domain"), **with_tags("elastic-ip", inputs)
    )
    return str(page["AllocationId"])


def _look_at_address(aws: Aws, id_: str, state: Props) -> Props | None:
    del state
    page = aws.ask("ec2", "describe_addresses", AllocationIds=[id_])
    if not page or not page["Addresses"]:
        return None
    address = page["Addresses"][0]
    return {
        **found(address, "domain", "publicIp", "allocationId", "associationId"),
        **found(address, networkInterface="NetworkInterfaceId", privateIp="PrivateIpAddress"),
        "arn": aws.arn("ec2", f"elastic-ip/{id_}"),
        **told(address.get("Tags")),
    }


def _change_address(aws: Aws, id_: str, old: Props, new: Props, keys: frozenset[str]) -> None:
    if "tags" in keys:
        retag(aws, id_, old, new)
    if "networkInterface" in keys:
        if old.get("associationId"):
            aws.ask("ec2", "disassociate_address", AssociationId=old["associationId"])
        to = given(new, networkInterface="NetworkInterfaceId")
        if to:
            aws.call("ec2", "associate_address", AllocationId=id_, **to)


def _drop_address(aws: Aws, id_: str, state: Props) -> None:
    if state.get("associationId") and state.get("networkInterface"):
        aws.ask("ec2", "disassociate_address", AssociationId=state["associationId"])
    aws.call("ec2", "release_address", AllocationId=id_)


def _make_interface(aws: Aws, inputs: Props) -> str:
    page = aws.call(
        "ec2",
        "create_network_interface",
        **given(inputs, "subnetId", "description", securityGroups="Groups"),
        **with_tags("network-interface", inputs),
    )
    return str(page["NetworkInterface"]["NetworkInterfaceId"])


def _look_at_interface(aws: Aws, id_: str, state: Props) -> Props | None:
    del state
    page = aws.ask("ec2", "describe_network_interfaces", NetworkInterfaceIds=[id_])
    if not page or not page["NetworkInterfaces"]:
        return None
    item = page["NetworkInterfaces"][0]
    return {
        **found(item, "subnetId", "sourceDestCheck", "macAddress", "description", "ownerId"),
        **found(item, privateIp="PrivateIpAddress", interfaceType="InterfaceType"),
        "securityGroups": [group["GroupId"] for group in item.get("Groups", [])],
        "arn": aws.arn("ec2", f"network-interface/{id_}"),
        **told(item.get("TagSet")),
    }


def _change_interface(aws: Aws, id_: str, old: Props, new: Props, keys: frozenset[str]) -> None:
    if "tags" in keys:
        retag(aws, id_, old, new)
    asked: list[Props] = []
    if "sourceDestCheck" in keys:
        asked.append({"SourceDestCheck": {"Value": bool(new.get("sourceDestCheck", True))}})
    if "securityGroups" in keys:
        asked.append({"Groups": new.get("securityGroups") or []})
    for each in asked:
        aws.call("ec2", "modify_network_interface_attribute", NetworkInterfaceId=id_, **each)


def _drop_interface(aws: Aws, id_: str, state: Props) -> None:
    del state
    aws.call("ec2", "delete_network_interface", NetworkInterfaceId=id_)


def _make_machine(aws: Aws, inputs: Props) -> str:
    disk = inputs.get("rootBlockDevice") or {}
    held = inputs.get("primaryNetworkInterface")
    asked: dict[str, Any] = given(
        inputs, "instanceType", "subnetId", "userData", "keyName", ami="ImageId"
    )
    if held:
        asked["NetworkInterfaces"] = [
            {"DeviceIndex": 0, "NetworkInterfaceId": held["networkInterfaceId"]}
        ]
    if disk:
        ebs = given(disk, "encrypted", "kmsKeyId", "volumeType", "volumeSize")
        asked["BlockDeviceMappings"] = [{"DeviceName": "/dev/xvda", "Ebs": ebs}]
    if inputs.get("metadataOptions"):
        asked["MetadataOptions"] = given(inputs["metadataOptions"], "httpTokens", "httpEndpoint")
    page = aws.call(
        "ec2", "run_instances", MinCount=1, MaxCount=1, **asked, **with_tags("instance", inputs)
    )
    return str(page["Instances"][0]["InstanceId"])


def _look_at_machine(aws: Aws, id_: str, state: Props) -> Props | None:
    """User data and the disk stay as the state has them."""
    page = aws.ask("ec2", "describe_instances", InstanceIds=[id_])
    items = [item for group in (page or {}).get("Reservations", []) for item in group["Instances"]]
    if not items or items[0]["State"]["Name"] in ("terminated", "shutting-down"):
        return None
    item = items[0]
    kept: Props = {
        name: state[name]
        for name in ("userData", "rootBlockDevice", "primaryNetworkInterface", "metadataOptions")
        if name in state
    }
    return {
        **kept,
        **found(item, "instanceType", "subnetId", "keyName", ami="ImageId"),
        **found(item, privateIp="PrivateIpAddress", publicIp="PublicIpAddress"),
        "instanceState": item["State"]["Name"],
        "arn": aws.arn("ec2", f"instance/{id_}"),
        **told(item.get("Tags")),
    }


def _change_machine(aws: Aws, id_: str, old: Props, new: Props, keys: frozenset[str]) -> None:
    if "tags" in keys:
        retag(aws, id_, old, new)
    if "instanceType" in keys:
        aws.call("ec2", "stop_instances", InstanceIds=[id_])
        value = {"Value": new["instanceType"]}
        aws.call("ec2", "modify_instance_attribute", InstanceId=id_, InstanceType=value)
        aws.call("ec2", "start_instances", InstanceIds=[id_])
    if "metadataOptions" in keys:
        asked = given(new.get("metadataOptions") or {}, "httpTokens", "httpEndpoint")
        aws.call("ec2", "modify_instance_metadata_options", InstanceId=id_, **asked)


def _drop_machine(aws: Aws, id_: str, state: Props) -> None:
    del state
    aws.call("ec2", "terminate_instances", InstanceIds=[id_])


KINDS: Final[Mapping[str, Kind]] = {
    "aws:ec2/routeTable:RouteTable": in_ec2(
        "Route Table",
        "route-table",
        create="create_route_table",
        made="RouteTable",
        id_field="RouteTableId",
        describe="describe_route_tables",
        pages="RouteTables",
        delete="delete_route_table",
        takes=("vpcId",),
        tells=("vpcId", "ownerId"),
        computed=("ownerId",),
    ),
    "aws:ec2/route:Route": Kind(
        what="Route in Route Table",
        name="routeTableId",
        make=_make_route,
        look=_look_at_route,
        drop=_drop_route,
        change=_change_route,
        computed=frozenset({"state", "origin", "instanceId"}),
    ),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": Kind(
        what="Route Table Association",
        make=_make_association,
        look=_look_at_association,
        drop=_drop_association,
        change=_change_association,
    ),
    "aws:ec2/eip:Eip": Kind(
        what="EC2 EIP",
        make=_make_address,
        look=_look_at_address,
        drop=_drop_address,
        change=_change_address,
        settles=frozenset({"networkInterface"}),
        computed=names("arn", "publicIp", "allocationId", "associationId", "privateIp"),
    ),
    "aws:ec2/networkInterface:NetworkInterface": Kind(
        what="EC2 Network Interface",
        make=_make_interface,
        look=_look_at_interface,
        drop=_drop_interface,
        change=_change_interface,
        settles=frozenset({"sourceDestCheck"}),
        defaults={"sourceDestCheck": True},
        computed=names("arn", "macAddress", "ownerId", "privateIp"),
    ),
    "aws:ec2/instance:Instance": Kind(
        what="EC2 Instance",
        make=_make_machine,
        look=_look_at_machine,
        drop=_drop_machine,
        change=_change_machine,
        defaults={"forceDestroy": False, "getPasswordData": False},
        computed=names("arn", "instanceState", "privateIp", "publicIp"),
    ),
}
