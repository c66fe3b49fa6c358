"""Tests shared among machines: who runs what, and what came of it. Values and functions of values."""

from __future__ import annotations

import json
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

BATCH = 24
"""Tests that a machine takes at most at once: neighbours of one file, which share what is set up for them."""


def batches(tests: Sequence[str], largest: int = BATCH) -> list[list[int]]:
    """The indexes of `tests` (pytest's names, in its order) in batches that never mix files."""
    made: list[list[int]] = []
    for _, group in groupby(enumerate(tests), key=lambda pair: pair[1].split("::", 1)[0]):
        indexes = [index for index, _ in group]
        made += [indexes[start : start + largest] for start in range(0, len(indexes), largest)]
    return made


@dataclass(slots=True)
class Tally:
    """How the tests ended, by name: the worst that was told of each counts."""

    outcomes: dict[str, str] = field(default_factory=dict)
    reasons: Counter[str] = field(default_factory=Counter)
    seconds: dict[str, float] = field(default_factory=dict)

    def add(self, test: str, outcome: str, why: str = "", seconds: float = 0.0) -> None:
        """One report of a test: "passed", "failed" or "skipped"; "" says only how long a part of it took."""
        self.seconds[test] = self.seconds.get(test, 0.0) + seconds
        if not outcome or self.outcomes.get(test) == "failed":
            return
        self.outcomes[test] = outcome
        if outcome == "skipped":
            self.reasons[why.removeprefix("Skipped: ")] += 1

    def count(self, outcome: str) -> int:
        """How many ended so."""
        return sum(1 for ended in self.outcomes.values() if ended == outcome)

    def longest(self, count: int) -> list[tuple[str, float]]:
        """The files whose tests took longest, with their seconds."""
        files: dict[str, float] = {}
        for test, seconds in self.seconds.items():
            file = test.split("::", 1)[0]
            files[file] = files.get(file, 0.0) + seconds
        return sorted(files.items(), key=lambda pair: pair[1], reverse=True)[:count]

    def line(self) -> str:
        """The last line of a run."""
        skipped = f", {self.count('skipped')} skipped" if self.count("skipped") else ""
        return f"{self.count('passed')} passed, {self.count('failed')} failed{skipped}"


class Deal:
    """Hands the same list of tests out to several machines and keeps the tally."""

    def __init__(self) -> None:
        self.tally = Tally()
        self.tests: list[str] | None = None
        self.under_way: dict[str, str] = {}
        self._left: deque[list[int]] = deque()
        self._held: dict[str, list[int]] = {}

    def hear(self, machine: str, line: str) -> str | None:
        """Take one line that a machine said; what to answer, None when nothing.

        Raises ValueError when it is no word of the plugin, or the machine has other tests than the rest.
        """
        said: dict[str, Any] = json.loads(line)
        if not isinstance(said, dict):
            raise ValueError(f"not a word of the plugin: {line}")
        if "begun" in said:
            self.under_way[machine] = said["begun"]
            return None
        if "test" in said:
            self.tally.add(said["test"], said["outcome"], said["why"], said["seconds"])
            return None
        if "collected" in said:
            self._begin(machine, said["collected"])
        self._held[machine] = self._left.popleft() if self._left else []
        return json.dumps(self._held[machine]) + "\n"

    def held(self, machine: str) -> list[str]:
        """The tests that a machine was handed last."""
        return [(self.tests or [])[index] for index in self._held.get(machine, [])]

    def lost(self, machine: str) -> list[str]:
        """A machine ended too early: what it held and had not told of counts as failed."""
        silent = [test for test in self.held(machine) if test not in self.tally.outcomes]
        self._held.pop(machine, None)
        for test in silent:
            self.tally.add(test, "failed")
        return silent

    def close(self) -> list[str]:
        """Nobody is left: what was not handed out counts as failed."""
        rest = [(self.tests or [])[index] for batch in self._left for index in batch]
        self._left.clear()
        for test in rest:
            self.tally.add(test, "failed")
        return rest

    def _begin(self, machine: str, tests: list[str]) -> None:
        if self.tests is None:
            self.tests = tests
            self._left = deque(batches(tests))
        elif self.tests != tests:
            raise ValueError(f"{machine} collected other tests than the machine before it")
