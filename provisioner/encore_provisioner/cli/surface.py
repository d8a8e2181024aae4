"""What a caller of the command line can rely on: its commands and its exit codes."""

from __future__ import annotations

OK = 0
FAILED = 1
CHANGES = 2
WRONG_USAGE = 64
INTERRUPTED = 130

COMMANDS = {
    "graph": "show what the app's source declares",
    "validate": "show everything that is wrong in the app's source",
    "plan": "show what apply would change",
    "apply": "create and change what the source declares, write the runtime config",
    "refresh": "ask the cloud what is really there, and remember it",
    "migrate": "run the migrations that have not run, or show how they stand",
    "config": "print the runtime config",
    "doctor": "connect to every resource with the app's own credentials",
    "status": "show what runs",
    "outputs": "show what the last apply learned: endpoints, URLs, ports",
    "stop": "end the servers on this machine, keep the data",
    "destroy": "remove everything of an environment, its data too",
    "secret": "set, list and remove the values of secrets (set, list, rm)",
    "env": "list, add and remove environments (list, new, rm)",
}
