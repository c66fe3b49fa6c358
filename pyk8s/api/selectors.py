"""Which objects are meant: label selectors and field selectors, as text and as objects.

Source: apimachinery, pkg/labels/selector.go, pkg/fields/selector.go, and the API conventions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pyk8s.api import syntax


class SelectorInvalid(ValueError):
    """A selector that cannot be read; says which part and why."""


OPERATORS: Final = ("In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt")
"""How a value is compared, as objects write it; label selectors have no text for other operators."""

_NUMBER: Final = re.compile(r"[+-]?\d{1,18}", re.ASCII)


def fulfils(operator: str, values: Sequence[str], value: str | None) -> bool:
    """Whether `value` (None: there is none) is as `operator` with `values` asks; what cannot be compared is not.

    A value that is not there fulfils NotIn and DoesNotExist, and nothing else. The rule of label selectors, node
    selectors and scope selectors alike.
    """
    match operator:
        case "In":
            return value is not None and value in values
        case "NotIn":
            return value is None or value not in values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
        case "Gt" | "Lt":
            if value is None or len(values) != 1 or not all(map(_NUMBER.fullmatch, (value, values[0]))):
                return False
            return int(value) > int(values[0]) if operator == "Gt" else int(value) < int(values[0])
    return False


@dataclass(frozen=True, slots=True)
class Requirement:
    """One condition on one label. `operator` is one of OPERATORS."""

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether these labels fulfil it."""
        return fulfils(self.operator, self.values, labels.get(self.key))

    def __str__(self) -> str:
        match self.operator:
            case "Exists":
                return self.key
            case "DoesNotExist":
                return f"!{self.key}"
            case "Gt":
                return f"{self.key}>{''.join(self.values)}"
            case "Lt":
                return f"{self.key}<{''.join(self.values)}"
            case "In" if len(self.values) == 1:
                return f"{self.key}={self.values[0]}"
            case _:
                return f"{self.key} {self.operator.lower()} ({','.join(self.values)})"


@dataclass(frozen=True, slots=True)
class Selector:
    """Conditions that must all hold; without any, everything is meant, and with `never`, nothing."""

    requirements: tuple[Requirement, ...] = ()
    never: bool = False

    def matches(self, labels: Mapping[str, str] | None) -> bool:
        """Whether an object with these labels is meant."""
        if self.never:
            return False
        have = labels or {}
        return all(requirement.matches(have) for requirement in self.requirements)

    @property
    def everything(self) -> bool:
        """Whether every object is meant."""
        return not self.requirements and not self.never

    @property
    def exact(self) -> dict[str, str]:
        """The labels that must have one certain value: what an index can look up."""
        return {r.key: r.values[0] for r in self.requirements if r.operator == "In" and len(r.values) == 1}

    def __str__(self) -> str:
        return ",".join(str(requirement) for requirement in self.requirements)


EVERYTHING: Final = Selector()
NOTHING: Final = Selector(never=True)


def from_labels(labels: Mapping[str, str] | None) -> Selector:
    """The objects that have all of these labels; everything when there are none."""
    return Selector(tuple(Requirement(key, "In", (value,)) for key, value in sorted((labels or {}).items())))


def from_object(selector: Mapping[str, Any] | None) -> Selector:
    """The objects that a LabelSelector object (matchLabels, matchExpressions) means.

    None means nothing, an empty object everything. Raises SelectorInvalid for an unknown operator.
    """
    if selector is None:
        return NOTHING
    requirements = list(from_labels(selector.get("matchLabels")).requirements)
    for expression in selector.get("matchExpressions") or ():
        operator = expression.get("operator", "")
        if operator not in OPERATORS:
            raise SelectorInvalid(f'"{operator}" is not a valid label selector operator')
        requirements.append(Requirement(expression.get("key", ""), operator, tuple(expression.get("values") or ())))
    return Selector(tuple(requirements))


def parse_labels(text: str) -> Selector:
    """The selector that `text` says: "app=web,tier!=db,env in (a,b),!old,gen>3". Raises SelectorInvalid."""
    requirements = tuple(_requirement(part) for part in _split(text)) if text.strip() else ()
    return Selector(requirements)


