"""Steps as the provider aws plans them, for tests of what is shown while they are carried out."""

from __future__ import annotations

from encore_config.plan import DeclarationRef, Op, Step
from encore_config.position import At

URN = "urn:pulumi:production::shop::"
PLACES = {
    "database/orders": At(file="orders/db.ts", line=4, column=19),
    "bucket/receipts": At(file="orders/files.ts", line=2, column=25),
    "topic/events": At(file="events/topic.ts", line=7, column=23),
}


def urn(type_: str, name: str) -> str:
    return f"{URN}{type_}::{name}"


def step(
    type_: str,
    name: str,
    *needs: str,
    op: Op = "create",
    declaration: str | None = None,
) -> Step:
    """``needs`` are URNs. The declaration is the first part of the name, where there is one."""
    declared = declaration or (name.partition("#")[0] if "/" in name else "")
    kind, _, what = declared.partition("/")
    ref = DeclarationRef(kind=kind, name=what, at=PLACES.get(declared)) if declared else None
    return Step(
        op=op,
        type=type_,
        name=name,
        urn=urn(type_, name),
        declaration=ref,
        needs={"": needs} if needs else {},
    )


VPC = step("aws:ec2/vpc:Vpc", "network")
SUBNETS = step("aws:rds/subnetGroup:SubnetGroup", "database#subnets", VPC.urn)
SERVER = step("aws:rds/instance:Instance", "database#server", SUBNETS.urn)
DATABASE = step("encore:sql:LogicalDatabase", "database/orders", SERVER.urn)
NAT = step("aws:ec2/natGateway:NatGateway", "network#nat", VPC.urn)
BUCKET = step("aws:s3/bucket:Bucket", "bucket/receipts")
BUCKET_POLICY = step("aws:s3/bucketPolicy:BucketPolicy", "bucket/receipts#policy", BUCKET.urn)
TOPIC = step("aws:sns/topic:Topic", "topic/events")
SHOP = (VPC, SUBNETS, SERVER, DATABASE, NAT, BUCKET, BUCKET_POLICY, TOPIC)
