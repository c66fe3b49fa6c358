"""Waits for something in the kernel that nobody tells of, for a bounded time."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(look: Callable[[], T], *, seconds: float = 10.0) -> T:
    """What `look` returns as soon as it is true; fails after `seconds`, with what it saw last."""
    deadline = time.monotonic() + seconds
    while not (seen := look()):
        assert time.monotonic() < deadline, f"still {seen!r} after {seconds} s"
        time.sleep(0.005)
    return seen
