"""One call of a function, in a process of its own: what Lambda's runtime for Python does.

Started by ``moto_lambda`` without this project's packages on its path. Arguments: the folder of the
code, the folder with what Lambda brings along (boto3), a file for the answer. On stdin: the event,
what the context says, and which addresses the function's network leads to.
"""

import importlib
import json
import socket
import sys
import time
import traceback
from pathlib import Path
from types import SimpleNamespace


def main() -> int:
    code, brought, answer = sys.argv[1:4]
    sys.path[:0] = [code]
    sys.path.append(brought)
    given = json.load(sys.stdin)
    _fence(given["reachable"])
    deadline = time.monotonic() + given["seconds"]
    context = SimpleNamespace(
        **given["context"],
        get_remaining_time_in_millis=lambda: int((deadline - time.monotonic()) * 1000),
    )
    try:
        module, _, name = given["handler"].rpartition(".")
        found = getattr(importlib.import_module(module), name)(given["event"], context)
        text, code_of_exit = json.dumps(found), 0
    except BaseException as error:  # noqa: BLE001  as Lambda does
        told = {
            "errorMessage": str(error),
            "errorType": type(error).__name__,
            "requestId": given["context"]["aws_request_id"],
            "stackTrace": traceback.format_tb(error.__traceback__),
        }
        text, code_of_exit = json.dumps(told), 1
    Path(answer).write_text(text)
    return code_of_exit


def _fence(reachable: "list[list[object]]") -> None:
    """Security groups drop what they do not let through, so whoever tries waits in vain."""
    allowed = {(host, port) for host, port in reachable}
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: "tuple[object, ...]") -> None:
        if self.family == socket.AF_INET and tuple(address[:2]) not in allowed:
            raise TimeoutError("timed out")
        connect(self, address)

    socket.socket.connect = guarded  # type: ignore[method-assign,assignment]


if __name__ == "__main__":
    sys.exit(main())
