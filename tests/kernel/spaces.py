"""Network namespaces for tests: names of their own, gone afterwards, also those of a run that was killed."""

import itertools
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pyk8s.kernel.errors import Absent
from pyk8s.kernel.netns.run import observe, run
from pyk8s.kernel.netns.values import Add, Remove, path

PREFIX = "pyk8s-test"
_numbers = itertools.count()


@contextmanager
def spaces(count: int = 1) -> Iterator[list[str]]:
    """The paths of so many fresh namespaces."""
    _sweep()
    names = [f"{PREFIX}-{os.getpid()}-{next(_numbers)}" for _ in range(count)]
    made = []
    try:
        for name in names:
            run((Add(name),))
            made.append(name)
        yield [path(name) for name in names]
    finally:
        for name in made:
            with suppress(Absent):
                run((Remove(name),))


def _sweep() -> None:
    for name in observe():
        owner = name.removeprefix(f"{PREFIX}-").split("-")[0] if name.startswith(PREFIX) else ""
        if owner.isdecimal() and not Path("/proc", owner).exists():
            with suppress(Absent, FileNotFoundError):
                run((Remove(name),))


def inside(netns: str, *command: str, check: bool = True) -> str:
    """What `command` prints in the namespace."""
    words = ["nsenter", f"--net={netns}", *command]
    return subprocess.run(words, capture_output=True, text=True, check=check, timeout=30).stdout
