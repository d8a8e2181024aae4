"""The examples of docs/diagnostics.md about messages, objects and the network are run."""

from __future__ import annotations

import pytest
from tests.support.aws_program import NAMES
from tests.support.graphs import bucket, graph, subscription, topic
from tests.support.pages import WRONG, apps

from encore_aws.resources import bucket as buckets
from encore_aws.resources import network
from encore_aws.resources import subscription as subscriptions
from encore_aws.resources import topic as topics
from encore_aws.settings import settings
from encore_config.graph import Graph
from encore_config.rules import load
from encore_provisioner.environments import read_environments, resolve

APP = graph(
    topics=(topic("orders"), topic("carts", ordering_attribute="cart")),
    subscriptions=(subscription("orders", "ship"),),
    buckets=(bucket("images", public=True),),
)
CLOSED = graph(topics=APP.topics, subscriptions=APP.subscriptions)
"""Without a public bucket, which China has no CloudFront for."""


@pytest.mark.parametrize(
    ("code", "app"),
    [
        ("E9220", APP),
        ("E9221", APP),
        ("E9222", APP),
        ("E9223", CLOSED),
        ("W9220", APP),
        ("W9222", APP),
        ("W9223", APP),
    ],
)
def test_the_wrong_example_has_this_finding_and_the_right_one_has_it_not(
    code: str, app: Graph
) -> None:
    for version, shown in apps(load()[code], ()).items():
        environment = resolve(read_environments(shown["encore.infra.yaml"].encode()), "production")
        given = settings(environment)
        found = [
            finding.code
            for kind in (topics, subscriptions, buckets, network)
            for finding in kind.findings(app, given, NAMES)
        ]
        assert (code in found) is (version == WRONG), (version, found)


def test_the_statement_that_is_shown_is_the_one_that_is_asked_for() -> None:
    shown = load()["W9221"].markdown
    (statement,) = subscriptions.key_statements(
        APP,
        settings(
            resolve(
                read_environments(
                    b"environments: {production: {region: eu-north-1, "
                    b"key: 'arn:aws:kms:eu-north-1:111122223333:key/1'}}"
                ),
                "production",
            )
        ),
        {"topics": {"orders": "arn", "carts": "arn"}},
    )
    for action in statement["Action"]:
        assert f'"{action}"' in shown
