"""Chains planned, and chains as iptables-save prints them with their counters, as lines that can be compared. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from pyk8s.kernel.iptables.text import parse_rule, render_rule
from pyk8s.kernel.iptables.values import BUILT_IN, Chance, Jump, Rule, Tables
from pyk8s.kernel.shown import Line, Shown


@dataclass(frozen=True, slots=True)
class Counted:
    """A rule of a kernel: its text, how many packets met it, and its value if it is made of what we use."""

    text: str
    packets: int
    rule: Rule | None


Seen: TypeAlias = Mapping[str, Mapping[str, tuple[Counted, ...]]]
"""Rules by table and chain."""

_COUNTED = re.compile(r"\[(\d+):\d+\] -A (\S+) ?(.*)")


def read(text: str) -> dict[str, dict[str, tuple[Counted, ...]]]:
    """What `iptables-save --counters` printed."""
    found: dict[str, dict[str, list[Counted]]] = {}
    table = ""
    for line in text.splitlines():
        if line.startswith("*"):
            table = line[1:]
            found[table] = {}
        elif line.startswith(":"):
            found[table].setdefault(line[1:].split(" ", 1)[0], [])
        elif said := _COUNTED.match(line):
            packets, chain, options = said.groups()
            found[table].setdefault(chain, []).append(Counted(options, int(packets), parse_rule(options)))
    return {table: {chain: tuple(rules) for chain, rules in chains.items()} for table, chains in found.items()}


def tables_of(seen: Seen) -> Tables:
    """The rules alone, without those that are made of what we do not know."""
    return {
        table: {chain: tuple(each.rule for each in rules if each.rule is not None) for chain, rules in chains.items()}
        for table, chains in seen.items()
    }


def planned(tables: Tables, jumps: Mapping[tuple[str, str], tuple[Rule, ...]]) -> Shown:
    """The chains of `tables`, and what built-in chains are to have of ours."""
    shown = {
        _place(table, chain): (_chain(chain), *(_line(table, chain, rule) for rule in rules))
        for table, chains in tables.items()
        for chain, rules in chains.items()
    }
    for (table, chain), rules in jumps.items():
        shown[_place(table, chain)] = tuple(_line(table, chain, rule, jump=True) for rule in rules)
    return shown


def found(seen: Seen, ours: Callable[[str, str], bool]) -> Shown:
    """Those chains of a kernel that are `ours` (asked with table and chain), and the jumps to them."""
    shown: dict[str, tuple[Line, ...]] = {}
    for table, chains in seen.items():
        for chain, rules in chains.items():
            if chain in BUILT_IN.get(table, ()):
                lines = tuple(_jumps(table, chain, rules, ours))
                if lines:
                    shown[_place(table, chain)] = lines
            elif ours(table, chain):
                shown[_place(table, chain)] = (_chain(chain), *(_held(chain, each) for each in rules))
    return shown


def _jumps(table: str, chain: str, rules: tuple[Counted, ...], ours: Callable[[str, str], bool]) -> Iterator[Line]:
    for each in rules:
        if each.rule is not None and isinstance(each.rule.target, Jump) and ours(table, each.rule.target.chain):
            yield replace(_line(table, chain, each.rule, jump=True), packets=each.packets)


def _place(table: str, chain: str) -> str:
    return f"{table} {chain}"


def _chain(chain: str) -> Line:
    return Line(f":{chain}", "chain", key="chain")


def _line(table: str, chain: str, rule: Rule, *, jump: bool = False) -> Line:
    text = f"-A {chain} {render_rule(rule)}".rstrip()
    key = rule.target.chain if jump and isinstance(rule.target, Jump) else None
    return Line(text, meaning(rule), key=key, step=f"{table}: -A {chain} {render_rule(rule)}")


def _held(chain: str, each: Counted) -> Line:
    text = f"-A {chain} {each.text}".rstrip()
    return Line(text, meaning(each.rule) if each.rule is not None else each.text, each.packets)


def meaning(rule: Rule) -> Rule:
    """`rule` as it comes back from a kernel: matches in whatever order, chances rounded to its 31 bits."""
    matches = [Chance(round(each.probability, 6)) if isinstance(each, Chance) else each for each in rule.matches]
    return replace(rule, matches=tuple(sorted(matches, key=repr)))
