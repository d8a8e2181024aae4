"""The most usual errors of AWS: how to know them, the likely cause, what a person can do.

The first row that fits counts, so the narrower stand before the wider. Causes have no full stop at
their end, remedies neither. ``{subject}`` is the declaration or resource; other names in braces
are groups of the pattern.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """``code`` is a stable word for programs. The pattern is searched in the cleaned message."""

    code: str
    pattern: re.Pattern[str]
    cause: str
    remedy: str


def _row(code: str, pattern: str, cause: str, remedy: str) -> Row:
    return Row(code=code, pattern=re.compile(pattern), cause=cause, remedy=remedy)


_ACTION: Final = r"not authorized to perform:? (?P<action>[\w-]+:\w+)"

_CREDENTIALS: Final = (
    _row(
        "no-credentials",
        r"(?i)no valid credential sources|no EC2 IMDS role found|NoCredentialProviders",
        "no credentials for AWS were found in this environment",
        "sign in (`aws sso login`, `aws configure`), or set AWS_PROFILE; "
        "`aws sts get-caller-identity` shows who you are",
    ),
    _row(
        "credentials-expired",
        r"\bExpiredToken|\bRequestExpired\b|security token included in the request is expired",
        "the credentials were good for a time, and that is over",
        "sign in again (`aws sso login`, or whatever hands out your credentials), then try again",
    ),
    _row(
        "credentials-invalid",
        r"\b(?:InvalidClientTokenId|UnrecognizedClientException|SignatureDoesNotMatch"
        r"|InvalidSignatureException|InvalidAccessKeyId|IncompleteSignature|AuthFailure)\b"
        r"|Invalid credentials configured",
        "AWS does not know these credentials: mistyped, deleted, of another partition, of a region "
        "that the account has not switched on, or this machine's clock is wrong",
        "see what `aws sts get-caller-identity` says with the same AWS_PROFILE and region, and "
        "compare the machine's time",
    ),
)

_RIGHTS: Final = (
    _row(
        "forbidden-by-organization",
        _ACTION + r".*explicit deny in an? (?:service|resource) control policy",
        "a policy of the AWS Organization forbids {action} in this account or region; no right "
        "within the account helps",
        "ask whoever runs the organization to allow {action} here, or use a region and account in "
        "which it is allowed",
    ),
    _row(
        "service-linked-role",
        r"(?i)permission to create service[- ]linked role|unable to create the resource\. Verify",
        "the first database or cache of an account needs a role that AWS makes for itself, and it "
        "could not be made, or is not known everywhere yet",
        "allow iam:CreateServiceLinkedRole to these credentials, or let an administrator run "
        "`aws iam create-service-linked-role --aws-service-name rds.amazonaws.com` (for caches "
        "elasticache.amazonaws.com); then try again after a minute",
    ),
    _row(
        "account-not-verified",
        r"account must be verified before you can add new (?P<what>\w+)",
        "AWS lets new accounts make no {what} resources until it has looked at them",
        "open a free case with AWS Support (Account and billing) and paste this message; until "
        "then a bucket that is not public needs no CloudFront",
    ),
    _row(
        "access-denied",
        _ACTION,
        "these credentials lack the permission {action}",
        "allow {action} to them (`aws sts get-caller-identity` shows who they are), then try again",
    ),
    _row(
        "key-not-usable",
        r"\bKMS\w*(?:NotAccessible|AccessDenied|NotFound|Disabled|InvalidState)\w*"
        r"|\bKMSInvalidState\b|(?i:KMS key\b.{0,200}(?:pending deletion|disabled|does not exist"
        r"|not accessible|isn't accessible))",
        "the KMS key cannot be used: another region's or account's, switched off, to be deleted, "
        "or its policy does not admit who uses it",
        "compare `key` in encore.infra.yaml with `aws kms describe-key`, and the key's policy with "
        "the statements in docs/aws.md (A key of your own)",
    ),
    _row(
        "access-denied-unsaid",
        r"\b(?:AccessDenied(?:Exception)?|UnauthorizedOperation|AuthorizationError"
        r"|AuthorizationErrorException|Forbidden)\b",
        "these credentials lack a permission that AWS does not name",
        "look in CloudTrail's event history for the call with this error: it names the action; "
        "allow it, then try again",
    ),
    _row(
        "service-not-activated",
        r"\bOptInRequired\b|\bSubscriptionRequired|needs a subscription for the service",
        "this account may not use the service yet: it is new, its payment is not settled, or the "
        "region is not switched on",
        "finish the account's registration and look at Account > AWS Regions in the console; a new "
        "account can take a day",
    ),
)

_LIMITS: Final = (
    _row(
        "throttled",
        r"\b(?:Throttling\w*|Throttled\w*|RequestLimitExceeded|TooManyRequests\w*|SlowDown"
        r"|RequestThrottled\w*|PriorRequestNotComplete)\b|Rate exceeded",
        "more calls a second than AWS takes from this account, by this command and by others",
        "try again: it goes on from there; if it happens often, do not apply several "
        "environments at once",
    ),
    _row(
        "free-plan",
        r"(?i)free plan account|free tier (?:account|restriction)|FreeTierRestriction",
        "the account is on AWS's free plan, which allows few servers and small sizes alone",
        "upgrade the account's plan (Billing > Free Tier), or delete servers that are not needed; "
        "`databases.layout: shared` needs one for all databases",
    ),
    _row(
        "address-limit",
        r"\bAddressLimitExceeded\b",
        "all fixed addresses (Elastic IPs) that the region allows are in use; five, unless you "
        "asked for more",
        "release those that hang on nothing, ask for more (Service Quotas, EC2-VPC Elastic IPs), "
        "or need fewer: `network.nat: gateway` and `instance` take one, `none` takes none",
    ),
    _row(
        "vpc-limit",
        r"\bVpcLimitExceeded\b",
        "the region has as many networks (VPCs) as it allows; five, unless you asked for more",
        "delete one that is not used, ask for more (Service Quotas, VPCs per Region), or name one "
        "that is there: `network.vpc`",
    ),
    _row(
        "iam-limit",
        r"Cannot exceed quota for (?P<what>\w+): (?P<limit>\d+)",
        "IAM allows no more than {limit} for {what}, and {subject} needs more",
        "`containers.layout: per-service` gives each service a role of its own, with fewer "
        "permissions each; PoliciesPerRole can be raised in Service Quotas, PolicySize cannot",
    ),
    _row(
        "quota",
        r"\b(?P<what>\w*(?:LimitExceeded|QuotaExceeded|QuotaForCustomerExceeded"
        r"|ServiceQuotaExceeded)\w*|TooMany[A-Z]\w*)\b",
        "a quota of this account in this region is used up ({what})",
        "delete what is not needed, or ask for more in Service Quotas, in the region of this "
        "environment",
    ),
    _row(
        "no-capacity",
        r"\bInsufficient\w*Capacity\w*",
        "AWS has no machine of this size free in these zones now, or does not offer the size "
        "there at all",
        "try another size (`databases.size`, `caches.size`), or try again later",
    ),
)

_CHOICES: Final = (
    _row(
        "version-not-offered",
        r"Cannot find version (?P<version>[\w.-]*\w) for (?P<engine>[\w-]+)",
        "{engine} {version} is not offered in this region, or not any more",
        "choose another version in encore.infra.yaml (`databases.version`); "
        "`aws rds describe-db-engine-versions --engine {engine}` lists them",
    ),
    _row(
        "size-not-offered",
        r"does not support creating a DB instance with the following combination: "
        r"DBInstanceClass=(?P<size>[\w.-]+), Engine=(?P<engine>[\w-]+)"
        r", EngineVersion=(?P<version>[\w.]*\w)",
        "this region has no {size} for {engine} {version}",
        "choose another `databases.size` or `databases.version`; `aws rds "
        "describe-orderable-db-instance-options --engine {engine}` lists what goes together",
    ),
    _row(
        "unknown-principal",
        r"\bMalformedPolicy(?:Document)?\w*: Invalid principal|Invalid principal in policy",
        "the policy names a role or account that AWS does not know: one made seconds ago is not "
        "known everywhere at once, one that was deleted never again",
        "try again; if it stays, look for a wrong account or role in `adopt`, `trust` and `key`",
    ),
)

_NAMES: Final = (
    _row(
        "bucket-name-taken",
        r"\bBucketAlreadyExists\b",
        "somebody else in the world has a bucket of this name",
        "give the environment another `id` in encore.infra.yaml, if nothing of it exists yet: "
        "names of buckets hold it",
    ),
    _row(
        "snapshot-exists",
        r"\bDB(?:Cluster)?SnapshotAlreadyExists\w*\b(?:.*identifier \"?(?P<name>[\w-]+))?",
        "a final snapshot of this name is there from an earlier deletion, and it is never "
        "overwritten: {name}",
        "look whether anybody needs it; if not, `aws rds delete-db-snapshot "
        "--db-snapshot-identifier {name}`, then go on",
    ),
    _row(
        "secret-being-deleted",
        r"already scheduled for deletion|scheduled for deletion",
        "a secret of this name was deleted, and its name is taken until its recovery window ends",
        "bring it back with `aws secretsmanager restore-secret` and `adopt` it, or end it "
        "for good with `aws secretsmanager delete-secret --force-delete-without-recovery`; "
        "`secrets.recovery_days: 0` has no window",
    ),
    _row(
        "too-soon",
        r"\bQueueDeletedRecently\b|must wait 60 seconds after deleting a queue"
        r"|conflicting conditional operation is currently in progress",
        "something of this name was deleted just now, and AWS needs time until it is free: a queue "
        "a minute, a bucket up to an hour",
        "wait, then try again",
    ),
    _row(
        "exists-already",
        r"\b(?P<what>\w*AlreadyExists\w*|BucketAlreadyOwnedByYou|ResourceExistsException"
        r"|QueueNameExists|QueueAlreadyExists|InvalidGroup\.Duplicate|RouteAlreadyExists"
        r"|ResourceConflictException)",
        "something of this name is in the account and not in the state: an apply that was cut off, "
        "a state that was lost, or made by hand ({what})",
        "if it is this environment's and may go, delete it and apply again; if its content "
        "matters, name it under `adopt`",
    ),
)

_REMOVALS: Final = (
    _row(
        "protected",
        r"Cannot delete protected|cannot be deleted because it is protected"
        r"|(?i:deletion protection (?:is )?enabled)",
        "{subject} is protected against deletion, as everything that holds data in production is",
        "set `protect: false` for it in encore.infra.yaml and apply; then it can be deleted",
    ),
    _row(
        "bucket-not-empty",
        r"\bBucketNotEmpty\b",
        "S3 deletes no bucket that holds objects or old versions of them",
        "empty it, or set `buckets.empty_on_destroy: true` and apply first: the deletion goes by "
        "what was applied last",
    ),
    _row(
        "still-in-use",
        r"\bDependencyViolation\b|\bis currently in use\b|\bis still using it\b"
        r"|\bare still members of\b|\bDeleteConflict\b|\bResourceInUse\w*",
        "something still hangs on it: network interfaces of a function go up to 40 minutes after "
        "it, and what was made by hand goes never",
        "wait and run it again; `aws ec2 describe-network-interfaces` shows what is in a network "
        "or a security group",
    ),
)

_WAITING: Final = (
    _row(
        "took-too-long",
        r"timeout while waiting for (?:state|resource)\b(?:.*last state: '(?P<state>[^']*)')?"
        r"(?:.*timeout: (?P<time>\w+))?",
        "AWS was not ready within the time that is waited (last state: {state}); it may still "
        "become ready",
        "look at {subject} in the console, then try again: what became ready meanwhile is taken",
    ),
    _row(
        "went-wrong",
        r"unexpected state '(?P<state>[^']*)', wanted target",
        "AWS began to make {subject} and gave up: its state is {state}",
        "its events in the console say why; the next apply makes it anew",
    ),
    _row(
        "plugin-ended",
        r"\berror reading from server\b|\btransport: Error while dialing: dial tcp "
        r"(?:127\.0\.0\.1|\[::1\])"
        r"|\btransport is closing\b|\bresource monitor shut down\b",
        "Pulumi's plugin for AWS ended in the middle: killed, by somebody or for want of memory, "
        "or it crashed; what it was at may be done",
        "try again; if it happens again, look whether this machine has memory to spare: the "
        "plugin takes about a GiB",
    ),
    _row(
        "no-network",
        r"\bno such host\b|\bdial tcp\b|\bi/o timeout\b|connection (?:refused|reset)"
        r"|TLS handshake timeout|network is unreachable|request send failed|\bx509:",
        "this machine does not reach AWS: no network, a proxy or VPN between, or a region that "
        "does not exist",
        "check the network, HTTPS_PROXY and `region`, then try again",
    ),
)

ROWS: Final[tuple[Row, ...]] = (
    *_CREDENTIALS,
    *_LIMITS,
    *_RIGHTS,
    *_CHOICES,
    *_NAMES,
    *_REMOVALS,
    *_WAITING,
)
