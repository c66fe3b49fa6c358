"""What nft's JSON says of a table, as values. Source of the words: libnftables-json(5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

import orjson

from pyk8s.kernel.nftables.values import (
    Chain,
    ClearMark,
    Data,
    Destination,
    DestinationLocal,
    Dnat,
    DnatBy,
    Element,
    Field,
    Foreign,
    Goto,
    Held,
    Hook,
    In,
    Invalid,
    Jump,
    Key,
    Look,
    Map,
    Masquerade,
    Match,
    New,
    Protocol,
    Reject,
    Remember,
    Rule,
    Set,
    SetMark,
    Shape,
    Source,
    SourceLocal,
    Spread,
    Target,
    Translated,
    Unmarked,
    Verdict,
)

Json = Any
"""A value of nft's JSON."""


def version(text: bytes) -> tuple[int, ...]:
    """The version of nft that made the listing `text`: (1, 0, 6)."""
    info: dict[str, str] = next((each["metainfo"] for each in orjson.loads(text)["nftables"] if "metainfo" in each), {})
    return tuple(int(part) for part in info.get("version", "0").split(".") if part.isdecimal())


def held(text: bytes, known: Iterable[Set | Map] = ()) -> Held:
    """What the one table of the listing `text` holds. nft tells the types of a key, not the fields that were meant: a
    set of `known` gives them to the one of its name, else addresses count as sources in sets, destinations in maps."""
    meant = {each.name: each for each in known}
    found = Held({}, {}, {}, {})
    chains, rules, sets, elements = (cast("dict[str, Any]", each) for each in _parts(found))
    for kind, body in _objects(text):
        if kind == "chain":
            chains[body["name"]] = Chain(body["name"], _hook(body))
            rules.setdefault(body["name"], [])
        elif kind in ("set", "map"):
            name = body["name"]
            sets[name] = meant.get(name) or _set(body, kind)
            elements[name] = {each.key: each for each in (_element(name, item) for item in body.get("elem", ()))}
        elif kind == "rule":
            rules.setdefault(body["chain"], []).append(_rule(body))
    for name in rules:
        rules[name] = tuple(rules[name])
    return found


def counts(text: bytes) -> dict[Key, int]:
    """How many packets met each element of the one map of the listing `text`, as far as it counts them."""
    found: dict[Key, int] = {}
    for kind, body in _objects(text):
        for item in body.get("elem", ()) if kind in ("set", "map") else ():
            key = item[0] if isinstance(item, list) else item
            if isinstance(key, dict) and "counter" in key.get("elem", {}):
                found[_values(key["elem"]["val"])] = key["elem"]["counter"]["packets"]
    return found


def _parts(found: Held) -> tuple[object, ...]:
    return found.chains, found.rules, found.sets, found.elements


def _objects(text: bytes) -> Iterable[tuple[str, dict[str, Json]]]:
    for each in orjson.loads(text)["nftables"]:
        yield from each.items()


def _hook(body: Mapping[str, Json]) -> Hook | None:
    return Hook(body["type"], body["hook"], int(body["prio"])) if "hook" in body else None


def _shape(body: Mapping[str, Json]) -> Shape:
    types = body["type"]
    return Shape(
        tuple(types) if isinstance(types, list) else (types,), body.get("map", ""), int(body.get("timeout", 0))
    )


_FIELDS: dict[str, Field] = {"inet_proto": "l4proto", "inet_service": "dport"}


def _set(body: Mapping[str, Json], kind: str) -> Set | Map:
    made = _shape(body)
    address: Field = "saddr" if kind == "set" else "daddr"
    key = tuple(_FIELDS.get(each, address) for each in made.types)
    if kind == "set":
        return Set(body["name"], key, made.seconds)
    return Map(body["name"], key, "verdict" if made.to == "verdict" else "place")


def _element(of: str, item: Json) -> Element:
    key, data = item if isinstance(item, list) else (item, None)
    comment = ""
    if isinstance(key, dict) and "elem" in key:
        comment, key = key["elem"].get("comment", ""), key["elem"]["val"]
    return Element(of, _values(key), _data(data), comment)


def _values(key: Json) -> Key:
    parts = key["concat"] if isinstance(key, dict) and "concat" in key else [key]
    return tuple(_range(each) if isinstance(each, dict) else each for each in parts)


