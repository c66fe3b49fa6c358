"""A transaction as nft reads it: a command a line, the elements of one set or map together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import assert_never

from pyk8s.kernel.nftables.values import (
    Action,
    Add,
    Chain,
    ClearMark,
    Delete,
    Destination,
    DestinationLocal,
    Dnat,
    DnatBy,
    Element,
    Family,
    Field,
    Foreign,
    Goto,
    In,
    Invalid,
    Jump,
    Look,
    Map,
    Masquerade,
    Match,
    New,
    Place,
    Protocol,
    Reject,
    Remember,
    Rule,
    Set,
    SetMark,
    Source,
    SourceLocal,
    Spread,
    Table,
    Target,
    Transaction,
    Translated,
    Unmarked,
    Verdict,
    shape,
)

AT_ONCE = 1000
"""Elements in one command: a command is one message to the kernel's memory of a transaction, and messages end."""

COMMENT = 128
"""Characters that a comment may have."""


def render(transaction: Transaction, family: Family, table: str) -> bytes:
    """What nft is to read, in order, to carry out `transaction` in `table`."""
    lines: list[str] = []
    where = f"{family} {table}"
    for (verb, name), actions in groupby(transaction, _kind):
        if name is None:
            lines += [_command(action, family, where) for action in actions]
        else:
            lines += _elements(verb, f"{where} {name}", list(actions))
    return "\n".join([*lines, ""]).encode()


def _kind(action: Action) -> tuple[type[Action], str | None]:
    thing = action.thing
    return type(action), thing.of if isinstance(thing, Element) else None


def _elements(verb: type[Action], target: str, actions: Sequence[Action]) -> Iterator[str]:
    word = "add" if verb is Add else "delete"
    texts = [_element(each.thing, verb is Add) for each in actions if isinstance(each.thing, Element)]
    for start in range(0, len(texts), AT_ONCE):
        yield f"{word} element {target} {{ {', '.join(texts[start : start + AT_ONCE])} }}"


def _element(element: Element, whole: bool) -> str:
    key = " . ".join([str(each) for each in element.key])
    if not whole:
        return key
    said = f" comment {quoted(element.comment)}" if element.comment else ""
    data = element.data
    match data:
        case None:
            return key + said
        case (address, port):
            return f"{key}{said} : {address} . {port}"
        case Goto(chain):
            return f"{key}{said} : goto {chain}"
    return f"{key}{said} : {render_target(data, 'ip')}"


def _command(action: Action, family: Family, where: str) -> str:
    thing = action.thing
    match action:
        case Add(Rule() as rule):
            return f"add rule {where} {rule.chain} {render_rule(rule, family)}"
        case Add(Chain(name, hook)) if hook is not None:
            return f"add chain {where} {name} {{ type {hook.type} hook {hook.at} priority {hook.priority} ; }}"
        case Add(Set() | Map() as held):
            return f"add {_noun(held)} {where} {held.name} {{ {_definition(held, family)} }}"
    verb = {Add: "add", Delete: "delete"}.get(type(action), "flush")
    name = "" if isinstance(thing, Table) else f" {getattr(thing, 'name', '')}"
    return f"{verb} {_noun(thing)} {where}{name}"


def _noun(thing: object) -> str:
    return type(thing).__name__.lower()


def _definition(held: Set | Map, family: Family) -> str:
    made = shape(held, family)
    counter = " counter ;" if isinstance(held, Map) and held.counted else ""
    kept = f" flags dynamic,timeout ; timeout {made.seconds}s ;" if made.seconds else ""
    return f"type {' . '.join(made.types)}{f' : {made.to}' if made.to else ''} ;{kept}{counter}"


def render_rule(rule: Rule, family: Family = "ip") -> str:
    """`rule` without its chain."""
    parts = [_match(match, family) for match in rule.matches]
    if rule.target is not None:
        parts.append(render_target(rule.target, family))
    if rule.comment:
        parts.append(f"comment {quoted(rule.comment)}")
    return " ".join(parts)


def render_element(element: Element) -> str:
    """`element` with its set or map, as a person reads it."""
    return f"@{element.of} {{ {_element(element, True)} }}"


def render_fields(fields: Iterable[Field], family: Family) -> str:
    """The parts of a packet that make up a key."""
    words = {
        "saddr": f"{family} saddr",
        "daddr": f"{family} daddr",
        "l4proto": "meta l4proto",
        "dport": "th dport",
    }
    return " . ".join(words[each] for each in fields)


def _match(match: Match, family: Family) -> str:
    no = "!= " if getattr(match, "negated", False) else ""
    match match:
        case Protocol(name):
            return f"meta l4proto {name}"
        case Source(range_):
            return f"{family} saddr {no}{range_}"
        case Destination(range_):
            return f"{family} daddr {no}{range_}"
        case SourceLocal():
            return f"fib saddr type {no}local"
        case DestinationLocal():
            return f"fib daddr type {no}local"
        case In(fields, name):
            return f"{render_fields(fields, family)} @{name}"
        case Remember(name):
            return f"update @{name} {{ {family} saddr }}"
        case Unmarked(bits):
            return f"meta mark & {bits:#x} == 0"
        case New():
            return "ct state new"
        case Invalid():
            return "ct state invalid"
        case Translated():
            return "ct status dnat"
        case Foreign(text):
            return text
    assert_never(match)


def render_target(target: Target, family: Family) -> str:
    """`target` as nft writes it."""
    match target:
        case Verdict(name):
            return name
        case Jump(chain):
            return f"jump {chain}"
        case Goto(chain):
            return f"goto {chain}"
        case Reject(reset):
            return "reject with tcp reset" if reset else "reject"
        case Masquerade():
            return "masquerade fully-random"
        case SetMark(bits):
            return f"meta mark set meta mark | {bits:#x}"
        case ClearMark(bits):
            return f"meta mark set meta mark & {0xFFFFFFFF ^ bits:#x}"
        case Look(fields, name):
            return f"{render_fields(fields, family)} vmap @{name}"
        case Spread(chains):
            pairs = ", ".join(f"{number} : goto {chain}" for number, chain in enumerate(chains))
            return f"numgen random mod {len(chains)} vmap {{ {pairs} }}"
        case Dnat((only,)):
            return f"dnat to {_place(only)}"
        case Dnat(places):
            pairs = ", ".join(f"{number} : {address} . {port}" for number, (address, port) in enumerate(places))
            return f"dnat {family} addr . port to numgen random mod {len(places)} map {{ {pairs} }}"
        case DnatBy(fields, name):
            return f"dnat {family} to {render_fields(fields, family)} map @{name}"
    assert_never(target)


def _place(place: Place) -> str:
    address, port = place
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def quoted(text: str) -> str:
    """`text` as a comment: nft has no way to write a quotation mark within one, and an end."""
    return '"' + text.replace('"', "'").replace("\n", " ")[:COMMENT] + '"'
