"""Python's search for circles of garbage, and where it does not pay."""

from __future__ import annotations

import atexit
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache


@contextmanager
def no_collection() -> Iterator[None]:
    """Nobody looks for circles of garbage meanwhile.

    What we make are many small objects that stay to the end and hold no circles: facts of a
    source, Pulumi's modules and resources. Every search looks at all of them and finds none. It
    takes a third of the time of loading Pulumi, half of that of reading a source, three quarters
    of that of recording a program, and more with each resource.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@cache
def none_at_exit() -> None:
    """Nor when this process ends: all its memory goes back at once, and to look through it first
    takes most of a second where Pulumi was loaded. Whatever else happens at an exit still does.
    """
    atexit.register(gc.freeze)
