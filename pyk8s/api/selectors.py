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


@dataclass(frozen=True, slots=True)
class Requirement:
    """One condition on one label. `operator` is in, notin, exists, absent, gt or lt."""

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether these labels fulfil it. An object without the label fulfils notin and absent, and nothing else."""
        value = labels.get(self.key)
        match self.operator:
            case "in":
                return value is not None and value in self.values
            case "notin":
                return value is None or value not in self.values
            case "exists":
                return value is not None
            case "absent":
                return value is None
            case _:
                return value is not None and _compare(value, self.operator, self.values[0])

    def __str__(self) -> str:
        match self.operator:
            case "exists":
                return self.key
            case "absent":
                return f"!{self.key}"
            case "gt":
                return f"{self.key}>{self.values[0]}"
            case "lt":
                return f"{self.key}<{self.values[0]}"
            case "in" if len(self.values) == 1:
                return f"{self.key}={self.values[0]}"
            case _:
                return f"{self.key} {self.operator} ({','.join(self.values)})"


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
        return {r.key: r.values[0] for r in self.requirements if r.operator == "in" and len(r.values) == 1}

    def __str__(self) -> str:
        return ",".join(str(requirement) for requirement in self.requirements)


EVERYTHING: Final = Selector()
NOTHING: Final = Selector(never=True)


def from_labels(labels: Mapping[str, str] | None) -> Selector:
    """The objects that have all of these labels; everything when there are none."""
    return Selector(tuple(Requirement(key, "in", (value,)) for key, value in sorted((labels or {}).items())))


_OPERATORS: Final = {"In": "in", "NotIn": "notin", "Exists": "exists", "DoesNotExist": "absent", "Gt": "gt", "Lt": "lt"}


def from_object(selector: Mapping[str, Any] | None) -> Selector:
    """The objects that a LabelSelector object (matchLabels, matchExpressions) means.

    None means nothing, an empty object everything. Raises SelectorInvalid for an unknown operator.
    """
    if selector is None:
        return NOTHING
    requirements = list(from_labels(selector.get("matchLabels")).requirements)
    for expression in selector.get("matchExpressions") or ():
        operator = _OPERATORS.get(expression.get("operator", ""))
        if operator is None:
            raise SelectorInvalid(f'"{expression.get("operator", "")}" is not a valid label selector operator')
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
        return _checked(Requirement(found[1], found[2], values), text)
    if found := _PAIR.fullmatch(text):
        operator = {"=": "in", "==": "in", "!=": "notin", ">": "gt", "<": "lt"}[found[2]]
        return _checked(Requirement(found[1], operator, (found[3],)), text)
    if text.startswith("!"):
        return _checked(Requirement(text[1:].strip(), "absent"), text)
    return _checked(Requirement(text, "exists"), text)


def _checked(requirement: Requirement, text: str) -> Requirement:
    problems = syntax.qualified_name(requirement.key) if requirement.key else ["name part must be non-empty"]
    if problems:
        raise SelectorInvalid(f'unable to parse requirement "{text}": key "{requirement.key}": {"; ".join(problems)}')
    for value in requirement.values:
        if requirement.operator in ("gt", "lt"):
            if not re.fullmatch(r"-?\d{1,18}", value, re.ASCII):
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


def _compare(value: str, operator: str, bound: str) -> bool:
    try:
        have, wanted = int(value), int(bound)
    except ValueError:
        return False
    return have > wanted if operator == "gt" else have < wanted


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