_SET: Final = re.compile(r"(\S+)\s+(in|notin)\s*\((.*)\)", re.DOTALL)
_PAIR: Final = re.compile(r"([^=!<>\s]+)\s*(==|=|!=|<|>)\s*([^=!<>\s]*)")


def _requirement(text: str) -> Requirement:
    text = text.strip()
    if found := _SET.fullmatch(text):
        values = tuple(sorted({value.strip() for value in found[3].split(",")}))
        return _checked(Requirement(found[1], {"in": "In", "notin": "NotIn"}[found[2]], values), text)
    if found := _PAIR.fullmatch(text):
        operator = {"=": "In", "==": "In", "!=": "NotIn", ">": "Gt", "<": "Lt"}[found[2]]
        return _checked(Requirement(found[1], operator, (found[3],)), text)
    if text.startswith("!"):
        return _checked(Requirement(text[1:].strip(), "DoesNotExist"), text)
    return _checked(Requirement(text, "Exists"), text)


def _checked(requirement: Requirement, text: str) -> Requirement:
    problems = syntax.qualified_name(requirement.key) if requirement.key else ["name part must be non-empty"]
    if problems:
        raise SelectorInvalid(f'unable to parse requirement "{text}": key "{requirement.key}": {"; ".join(problems)}')
    for value in requirement.values:
        if requirement.operator in ("Gt", "Lt"):
            if not _NUMBER.fullmatch(value):
                raise SelectorInvalid(f'unable to parse requirement "{text}": "{value}" must be a whole number')
        elif problems := syntax.label_value(value):
            raise SelectorInvalid(f'unable to parse requirement "{text}": value "{value}": {"; ".join(problems)}')
    return requirement


def _split(text: str) -> list[str]:
    """The parts between commas that stand in no parentheses."""
    parts, depth, start = [], 0, 0
    for index, char in enumerate(text):
        if char in "()":
            depth += 1 if char == "(" else -1
            if depth not in (0, 1):
                raise SelectorInvalid(f'unable to parse "{text}": parentheses do not match')
        elif char == "," and not depth:
            parts.append(text[start:index])
            start = index + 1
    if depth:
        raise SelectorInvalid(f'unable to parse "{text}": parentheses do not match')
    return [*parts, text[start:]]


@dataclass(frozen=True, slots=True)
class FieldRequirement:
    """One condition on one field: that it has this value, or (`equal` False) that it has another."""

    path: str
    value: str
    equal: bool = True


@dataclass(frozen=True, slots=True)
class FieldSelector:
    """Conditions on fields that must all hold."""

    requirements: tuple[FieldRequirement, ...] = ()

    def matches(self, fields: Mapping[str, str]) -> bool:
        """Whether an object is meant whose fields have these values; a field that is not there counts as ""."""
        return all((fields.get(r.path, "") == r.value) is r.equal for r in self.requirements)

    @property
    def everything(self) -> bool:
        """Whether every object is meant."""
        return not self.requirements

    @property
    def exact(self) -> dict[str, str]:
        """The fields that must have one certain value: what an index can look up."""
        return {r.path: r.value for r in self.requirements if r.equal}

    @property
    def paths(self) -> Sequence[str]:
        """The fields it speaks of."""
        return [r.path for r in self.requirements]

    def __str__(self) -> str:
        return ",".join(f"{r.path}{'=' if r.equal else '!='}{r.value}" for r in self.requirements)


_FIELD: Final = re.compile(r"([^=!,\\]+?)(==|=|!=)((?:[^\\=,]|\\[\\=,])*)", re.DOTALL)
_ESCAPED: Final = re.compile(r"\\([\\=,])")


def parse_fields(text: str) -> FieldSelector:
    r"""The field selector that `text` says: "status.phase=Running,spec.nodeName!=". Raises SelectorInvalid.

    A comma, equals sign or backslash in a value is written behind a backslash.
    """
    if not text.strip():
        return FieldSelector()
    requirements = []
    for part in re.split(r"(?<!\\),", text):
        found = _FIELD.fullmatch(part)
        if found is None:
            raise SelectorInvalid(f"invalid selector: '{text}'; can't understand '{part}'")
        value = _ESCAPED.sub(r"\1", found[3])
        requirements.append(FieldRequirement(found[1].strip(), value, found[2] != "!="))
    return FieldSelector(tuple(requirements))