def _data(data: Json) -> Data:
    if data is None:
        return None
    if "concat" in data:
        address, port = data["concat"]
        return address, port
    made = _verdict(data)
    assert isinstance(made, Goto | Jump | Verdict)
    return made


def _verdict(said: Mapping[str, Json]) -> Target | None:
    (word, body), *_ = said.items()
    match word:
        case "accept" | "drop" | "return":
            return Verdict(word)
        case "jump":
            return Jump(body["target"])
        case "goto":
            return Goto(body["target"])
    return None


def _rule(body: Mapping[str, Json]) -> Rule:
    matches: list[Match] = []
    target: Target | None = None
    for said in body["expr"]:
        made = _target(said)
        if made is None:
            matches.append(_match(said) or Foreign(orjson.dumps(said).decode()))
        else:
            target = made
    if target == Reject(reset=True) and not any(isinstance(each, Protocol) for each in matches):
        matches.insert(0, Protocol("tcp"))  # nft does not show what a TCP reset implies
    return Rule(body["chain"], tuple(matches), target, body.get("comment", ""))


def _match(said: Mapping[str, Json]) -> Match | None:
    if "set" in said:
        return Remember(said["set"]["set"].removeprefix("@"))
    if "match" not in said:
        return None
    left, right, negated = said["match"]["left"], said["match"]["right"], said["match"]["op"] == "!="
    match left:
        case {"meta": {"key": "l4proto"}}:
            return Protocol(right)
        case {"fib": {"result": "type", "flags": ["saddr"]}} if right == "local":
            return SourceLocal(negated)
        case {"fib": {"result": "type", "flags": ["daddr"]}} if right == "local":
            return DestinationLocal(negated)
        case {"ct": {"key": "state"}} if right == "new":
            return New()
        case {"ct": {"key": "state"}} if right == "invalid":
            return Invalid()
        case {"ct": {"key": "status"}} if right == "dnat":
            return Translated()
        case {"&": [{"meta": {"key": "mark"}}, bits]} if right == 0 and not negated:
            return Unmarked(bits)
    fields = _fields(left)
    if fields and isinstance(right, str) and right.startswith("@") and not negated:
        return In(fields, right[1:])
    if fields == ("saddr",):
        return Source(_range(right), negated)
    return Destination(_range(right), negated) if fields == ("daddr",) else None


def _range(said: Json) -> str:
    if isinstance(said, dict):
        return f"{said['prefix']['addr']}/{said['prefix']['len']}" if "prefix" in said else orjson.dumps(said).decode()
    return str(said)


def _target(said: Mapping[str, Json]) -> Target | None:
    match said:
        case {"reject": body}:
            return Reject(bool(body) and body.get("type") == "tcp reset")
        case {"masquerade": _}:
            return Masquerade()
        case {"mangle": {"value": {"|": [_, bits]}}}:
            return SetMark(bits)
        case {"mangle": {"value": {"&": [_, bits]}}}:
            return ClearMark(0xFFFFFFFF ^ bits)
        case {"vmap": {"key": {"numgen": _}, "data": {"set": pairs}}}:
            return Spread(tuple(goto["goto"]["target"] for _, goto in pairs))
        case {"vmap": {"key": key, "data": str(name)}}:
            return Look(_fields(key), name[1:])
        case {"dnat": {"addr": {"map": {"key": {"numgen": _}, "data": {"set": pairs}}}}}:
            return Dnat(tuple((place["concat"][0], place["concat"][1]) for _, place in pairs))
        case {"dnat": {"addr": {"map": {"key": key, "data": str(name)}}}}:
            return DnatBy(_fields(key), name[1:])
        case {"dnat": {"addr": str(address), "port": int(port)}}:
            return Dnat(((address, port),))
    return _verdict(said)


def _fields(key: Json) -> tuple[Field, ...]:
    """The fields of a key; () when one of them is none of ours."""
    parts = key["concat"] if isinstance(key, dict) and "concat" in key else [key]
    found: list[Field] = []
    for part in parts:
        match part:
            case {"payload": {"field": "saddr" | "daddr" | "dport" as field}}:
                found.append(field)
            case {"meta": {"key": "l4proto"}}:
                found.append("l4proto")
            case _:
                return ()
    return tuple(found)
