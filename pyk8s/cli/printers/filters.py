"""Conditions inside a JSONPath, as in `[?(@.type=="Ready")]`."""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable
from typing import Any

Filter = Callable[[Any, Any], bool]
"""(element, whole document) -> whether to keep the element."""

_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}
_OPERATOR = re.compile(r"(==|!=|<=|>=|<|>)(?=(?:[^\"']|\"[^\"]*\"|'[^']*')*$)")


def parse_filter(text: str, parse_path: Callable[[str], Any], evaluate: Callable[[Any, Any, Any], list[Any]]) -> Filter:
    """The condition `text`: a path that must exist, or two sides and a comparison between them."""
    found = _OPERATOR.search(text)
    if found is None:
        path = parse_path(text.strip())
        return lambda element, root: bool(evaluate(path, element, root))
    left = _side(text[: found.start()].strip(), parse_path, evaluate)
    right = _side(text[found.end() :].strip(), parse_path, evaluate)
    compare = _COMPARISONS[found[0]]

    def holds(element: Any, root: Any) -> bool:
        one, other = left(element, root), right(element, root)
        if not one or not other:
            return False
        try:
            return compare(one[0], other[0])
        except TypeError:
            return False

    return holds


def _side(
    text: str, parse_path: Callable[[str], Any], evaluate: Callable[[Any, Any, Any], list[Any]]
) -> Callable[[Any, Any], list[Any]]:
    if text[:1] in ("@", "$", "."):
        path = parse_path(text)
        return lambda element, root: evaluate(path, element, root)
    if len(text) >= 2 and text[0] == "'" and text[-1] == "'":
        value: Any = text[1:-1]
    else:
        try:
            value = json.loads(text)
        except ValueError:
            value = text
    return lambda element, root: [value]
