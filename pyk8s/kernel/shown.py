"""What was planned beside what a kernel has, whichever part of it: lines by place, and every difference. Pure.

A place is a chain, a map, a set, the routes: whatever holds lines. Each part of the kernel makes its own lines (the
modules `shown` of iptables, nftables, ipvs, route); how they are compared is the same for all.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["same", "missing", "surplus", "changed"]


@dataclass(frozen=True, slots=True)
class Line:
    """One rule, element, server or route. `text` is what a person reads, as the kernel's own tools write it; `meaning`
    what is compared; `packets` how many met it, None where nobody counts. Lines with a `key` are found by it in their
    place, those without by their order. `step` is what a walk through the rules calls it, "" when no walk names it."""

    text: str
    meaning: Hashable
    packets: int | None = None
    key: Hashable = None
    step: str = ""


Shown: TypeAlias = Mapping[str, tuple[Line, ...]]
"""Lines by place."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line that is `planned` beside the one that is `found`; one of them is "" when there is none. `packets` are what
    the found one has counted."""

    kind: Kind
    place: str
    planned: str = ""
    found: str = ""
    packets: int | None = None


def beside(planned: Shown, found: Shown) -> Iterator[Row]:
    """Every line, in the order of the plan's places, then of those that nobody planned."""
    for place in dict.fromkeys([*planned, *found]):
        wanted, held = planned.get(place, ()), found.get(place, ())
        yield from _keyed(place, wanted, held)
        yield from _ordered(place, _unkeyed(wanted), _unkeyed(held))


def compare(planned: Shown, found: Shown) -> tuple[Row, ...]:
    """Every difference."""
    return tuple(row for row in beside(planned, found) if row.kind != "same")


def _unkeyed(lines: tuple[Line, ...]) -> list[Line]:
    return [each for each in lines if each.key is None]


def _row(place: str, planned: Line | None, found: Line | None) -> Row:
    if found is None:
        return Row("missing", place, planned=planned.text if planned else "")
    if planned is None:
        return Row("surplus", place, found=found.text, packets=found.packets)
    kind: Kind = "same" if planned.meaning == found.meaning else "changed"
    return Row(kind, place, planned.text, found.text, found.packets)


def _keyed(place: str, planned: tuple[Line, ...], found: tuple[Line, ...]) -> Iterator[Row]:
    wanted = {each.key: each for each in planned if each.key is not None}
    held = {each.key: each for each in found if each.key is not None}
    for key in dict.fromkeys([*wanted, *held]):
        yield _row(place, wanted.get(key), held.get(key))


def _ordered(place: str, planned: list[Line], found: list[Line]) -> Iterator[Row]:
    matcher = SequenceMatcher(None, [each.meaning for each in planned], [each.meaning for each in found], False)
    for _, first, last, begin, end in matcher.get_opcodes():
        for wanted, held in zip_longest(planned[first:last], found[begin:end]):
            yield _row(place, wanted, held)


def packets_by_step(planned: Shown, found: Shown) -> dict[str, int | None]:
    """How often what each planned line is in the kernel was met, by the line's `step`: None for one that is there and
    counts nothing. A line that is not there has no entry."""
    counted: dict[str, int | None] = {}
    for place, lines in planned.items():
        held = {(each.key, each.meaning): each.packets for each in found.get(place, ())}
        for line in lines:
            if line.step and (line.key, line.meaning) in held:
                counted[line.step] = held[line.key, line.meaning]
    return counted
