"""Which runtime config the app would read, and what is said when it cannot."""

from __future__ import annotations

from pathlib import Path

import pytest

from encore_config import runtime
from encore_config.infra import CORS, InfraConfig, Metadata
from encore_config.runtime_map import TopicExtra, from_infra
from encore_provisioner.doctor.encodings import read_config
from encore_provisioner.doctor.inputs import read_inputs
from encore_provisioner.emit import render_env
from encore_provisioner.errors import DoctorError

JSON = b'{"metadata": {"app_id": "by-json"}}'
PACKED = runtime.serialise(from_infra(InfraConfig(metadata=Metadata(app_id="by-protobuf"))))
VALUE = runtime.encode_value(PACKED)


def state(folder: Path, **variables: str) -> Path:
    (folder / "infra.config.json").write_bytes(JSON)
    (folder / "runtime.pb").write_bytes(PACKED)
    named = {name: value.replace("DIR", str(folder)) for name, value in variables.items()}
    (folder / "runtime.env").write_text(render_env(named))
    return folder


SOURCES = {
    "the file": ({"ENCORE_INFRA_CONFIG_PATH": "DIR/infra.config.json"}, "by-json"),
    "the variable": ({"ENCORE_RUNTIME_CONFIG": VALUE}, "by-protobuf"),
    "the raw file": ({"ENCORE_RUNTIME_CONFIG_PATH": "DIR/runtime.pb"}, "by-protobuf"),
    "the file before the variable": (
        {
            "ENCORE_INFRA_CONFIG_PATH": "DIR/infra.config.json",
            "ENCORE_RUNTIME_CONFIG": VALUE,
        },
        "by-json",
    ),
    "the variable before the raw file": (
        {"ENCORE_RUNTIME_CONFIG": VALUE, "ENCORE_RUNTIME_CONFIG_PATH": "DIR/nowhere"},
        "by-protobuf",
    ),
}


@pytest.mark.parametrize(("variables", "app"), SOURCES.values(), ids=SOURCES.keys())
def test_as_the_core_chooses(tmp_path: Path, variables: dict[str, str], app: str) -> None:
    inputs = read_inputs(state(tmp_path, **variables))
    config, ordered = read_config(inputs.config)
    assert config.metadata is not None
    assert (config.metadata.app_id, ordered) == (app, frozenset())
    assert inputs.source in (*inputs.environ, *inputs.environ.values())


FAULTS = {
    "no config": ({"PORT": "1"}, "runtime-config", "leads to no runtime config"),
    "an empty path": ({"ENCORE_INFRA_CONFIG_PATH": ""}, "runtime-config", "cannot read"),
    "a missing file": (
        {"ENCORE_INFRA_CONFIG_PATH": "DIR/gone.json"},
        "runtime-config",
        "gone.json: No such file",
    ),
    "no JSON": ({"ENCORE_INFRA_CONFIG_PATH": "DIR/runtime.env"}, "runtime-config", "strict JSON"),
    "no base64": ({"ENCORE_RUNTIME_CONFIG": "hush!"}, "runtime-config", "ENCORE_RUNTIME_CONFIG: "),
}


@pytest.mark.parametrize(("variables", "code", "message"), FAULTS.values(), ids=FAULTS.keys())
def test_faults(tmp_path: Path, variables: dict[str, str], code: str, message: str) -> None:
    with pytest.raises(DoctorError) as caught:
        read_inputs(state(tmp_path, **variables))
    assert caught.value.code == code
    assert message in caught.value.message
    assert caught.value.hint
    assert "hush" not in caught.value.message


def test_never_applied(tmp_path: Path) -> None:
    with pytest.raises(DoctorError) as caught:
        read_inputs(tmp_path)
    assert caught.value.code == "not-applied"
    assert "encore-infra apply" in (caught.value.hint or "")


def test_a_damaged_file(tmp_path: Path) -> None:
    (tmp_path / "runtime.env").write_text("A='hush")
    with pytest.raises(DoctorError) as caught:
        read_inputs(tmp_path)
    assert caught.value.code == "runtime-env"
    assert "line 1" in caught.value.message
    assert "hush" not in caught.value.message


def test_values_stay_out_of_repr(tmp_path: Path) -> None:
    folder = state(tmp_path, ENCORE_RUNTIME_CONFIG=VALUE, INFRA_SECRET_X="hush")
    assert "hush" not in repr(read_inputs(folder))


def test_ordered_topics_are_told_by_the_protobuf() -> None:
    from encore_config.infra import AWSSnsSqs, AWSTopic

    topics = {name: AWSTopic(arn=f"arn:{name}") for name in ("a", "b", "c")}
    config = InfraConfig(cors=CORS(), pubsub=(AWSSnsSqs(topics=topics),))
    extras = {
        "a": TopicExtra(ordering_attribute="account"),
        "b": TopicExtra(delivery="exactly-once"),
    }
    assert read_config(from_infra(config, topics=extras))[1] == {"a", "b"}
    assert read_config(config)[1] == frozenset()


def test_a_protobuf_that_the_core_would_not_boot_with() -> None:
    message = runtime.RuntimeConfig()
    cluster = message.infra.resources.sql_clusters.add(rid="c")
    cluster.servers.add(rid="s", host="h")
    cluster.databases.add(rid="d", encore_name="d", cloud_name="d").conn_pools.add(role_rid="gone")
    with pytest.raises(DoctorError) as caught:
        read_config(message)
    assert caught.value.code == "runtime-config"
