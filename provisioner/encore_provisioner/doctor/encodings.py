"""Both encodings of the runtime config as one: the JSON's types, and which topics are ordered.

The JSON cannot say that a topic is ordered or exactly-once, so in it none is (runtime binding
contract, 4.7); the protobuf can.
"""

from __future__ import annotations

from encore_config.errors import DocumentError
from encore_config.infra import InfraConfig
from encore_config.proto.pubsub_pb2 import PubSubTopic
from encore_config.runtime import RuntimeConfig
from encore_config.runtime_inverse import to_infra
from encore_provisioner.errors import DoctorError


def read_config(config: InfraConfig | RuntimeConfig) -> tuple[InfraConfig, frozenset[str]]:
    """The config, and the names of the topics for which the core sends a group id.

    Raises ``DoctorError`` for a protobuf that the core would not boot with.
    """
    if isinstance(config, InfraConfig):
        return config, frozenset()
    try:
        plain = to_infra(config).config
    except DocumentError as error:
        raise DoctorError(
            f"the runtime config stops the app: {error}", code="runtime-config", hint=error.hint
        ) from error
    return plain, frozenset(
        topic.encore_name
        for cluster in config.infra.resources.pubsub_clusters
        for topic in cluster.topics
        if topic.HasField("ordering_attr")
        or topic.delivery_guarantee == PubSubTopic.DELIVERY_GUARANTEE_EXACTLY_ONCE
    )
