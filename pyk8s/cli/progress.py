"""Progress of what takes over a second: one line that changes on a terminal, a line a step when piped."""

from __future__ import annotations

import contextlib
import sys
from types import TracebackType
from typing import TextIO


class Progress:
    """`say` the state; the same sentence twice is said once. Leaving the context ends the line."""

    def __init__(self, to: TextIO | None = None) -> None:
        self._to = to or sys.stdout
        self._live = self._to.isatty()
        self._last = ""
        self._open = False

    def say(self, sentence: str, *, done: bool = False) -> None:
        """Show `sentence` in place of the one before; `done` leaves it standing."""
        if sentence == self._last:
            return
        self._last = sentence
        if not self._live:
            self._write(f"{sentence}\n")
        else:
            self._write(f"\r\x1b[K{sentence}" + ("\n" if done else ""))
            self._open = not done

    def _write(self, text: str) -> None:
        # Nobody may be reading any more, as with `| head`: that is no reason to break off the work that is told of.
        with contextlib.suppress(OSError):
            self._to.write(text)
            self._to.flush()

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, why: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._open:
            self._write("\n")
