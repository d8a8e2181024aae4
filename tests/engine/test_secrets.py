"""Secrets: given in three ways, and their values looked for wherever commands leave anything.

One app with one of everything that has a secret value, applied once, with Pulumi's engine told to
log all that it can. What the tests do is kept, and searched at the end.
"""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from tests.support.aws_applied import ENVIRONMENT, outputs, small
from tests.support.aws_world import World, arguments
from tests.support.moto_server import REGION
from tests.support.person import person
from tests.support.tool import Result, Tool

ON = ("--env", ENVIRONMENT)
PIPED, FROM_FILE, TYPED = "piped-value-61", "value-of-a-file-62", "typed-value-63"
SET = {PIPED, FROM_FILE, TYPED}


@dataclass(frozen=True, kw_only=True)
class Kept:
    """``shown`` is all that commands printed, ``log`` what the engine wrote beside that,
    ``given`` the arguments of all processes.
    """

    world: World
    tool: Tool
    log: Path
    given: set[str]
    outputs: Any
    shown: list[str] = field(default_factory=list)

    def ok(self, *words: str, stdin: str | None = None) -> Result:
        return self.note(self.tool.ok(*words, *ON, stdin=stdin))

    def note(self, result: Result) -> Result:
        self.shown.append(result.text)
        return result

    def value(self, name: str) -> str:
        """As Secrets Manager has it."""
        arn = self.outputs["variables"][f"INFRA_SECRET_{name}"]
        client = self.world.client("secretsmanager")
        found: str = client.get_secret_value(SecretId=arn)["SecretString"]
        return found


