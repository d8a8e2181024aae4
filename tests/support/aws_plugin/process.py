"""The plugin's process, as the CLI starts it: it prints its port, and ends with the engine.

The genuine plugin looks every five minutes; this one looks more often, since tests wait for it.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
from concurrent import futures
from typing import Final

import grpc  # type: ignore[import-untyped]
from pulumi.runtime.proto import provider_pb2_grpc
from tests.support.aws_plugin.install import version
from tests.support.aws_plugin.plugin import Plugin
from tests.support.aws_plugin.servicer import Servicer

_AT_ONCE: Final = 32
_EVERY: Final = 1.0
GRACE: Final = 30.0
_LARGEST: Final = 400 * 1024 * 1024
_OPTIONS: Final = (
    ("grpc.max_receive_message_length", _LARGEST),
    ("grpc.max_send_message_length", _LARGEST),
)


def main() -> None:
    """Of the arguments only the engine's address is looked at."""
    address = next(arg for arg in sys.argv[1:] if not arg.startswith("-"))
    plugin = Plugin(os.environ)
    channel = grpc.insecure_channel(address, options=_OPTIONS)
    pool = futures.ThreadPoolExecutor(max_workers=_AT_ONCE)
    server = grpc.server(pool, options=_OPTIONS)
    servicer = Servicer(plugin, version(), channel)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    threading.Thread(target=_end_with, args=(address, plugin), daemon=True).start()
    print(port, flush=True)  # noqa: T201
    server.wait_for_termination()


def _end_with(address: str, plugin: Plugin) -> None:
    """What is in flight is finished first, as the genuine plugin does; a server of gRPC forgets it
    when the other side has gone.
    """
    host, _, port = address.rpartition(":")
    while _answers(host, int(port)):
        time.sleep(_EVERY)
    plugin.finish(GRACE)
    os._exit(0)


def _answers(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=5):
            return True
    except OSError:
        return False
