"""Pulumi alone on the same program: ``python -m bench.engine_bare preview|up FILE``.

``FILE`` is a pickled :class:`Case`. Python starts, makes the program and serves it to one process
of the CLI, which is what the least caller of Pulumi's Automation API does; nothing is read of what
it tells. ``up`` has its preview first, as a person's ``pulumi up --yes`` has.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from concurrent import futures
from dataclasses import dataclass, field
from pathlib import Path

from encore_aws.given import Given
from encore_aws.naming import Names
from encore_config.environment import Environment
from encore_config.graph import Graph


@dataclass(frozen=True, kw_only=True)
class Case:
    """``variables`` are those of the CLI beside the process's own."""

    graph: Graph
    environment: Environment
    names: Names
    given: Given
    cli: str
    work: str
    variables: dict[str, str] = field(default_factory=dict)


def run(operation: str, case: Case) -> None:
    """Raises ``CalledProcessError`` where the CLI fails."""
    import grpc  # type: ignore[import-untyped]
    from pulumi.automation._server import LanguageServer
    from pulumi.runtime.proto import language_pb2_grpc

    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(LanguageServer(_program(case)), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yes = ["--yes"] if operation == "up" else []
    subprocess.run(
        [case.cli, "--non-interactive", operation, *yes, f"--client=127.0.0.1:{port}",
         "--exec-kind", "auto.inline", "--stack", case.names.environment],
        cwd=case.work, env={**os.environ, **case.variables}, check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    server.stop(0)


def _program(case: Case):  # type: ignore[no-untyped-def]
    import pulumi

    from encore_aws.program import Program, normalise
    from encore_aws.settings import settings

    chosen = settings(case.environment)
    program = Program(normalise(case.graph, chosen, case.names), chosen, case.names, case.given)

    def exported() -> None:
        for name, value in program().items():
            pulumi.export(name, value)

    return exported


if __name__ == "__main__":
    run(sys.argv[1], pickle.loads(Path(sys.argv[2]).read_bytes()))
    sys.stdout.flush()
    # The engine's threads have nothing more to say.
    os._exit(0)