@pytest.fixture(scope="module")
def kept(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    world.forget()
    folder = tmp_path_factory.mktemp("secrets")
    tool = small(world, folder / "small")
    told = tool("secret", "set", "PayKey", *ON, stdin=PIPED)
    assert told.code == 1
    assert f"encore-infra apply --env {ENVIRONMENT}" in told.err
    log = folder / "engine.log"
    with arguments() as given:
        loud = replace(tool, env={**tool.env, "PATH": f"{_loud(world, folder)}:{tool.env['PATH']}"})
        applied = loud.ok("apply", *ON, "--yes")
        found = Kept(world=world, tool=tool, log=log, given=given, outputs=outputs(tool))
        found.note(applied)
        found.note(told)
        found.ok("secret", "set", "PayKey", stdin=f"{PIPED}\n")
    yield found
    world.forget()


def _loud(world: World, folder: Path) -> Path:
    """A CLI of Pulumi that logs everything it can, its plugins' logs too."""
    place = folder / "bin"
    place.mkdir()
    script = place / "pulumi"
    engine, log = shlex.quote(str(world.engine.executable)), shlex.quote(str(folder / "engine.log"))
    script.write_text(
        "#!/bin/bash\n"
        f'exec {engine} "$@" -v=9 --logtostderr --logflow'
        f" 2> >(tee -a {log} | grep --line-buffered -v '^{{' >&2)\n"
    )
    script.chmod(0o755)
    return place


# --- given, listed, taken away --------------------------------------------------------------


def test_a_value_comes_from_a_pipe_a_file_or_a_prompt(kept: Kept, tmp_path: Path) -> None:
    assert kept.value("PayKey") == PIPED
    file = tmp_path / "value"
    file.write_text(f"{FROM_FILE}\n")
    kept.ok("secret", "set", "MailKey", "--file", str(file))
    assert kept.value("MailKey") == FROM_FILE
    with person(kept.tool, "secret", "set", "MailKey", *ON) as someone:
        someone.until("Value of MailKey (not shown): ")
        someone.type(f"{TYPED}\n")
        assert someone.end() == 0
        kept.shown.append(someone.text)
    assert kept.value("MailKey") == TYPED


def test_the_list_says_when_and_for_whom_and_never_what(kept: Kept) -> None:
    listed = kept.ok("secret", "list", "--format", "json").json()["secrets"]
    found = {each["name"]: each for each in listed}
    assert {name: each["services"] for name, each in found.items()} == {
        "MailKey": ["mail"],
        "PayKey": ["orders"],
    }
    assert all(each["set_at"].startswith("20") for each in found.values())
    assert "value" not in json.dumps(found)
    assert "PayKey" in kept.ok("secret", "list").out


def test_what_was_taken_away_is_named_by_the_plan_and_by_doctor(kept: Kept) -> None:
    kept.ok("secret", "rm", "PayKey")
    planned = kept.ok("plan")
    assert f"  encore-infra secret set PayKey --env {ENVIRONMENT}\n" in planned.out
    assert "secret set MailKey" not in planned.out
    assert kept.ok("plan", "--format", "json").json()["missing_secrets"] == ["PayKey"]
    told = kept.note(kept.tool("doctor", *ON))
    assert told.code == 1
    assert "FAIL  secret PayKey" in told.out
    kept.ok("secret", "set", "PayKey", stdin=PIPED)


def test_a_name_that_nobody_declares_is_refused(kept: Kept) -> None:
    told = kept.note(kept.tool("secret", "set", "Paykey", *ON, stdin=PIPED))
    assert told.code == 1
    assert "did you mean `PayKey`?" in told.err


# --- each container knows its own -----------------------------------------------------------


@pytest.mark.parametrize(
    ("service", "variables"),
    [
        (
            "orders",
            {
                *("INFRA_REDIS_fast_PASSWORD", "INFRA_SECRET_PayKey", "INFRA_SERVICE_KEY"),
                "INFRA_SQL_orders_PASSWORD",
            },
        ),
        ("mail", {"INFRA_SECRET_MailKey", "INFRA_SERVICE_KEY"}),
        ("api-gateway", {"INFRA_SERVICE_KEY"}),
    ],
)
def test_the_config_of_a_container_names_its_own_secrets_alone(
    kept: Kept, service: str, variables: set[str]
) -> None:
    config = kept.ok("config", "--service", service, "--format", "infra").json()
    assert set(_references(config)) == variables
    container = kept.outputs["containers"][service]
    assert set(container["secrets"]) == variables
    (definition,) = container["task_definition"]["containerDefinitions"]
    assert {each["name"] for each in definition["secrets"]} == variables


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if set(value) == {"$env"}:
            yield value["$env"]
        for each in value.values():
            yield from _references(each)
    elif isinstance(value, list):
        for each in value:
            yield from _references(each)


# --- looked for -----------------------------------------------------------------------------


def test_no_value_is_anywhere_but_in_secrets_manager(kept: Kept) -> None:
    for words in ("plan --format markdown", "plan --format html", "outputs", "apply --yes"):
        kept.ok(*words.split())
    kept.ok("config", "--service", "orders", "--format", "env")
    values = kept.world.secret_values()
    assert values >= SET, "older versions are searched for, too"
    assert len(values) >= len(SET) + 4, "database, cache, service key, the server's first user"
    assert kept.world.spilled(values, kept.tool.app, kept.log) == []
    shown = "\n".join(kept.shown)
    assert [value for value in values if value in shown] == []
    assert [word for word in kept.given if any(value in word for value in values)] == []


def test_the_search_would_have_found_them(kept: Kept) -> None:
    log = kept.log.read_text(errors="replace")
    assert "RegisterResource" in log, "the engine logged what it did"
    assert "aws:secretsmanager/secret:Secret" in log
    assert any("resource-aws" in word for word in kept.given), "the plugin was seen, too"
    assert any(word == "apply" for word in kept.given)
    assert any("Applied" in text for text in kept.shown)


def test_only_what_stores_a_value_or_lets_somebody_in_is_sent_one(kept: Kept) -> None:
    """Not a function that is called, not a resource that the engine makes."""
    values = [value.encode() for value in kept.world.secret_values()]
    sent = {
        (call.service, call.operation)
        for call in kept.world.aws.calls
        if any(value in call.body for value in values)
    }
    assert sent == {("secretsmanager", "PutSecretValue"), ("elasticache", "ModifyUser")}


def test_the_environment_of_the_function_holds_no_value(kept: Kept) -> None:
    function = kept.outputs["function"]["name"]
    found = kept.world.client("lambda").get_function_configuration(FunctionName=function)
    told = json.dumps(found, default=str)
    assert [value for value in kept.world.secret_values() if value in told] == []


def test_the_state_shows_none_even_to_who_asks_for_secrets(kept: Kept, tmp_path: Path) -> None:
    """Read with the engine alone, as docs/operations.md says."""
    (bucket,) = kept.world.client("s3").list_buckets()["Buckets"]
    listed = kept.world.client("s3").list_objects_v2(Bucket=bucket["Name"])["Contents"]
    prefix = listed[0]["Key"].partition("/.pulumi/")[0]
    done = subprocess.run(
        [
            *(str(kept.world.engine.executable), "stack", "export", "--show-secrets"),
            *("--stack", f"organization/tiny/{ENVIRONMENT}"),
        ],
        env={
            **kept.world.environ,
            "PULUMI_HOME": str(kept.world.pulumi_home),
            "PULUMI_BACKEND_URL": f"s3://{bucket['Name']}/{prefix}?region={REGION}&awssdk=v2",
            "PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER": "true",
        },
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert "aws:rds/instance:Instance" in done.stdout
    assert [value for value in kept.world.secret_values() if value in done.stdout] == []
