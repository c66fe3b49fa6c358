"""A table planned, and a table read from a kernel with its counters, as lines that can be compared. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from pyk8s.kernel.nftables.text import render_element, render_rule
from pyk8s.kernel.nftables.values import Chain, Family, Held, Key, Map, Set
from pyk8s.kernel.shown import Line, Shown


def lines(held: Held, family: Family, counts: Mapping[str, Mapping[Key, int]] | None = None) -> Shown:
    """The chains, sets and maps of a table. `counts` has the packets that met elements, by map. What packets themselves
    have put into a set is nobody's plan, and left out."""
    counts = counts or {}
    shown: dict[str, tuple[Line, ...]] = {}
    for name, chain in held.chains.items():
        rules = held.rules.get(name, ())
        shown[f"chain {name}"] = (
            _chain(chain),
            *(Line(render_rule(each, family), each, step=f"{name}: {render_rule(each, family)}") for each in rules),
        )
    for name, made in held.sets.items():
        shown[f"{type(made).__name__.lower()} {name}"] = (_set(made), *_elements(held, made, counts.get(name, {})))
    return shown


def _chain(chain: Chain) -> Line:
    hook = chain.hook
    said = f" {{ type {hook.type} hook {hook.at} priority {hook.priority} }}" if hook else ""
    return Line(f"chain {chain.name}{said}", hook, key="chain")


def _set(made: Set | Map) -> Line:
    kept = f", kept for {made.seconds} s" if isinstance(made, Set) and made.seconds else ""
    return Line(f"{type(made).__name__.lower()} {made.name}, by {' . '.join(made.key)}{kept}", made, key="set")


def _elements(held: Held, made: Set | Map, packets: Mapping[Key, int]) -> Iterator[Line]:
    if isinstance(made, Set) and made.seconds:
        return
    for key, each in held.elements.get(made.name, {}).items():
        text = render_element(each)
        yield Line(text, replace(each, comment=""), packets.get(key), key=key, step=text)
