"""Where a declared column finds its cell: the simple JSONPath of `additionalPrinterColumns`.

Fields (`.spec.replicas`, `['a.b']`, `.a\\.b`), indexes (`[0]`, `[-1]`), everything (`[*]`) and equality filters
(`[?(@.type=="Ready")]`). Source: CustomResourceDefinition documentation and the JSONPath support of kubectl.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, Final, TypeAlias

Step: TypeAlias = Callable[[Any], Iterator[Any]]

_STEP: Final = re.compile(
    r"""\.(?P<field>(?:[^.\[\\]|\\.)+)
      | \[\s*(?P<index>-?\d+)\s*\]
      | \[\s*(?P<quote>['"])(?P<key>.*?)(?P=quote)\s*\]
      | \[\s*(?P<all>\*)\s*\]
      | \[\?\(\s*@\.(?P<where>[^=\s!]+)\s*==\s*(?P<mark>['"]?)(?P<value>.*?)(?P=mark)\s*\)\]""",
    re.VERBOSE,
)


class PathInvalid(ValueError):
    """A JSONPath that a column cannot have."""


def first(path: str, obj: Any) -> Any:
    """The first value that `path` leads to, None when it leads nowhere. Raises PathInvalid."""
    found: list[Any] = [obj]
    for step in steps(path):
        found = [inner for value in found for inner in step(value)]
    return found[0] if found else None


@lru_cache(maxsize=1024)
def steps(path: str) -> tuple[Step, ...]:
    """The steps of a path, outermost first. Raises PathInvalid."""
    text = path.strip().removeprefix("{").removesuffix("}").removeprefix("$")
    text = text if text.startswith((".", "[")) or not text else f".{text}"
    made, place = [], 0
    while place < len(text):
        found = _STEP.match(text, place)
        if found is None:
            raise PathInvalid(f"the path {path!r} cannot be read from {text[place:]!r} on")
        made.append(_step(found))
        place = found.end()
    return tuple(made)


def _step(found: re.Match[str]) -> Step:
    if (field := found["field"]) is not None:
        return _at(re.sub(r"\\(.)", r"\1", field))
    if (key := found["key"]) is not None:
        return _at(key)
    if (index := found["index"]) is not None:
        return _item(int(index))
    if found["all"]:
        return _all
    return _where(steps(found["where"]), found["value"])


def _at(name: str) -> Step:
    def step(value: Any) -> Iterator[Any]:
        if isinstance(value, dict) and name in value:
            yield value[name]

    return step


def _item(index: int) -> Step:
    def step(value: Any) -> Iterator[Any]:
        if isinstance(value, list) and -len(value) <= index < len(value):
            yield value[index]

    return step


def _all(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def _where(path: tuple[Step, ...], wanted: str) -> Step:
    def step(value: Any) -> Iterator[Any]:
        for item in value if isinstance(value, list) else ():
            found = [item]
            for inner in path:
                found = [one for before in found for one in inner(before)]
            if any(_text(one) == wanted for one in found):
                yield item

    return step


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
