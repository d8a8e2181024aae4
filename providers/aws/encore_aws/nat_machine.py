"""A small machine that forwards packets to the internet: a tenth of a NAT gateway's price.

In: the subnet it stands in, and the addresses that may send through it. Out: the network interface
that routes lead to. Interface and address are resources of their own, so that the machine can be
replaced, and that the outside sees the same address afterwards. It can fail, and while it is
replaced nothing gets out; AWS restarts it elsewhere by itself when its host fails.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from encore_aws.cloud import ec2, ssm
from encore_aws.stage import Note, Stage

_ANYWHERE: Final = "0.0.0.0/0"
_SIZE: Final = "t4g.nano"
_DISK: Final = 8
"""GiB. The image has 2 of its own, with no room for the swap that its first start needs."""
_IMAGE: Final = "/aws/service/ami-amazon-linux-latest/al2023-ami-minimal-kernel-default-arm64"

SCRIPT: Final = """#!/bin/sh
# Runs once, at the first start; what it writes works at every start.
set -eu
echo 'net.ipv4.ip_forward = 1' > /etc/sysctl.d/90-nat.conf
cat > /etc/nat.nft <<'END'
table ip nat
delete table ip nat
table ip nat {
  chain postrouting {
    type nat hook postrouting priority srcnat;
    ip saddr { @SOURCES@ } masquerade
  }
}
END
cat > /usr/local/sbin/nat <<'END'
#!/bin/sh
# Amazon Linux 2023 comes without nft, and dnf is killed for want of memory on a machine this small.
if ! command -v nft > /dev/null; then
  dd if=/dev/zero of=/swap bs=1M count=1024
  chmod 600 /swap
  mkswap /swap
  swapon /swap
  # The first try may be before there is a way out.
  until dnf install --assumeyes nftables; do sleep 5; done
  swapoff /swap
  rm --force /swap
fi
sysctl --load=/etc/sysctl.d/90-nat.conf
exec nft --file /etc/nat.nft
END
chmod 755 /usr/local/sbin/nat
cat > /etc/systemd/system/nat.service <<'END'
[Unit]
Description=Forwards what the compute subnets send
Wants=network-online.target
After=network-online.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/local/sbin/nat
TimeoutStartSec=infinity
[Install]
WantedBy=multi-user.target
END
systemctl daemon-reload
systemctl enable --now --no-block nat.service
"""


def create(
    subnet: ec2.Subnet,
    outside: ec2.Route,
    stage: Stage,
    *,
    sources: Sequence[str],
    key: str | None,
    tags: Mapping[str, str],
) -> ec2.NetworkInterface:
    """``sources``: CIDR blocks. ``outside``: the subnet's own route to the internet."""
    interface = _interface(subnet, stage, sources, tags)
    name = "network#nat-address"
    address = ec2.Eip(
        name,
        domain="vpc",
        network_interface=interface.id,
        tags=dict(tags),
        opts=stage.options(
            name, _note("the address from which the app calls others"), needs=[outside]
        ),
    )
    image = ssm.get_parameter_output(name=_IMAGE, opts=stage.question)
    name = "network#nat"
    ec2.Instance(
        name,
        ami=image.value,
        instance_type=_SIZE,
        primary_network_interface={"network_interface_id": interface.id},
        metadata_options={"http_tokens": "required", "http_endpoint": "enabled"},
        root_block_device={
            "encrypted": True,
            "kms_key_id": key,
            "volume_type": "gp3",
            "volume_size": _DISK,
        },
        user_data=SCRIPT.replace("@SOURCES@", ", ".join(sources)),
        user_data_replace_on_change=True,
        tags=dict(tags),
        # A newer image replaces no machine that works: every apply would cut the app off. And the
        # provider takes `sourceDestCheck` for a property of the machine too, and would switch it on
        # with the second apply (terraform-provider-aws, issue 44768); it is the interface's alone.
        opts=stage.options(
            name,
            _note("compute's way to the internet"),
            needs=[address],
            ignore=["ami", "sourceDestCheck"],
        ),
    )
    return interface


def _interface(
    subnet: ec2.Subnet, stage: Stage, sources: Sequence[str], tags: Mapping[str, str]
) -> ec2.NetworkInterface:
    name = "network#nat-group"
    group = ec2.SecurityGroup(
        name,
        name=stage.names.name("security-group", "nat"),
        description="Lets the compute subnets out to the internet",
        vpc_id=subnet.vpc_id,
        ingress=[
            {"protocol": "-1", "from_port": 0, "to_port": 0, "cidr_blocks": list(sources)},
        ],
        egress=[{"protocol": "-1", "from_port": 0, "to_port": 0, "cidr_blocks": [_ANYWHERE]}],
        tags=dict(tags),
        opts=stage.options(name, _note("only compute may send through the machine")),
    )
    name = "network#nat-interface"
    return ec2.NetworkInterface(
        name,
        subnet_id=subnet.id,
        security_groups=[group.id],
        # It passes on what is not meant for itself.
        source_dest_check=False,
        tags=dict(tags),
        opts=stage.options(name, _note("what routes lead to, whichever machine it is on")),
    )


def _note(reason: str) -> Note:
    return Note(reason=reason)
