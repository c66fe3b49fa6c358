"""A transaction as iptables-restore reads it, and a table as iptables-save prints it."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator

from pyk8s.kernel.iptables.values import (
    BUILT_IN,
    Action,
    Append,
    Chance,
    Connection,
    Delete,
    Destination,
    DestinationLocal,
    DestinationPort,
    Dnat,
    In,
    Insert,
    InSet,
    Jump,
    MarkBySet,
    Marked,
    Masquerade,
    Match,
    Out,
    Protocol,
    Put,
    Reject,
    Remember,
    Remove,
    Rule,
    SeenWithin,
    SetMark,
    Source,
    SourceLocal,
    Tables,
    Target,
    Transaction,
    Verdict,
    Withdraw,
)


def render(transaction: Transaction) -> bytes:
    """The restore text of `transaction`, a section for each table in the order they first appear.

    Within a section: chains are declared (which empties them), rules follow in order, chains are removed last.
    """
    sections: dict[str, list[Action]] = {}
    for action in transaction:
        sections.setdefault(action.table, []).append(action)
    lines = [line for table, actions in sections.items() for line in _render_section(table, actions)]
    return "\n".join([*lines, ""]).encode() if lines else b""


def render_rule(rule: Rule) -> str:
    """The options of `rule`, without the chain."""
    parts = [_render_match(match) for match in rule.matches]
    if rule.comment:
        escaped = rule.comment.replace("\\", "\\\\").replace('"', '\\"')
        parts.append(f'-m comment --comment "{escaped}"')
    if rule.target is not None:
        parts.append(_render_target(rule.target))
    return " ".join(parts)


def _render_section(table: str, actions: list[Action]) -> Iterator[str]:
    yield f"*{table}"
    # iptables-nft 1.8 keeps its chains sorted by name and looks for a new one's place from the front: the last one
    # first, 30,000 chains cost it 8 s, in any other order up to 45 s.
    declared = {action.chain for action in actions if isinstance(action, Put | Remove)}
    for chain in sorted(declared, reverse=True):
        yield f":{chain} {'ACCEPT' if chain in BUILT_IN.get(table, ()) else '-'} [0:0]"
    for action in actions:
        match action:
            case Put(_, chain, rules):
                for rule in rules:
                    yield f"-A {chain} {render_rule(rule)}"
            case Insert(_, chain, rule, position):
                yield f"-I {chain} {position} {render_rule(rule)}"
            case Append(_, chain, rule):
                yield f"-A {chain} {render_rule(rule)}"
            case Delete(_, chain, position):
                yield f"-D {chain} {position}"
            case Withdraw(_, chain, rule):
                yield f"-D {chain} {render_rule(rule)}"
    for action in actions:
        if isinstance(action, Remove):
            yield f"-X {action.chain}"
    yield "COMMIT"


def _render_match(match: Match) -> str:
    negation = "! " if getattr(match, "negated", False) else ""
    match match:
        case Protocol(name):
            return f"-p {name}"
        case Source(range_):
            return f"{negation}-s {range_}"
        case Destination(range_):
            return f"{negation}-d {range_}"
        case In(link):
            return f"{negation}-i {link}"
        case Out(link):
            return f"{negation}-o {link}"
        case DestinationPort(protocol, port):
            return f"-m {protocol} --dport {port}"
        case DestinationLocal():
            return f"-m addrtype {negation}--dst-type LOCAL"
        case SourceLocal():
            return f"-m addrtype {negation}--src-type LOCAL"
        case Marked(value, mask):
            return f"-m mark {negation}--mark {value:#x}/{mask:#x}"
        case Chance(probability):
            return f"-m statistic --mode random --probability {probability:.10f}"
        case SeenWithin(name, seconds):
            return f"-m recent --rcheck --seconds {seconds} --reap --name {name}"
        case Remember(name):
            return f"-m recent --set --name {name}"
        case Connection(states):
            return f"-m conntrack {negation}--ctstate {','.join(states)}"
        case InSet(name, directions):
            return f"-m set {negation}--match-set {name} {directions}"


def _render_target(target: Target) -> str:
    match target:
        case Verdict(name):
            return f"-j {name}"
        case Jump(chain):
            return f"-j {chain}"
        case Reject(kind):
            return f"-j REJECT --reject-with {kind}"
        case Masquerade(random):
            return "-j MASQUERADE --random-fully" if random else "-j MASQUERADE"
        case Dnat(to):
            return f"-j DNAT --to-destination {to}"
        case SetMark(value, mask):
            return f"-j MARK --set-xmark {value:#x}/{mask:#x}"
        case MarkBySet(name, directions):
            return f"-j SET --map-set {name} {directions} --map-mark"


def parse(text: str) -> tuple[Tables, dict[str, dict[str, tuple[str, ...]]]]:
    """The tables that iptables-save printed: rules that are made of our matches and targets, by table and chain, and
    the other rules' text. A chain without rules is there with none.
    """
    known: dict[str, dict[str, tuple[Rule, ...]]] = {}
    foreign: dict[str, dict[str, tuple[str, ...]]] = {}
    table = ""
    for line in text.splitlines():
        if line.startswith("*"):
            table = line[1:]
            known[table], foreign[table] = {}, {}
        elif line.startswith(":"):
            known[table].setdefault(line[1:].split(" ", 1)[0], ())
        elif line.startswith("-A "):
            _, chain, options = line.split(" ", 2) if line.count(" ") > 1 else (*line.split(" "), "")
            rule = parse_rule(options)
            if rule is None:
                foreign[table][chain] = (*foreign[table].get(chain, ()), options)
            else:
                known[table][chain] = (*known[table].get(chain, ()), rule)
    return known, foreign


def parse_rule(options: str) -> Rule | None:
    """The rule that iptables-save printed as `options`, or None when it has a match or target that we do not use."""
    words = _Words(shlex.split(options))
    matches: list[Match] = []
    comment, target, protocol = "", None, ""
    while (word := words.next()) is not None:
        negated = word == "!"
        if negated:
            word = words.next() or ""
        if word == "-m":
            words.module = words.next() or ""
        elif word == "--comment":
            comment = words.next() or ""
        elif word == "-j":
            target = _parse_target(words)
            if target is None:
                return None
        elif word == "--dport":
            port = words.next() or ""
            if not port.isdecimal():
                return None
            matches.append(DestinationPort(protocol, int(port)))
        elif (made := _parse_match(word, negated, words)) is not None:
            protocol = made.name if isinstance(made, Protocol) else protocol
            matches.append(made)
        else:
            return None
    return Rule(tuple(matches), target, comment)


class _Words:
    """The words of a rule, read from left to right."""

    def __init__(self, words: list[str]) -> None:
        self._words = words
        self._at = 0
        self.module = ""

    def next(self) -> str | None:
        """The next word, or None at the end."""
        if self._at == len(self._words):
            return None
        self._at += 1
        return self._words[self._at - 1]

    def rest(self) -> dict[str, str]:
        """The options that follow, each with its value ("" for a bare one)."""
        found: dict[str, str] = {}
        while self._at < len(self._words) and self._words[self._at].startswith("--"):
            name = self._words[self._at]
            self._at += 1
            bare = self._at == len(self._words) or self._words[self._at].startswith("-")
            found[name] = "" if bare else self._words[self._at]
            self._at += not bare
        return found


_RANGES: dict[str, Callable[[str, bool], Match]] = {"-s": Source, "-d": Destination, "-i": In, "-o": Out}


def _parse_match(word: str, negated: bool, words: _Words) -> Match | None:
    if word in _RANGES:
        return _RANGES[word](words.next() or "", negated)
    match word:
        case "-p" if not negated:
            return Protocol(words.next() or "")
        case "--dst-type" if words.next() == "LOCAL":
            return DestinationLocal(negated)
        case "--src-type" if words.next() == "LOCAL":
            return SourceLocal(negated)
        case "--mark" if words.module == "mark":
            value, _, mask = (words.next() or "0").partition("/")
            return Marked(int(value, 0), int(mask or "0xffffffff", 0), negated)
        case "--mode" if words.next() == "random":
            return Chance(round(float(words.rest().get("--probability", "1")), 10))
        case "--rcheck":
            rest = words.rest()
            return SeenWithin(rest.get("--name", ""), int(rest.get("--seconds", "0")))
        case "--set" if words.module == "recent":
            return Remember(words.rest().get("--name", ""))
        case "--ctstate":
            return Connection(tuple((words.next() or "").split(",")), negated)
        case "--match-set":
            return InSet(words.next() or "", words.next() or "", negated)
    return None


def _parse_target(words: _Words) -> Target | None:
    name = words.next() or ""
    if name == "SET":
        return _parse_set_target(words)
    rest = words.rest()
    match name:
        case "ACCEPT" | "DROP" | "RETURN":
            return Verdict(name)
        case "REJECT":
            return Reject(rest.get("--reject-with", "icmp-port-unreachable"))
        case "MASQUERADE" if set(rest) <= {"--random-fully"}:
            return Masquerade("--random-fully" in rest)
        case "DNAT" if set(rest) == {"--to-destination"}:
            return Dnat(rest["--to-destination"])
        case "MARK" if set(rest) == {"--set-xmark"}:
            value, _, mask = rest["--set-xmark"].partition("/")
            return SetMark(int(value, 0), int(mask or "0xffffffff", 0))
    return None if rest or name in ("SNAT", "LOG", "TEE", "CT", "NOTRACK", "REDIRECT", "TCPMSS") else Jump(name)


def _parse_set_target(words: _Words) -> Target | None:
    if words.next() != "--map-set":
        return None
    made = MarkBySet(words.next() or "", words.next() or "")
    return made if set(words.rest()) == {"--map-mark"} else None
