"""Pulumi's modules for AWS, loaded whole.

They load at their first use, and a second thread that uses them meanwhile finds them half empty;
a program registers its resources from several threads. So each one is used once here. While they
load they warn of old classes that they still hold, whether anybody uses those or not.
"""

from __future__ import annotations

import warnings

import pulumi_aws as root
from pulumi_aws import (
    cloudfront,
    cloudwatch,
    ec2,
    elasticache,
    iam,
    lambda_,
    rds,
    s3,
    secretsmanager,
    sns,
    sqs,
    ssm,
    vpc,
)

__all__ = [
    "cloudfront",
    "cloudwatch",
    "ec2",
    "elasticache",
    "iam",
    "lambda_",
    "rds",
    "root",
    "s3",
    "secretsmanager",
    "sns",
    "sqs",
    "ssm",
    "vpc",
]

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    for _name in __all__:
        getattr(globals()[_name], "__all__", None)
