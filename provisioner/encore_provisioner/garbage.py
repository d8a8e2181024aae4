"""Python's search for circles of garbage, and where it does not pay."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


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
