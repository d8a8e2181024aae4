"""docs/cli.md names every command and option that there is, and none that is not."""

from __future__ import annotations

import argparse
import importlib
import re

import pytest
from tests.support.tool import ROOT

from encore_provisioner.cli.options import parser
from encore_provisioner.cli.surface import COMMANDS

PAGE = (ROOT / "docs" / "cli.md").read_text()
MODULES = {"secret": "secrets", "env": "environments"}
SHARED = {"--help"}


def section(command: str) -> str:
    """The part of the page about one command."""
    found = re.search(rf"^### {command}\b.*?(?=^##)", PAGE, re.MULTILINE | re.DOTALL)
    assert found, command
    return found.group()


def options(of: argparse.ArgumentParser) -> set[str]:
    found: set[str] = set()
    for action in of._actions:  # argparse has no other way to ask
        found |= {o for o in action.option_strings if o.startswith("--")}
        if isinstance(action, argparse._SubParsersAction):
            for sub in action.choices.values():
                found |= options(sub)
    return found - SHARED


def options_of(command: str) -> set[str]:
    module = importlib.import_module(
        f"encore_provisioner.cli.commands.{MODULES.get(command, command)}"
    )
    made = parser(command, "")
    module.configure(made)
    return options(made)


def told_in(text: str) -> set[str]:
    return set(re.findall(r"(?<!-)(--[a-z][a-z-]*)", text))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_is_documented_with_its_command(command: str) -> None:
    assert options_of(command) <= told_in(section(command))


def test_no_option_is_documented_that_does_not_exist() -> None:
    assert told_in(PAGE) <= set().union(*map(options_of, COMMANDS)) | {"--help", "--version"}


def test_every_command_has_a_section() -> None:
    told = re.findall(r"^### ([a-z]+)", PAGE, re.MULTILINE)
    assert sorted(told) == sorted(COMMANDS)
