"""Both encodings of the runtime config as one: the JSON's types, and which topics are ordered.

The JSON cannot say that a topic is ordered or exactly-once, so in it none is (runtime binding
contract, 4.7); the protobuf can.
"""

from __future__ import annotations

from encore_config.infra import InfraConfig
from encore_config.proto.pubsub_pb2 import PubSubTopic
from encore_config.runtime import RuntimeConfig
from encore_config.runtime_inverse import to_infra


def read_config(config: InfraConfig | RuntimeConfig) -> tuple[InfraConfig, frozenset[str]]:
    """The config, and the names of the topics for which the core sends a group id."""
    if isinstance(config, InfraConfig):
        return config, frozenset()
    return to_infra(config).config, frozenset(
        topic.encore_name
        for cluster in config.infra.resources.pubsub_clusters
        for topic in cluster.topics
        if topic.HasField("ordering_attr")
        or topic.delivery_guarantee == PubSubTopic.DELIVERY_GUARANTEE_EXACTLY_ONCE
    )
