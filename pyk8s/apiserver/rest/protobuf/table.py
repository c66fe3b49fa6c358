"""The table of messages: which field stands under which number, and what it holds."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class Field:
    """A field: its name in JSON ("" when its own fields stand in its place), what it holds, and how.

    `kind` is a message's name, or string, bytes, int, bool, double, time, microtime, duration, quantity, intorstring
    or json. `shape` is "" (one), "*" (a list) or "%" (a map from text). An `optional` field is left out when it is
    zero, as JSON leaves it out.
    """

    name: str
    kind: str
    shape: str
    optional: bool


@cache
def _lines() -> tuple[dict[tuple[str, str], str], dict[str, str]]:
    kinds: dict[tuple[str, str], str] = {}
    messages: dict[str, str] = {}
    text = resources.files(__package__).joinpath("fields.txt").read_text(encoding="ascii")
    for line in text.splitlines():
        name, _, rest = line.partition(" ")
        if name == "kind":
            group, version, kind, message = rest.split()
            kinds[version if group == "core" else f"{group}/{version}", kind] = message
        else:
            messages[name] = rest
    return kinds, messages


def message_of(api_version: str, kind: str) -> str | None:
    """The message that carries objects of a kind; None when there is none. DeleteOptions are alike everywhere."""
    if kind == "DeleteOptions":
        return "meta/v1.DeleteOptions"
    return _lines()[0].get((api_version, kind))


@cache
def fields_of(message: str) -> dict[int, Field]:
    """The fields of a message by number."""
    return dict(_field(part) for part in _lines()[1][message].split())


def _field(part: str) -> tuple[int, Field]:
    name, _, rest = part.partition("=")
    number, _, kind = rest.partition(":")
    optional = kind.endswith("?")
    kind = kind.removesuffix("?")
    shape = kind[0] if kind[0] in "*%" else ""
    return int(number), Field(name, kind[len(shape) :], shape, optional)
