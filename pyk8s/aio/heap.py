"""How often Python looks for garbage: rarely, and never again at what a daemon holds from its start."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

THRESHOLDS = (10_000, 20, 50)
"""Objects made before the youngest generation is looked through; rounds of a generation before the next older one."""


def settle() -> None:
    """Take what is there now (modules, schemas, tables) as lasting, and look less often at what comes.

    A full collection stops the event loop for as long as it takes to visit every object that can be part of a cycle:
    100 ms with the schemas of all kinds in memory. Call it once a daemon serves. Source: Python's gc.freeze.
    """
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)


@contextmanager
def unswept() -> Iterator[None]:
    """Look for no garbage meanwhile: for work that makes very many objects, all of which stay. Half the time of it goes
    into looking otherwise."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
