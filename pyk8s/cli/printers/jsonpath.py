"""JSONPath templates in kubectl's dialect: `{range .items[*]}{.metadata.name}{"\\n"}{end}`.

A template is text with expressions in braces. `parse` makes it a list of nodes once, `render` walks them over a value.
Source: Kubernetes documentation, "JSONPath Support".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from pyk8s.cli.printers.filters import Filter, parse_filter


class TemplateInvalid(ValueError):
    """A template that cannot be read; the message says where."""


@dataclass(frozen=True, slots=True)
class Text:
    """Literal text."""

    text: str


@dataclass(frozen=True, slots=True)
class Field:
    """A key of an object; "*" is all values of an object or list."""

    name: str


@dataclass(frozen=True, slots=True)
class Descend:
    """`..`: the value itself and everything below it."""


@dataclass(frozen=True, slots=True)
class Slice:
    """Elements of a list, as Python slices them."""

    start: int | None
    stop: int | None
    step: int | None


@dataclass(frozen=True, slots=True)
class Union:
    """Several keys or indexes beside each other."""

    members: tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Where:
    """`[?(@.a=="b")]`: the elements for which the filter holds."""

    filter: Filter


Step: TypeAlias = Field | Descend | Slice | Union | Where


@dataclass(frozen=True, slots=True)
class Path:
    """Steps from the value in hand, or from the whole document when `rooted`."""

    steps: tuple[Step, ...]
    rooted: bool = False


@dataclass(frozen=True, slots=True)
class Range:
    """`{range PATH}…{end}`: the body once for each value."""

    path: Path
    body: tuple[Node, ...]


Node: TypeAlias = Text | Path | Range

_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", '"': '"', "'": "'"}
_FIELD = re.compile(r"(?:\\.|[^.\[\]\s{}'\"()@$*])+")


def parse(template: str) -> tuple[Node, ...]:
    """The nodes of `template`. A template without any brace is read as one expression, so `.metadata.name` works.

    Raises TemplateInvalid.
    """
    if "{" not in template:
        return (parse_path(template),)
    nodes, rest = _parse_body(_tokens(template), nested=False)
    assert not rest
    return nodes


def _tokens(template: str) -> list[tuple[str, str]]:
    """("text", …) and ("code", …) pieces of the template, in order."""
    pieces, at = [], 0
    while at < len(template):
        if template[at] != "{":
            end = template.find("{", at)
            end = len(template) if end < 0 else end
            pieces.append(("text", template[at:end]))
            at = end
            continue
        end = _closing(template, at)
        pieces.append(("code", template[at + 1 : end].strip()))
        at = end + 1
    return pieces


def _closing(template: str, start: int) -> int:
    """Where the brace that opens at `start` closes; quoted braces do not count."""
    quote = ""
    at = start + 1
    while at < len(template):
        char = template[at]
        if quote:
            if char == "\\":
                at += 1
            elif char == quote:
                quote = ""
        elif char in "\"'":
            quote = char
        elif char == "}":
            return at
        at += 1
    raise TemplateInvalid(f"the '{{' at character {start + 1} of the JSONPath template is never closed")


def _parse_body(
    tokens: Sequence[tuple[str, str]], *, nested: bool
) -> tuple[tuple[Node, ...], Sequence[tuple[str, str]]]:
    nodes: list[Node] = []
    while tokens:
        (kind, text), tokens = tokens[0], tokens[1:]
        if kind == "text":
            nodes.append(Text(text))
        elif text == "end":
            if not nested:
                raise TemplateInvalid("'{end}' without a '{range …}' before it")
            return tuple(nodes), tokens
        elif text.startswith("range ") or text == "range":
            path = parse_path(text[len("range") :].strip())
            body, tokens = _parse_body(tokens, nested=True)
            nodes.append(Range(path, body))
        elif text[:1] in "\"'" and text:
            nodes.append(Text(_unquote(text)))
        else:
            nodes.append(parse_path(text))
    if nested:
        raise TemplateInvalid("a '{range …}' has no '{end}'")
    return tuple(nodes), ()


def _unquote(text: str) -> str:
    if len(text) < 2 or text[-1] != text[0]:
        raise TemplateInvalid(f"the quote in {text!r} is never closed")
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[0]), text[1:-1])


def parse_path(text: str) -> Path:
    """The steps of one expression such as `.spec.containers[0].image` or `$..name`. Raises TemplateInvalid."""
    rooted, at = text.startswith("$"), 0
    steps: list[Step] = []
    if text[:1] in ("$", "@"):
        at = 1
    while at < len(text):
        if text.startswith("..", at):
            steps.append(Descend())
            at += 1 if text[at + 2 : at + 3] not in ("[", "") else 2
        elif text[at] == ".":
            at += 1
            if at < len(text) and text[at] == "*":
                steps.append(Field("*"))
                at += 1
            elif at < len(text) and text[at] != "[":
                at = _field(text, at, steps)
        elif text[at] == "[":
            at = _bracket(text, at, steps)
        elif at == 0 and not text[at].isspace():
            at = _field(text, at, steps)
        else:
            raise TemplateInvalid(f"cannot read {text[at:]!r} in the JSONPath expression {text!r}")
    return Path(tuple(steps), rooted)


def _field(text: str, at: int, steps: list[Step]) -> int:
    found = _FIELD.match(text, at)
    if found is None:
        raise TemplateInvalid(f"a field name is missing before {text[at:]!r} in the JSONPath expression {text!r}")
    steps.append(Field(re.sub(r"\\(.)", r"\1", found[0])))
    return found.end()


def _bracket(text: str, at: int, steps: list[Step]) -> int:
    end = _bracket_end(text, at)
    inner = text[at + 1 : end].strip()
    if inner == "*":
        steps.append(Field("*"))
    elif inner.startswith("?(") and inner.endswith(")"):
        steps.append(Where(parse_filter(inner[2:-1], parse_path, evaluate)))
    elif re.fullmatch(r"-?\d*(:-?\d*){1,2}", inner):
        bounds = [int(part) if part else None for part in inner.split(":")]
        steps.append(Slice(bounds[0], bounds[1], bounds[2] if len(bounds) > 2 else None))
    else:
        steps.append(
            Union(tuple(_member(part.strip(), text) for part in re.split(r",(?=(?:[^']*'[^']*')*[^']*$)", inner)))
        )
    return end + 1


def _bracket_end(text: str, start: int) -> int:
    depth, quote = 0, ""
    for at in range(start, len(text)):
        char = text[at]
        if quote:
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char
        elif char == "[":
            depth += 1
        elif char == "]":
            depth -= 1
            if depth == 0:
                return at
    raise TemplateInvalid(f"a '[' is never closed in the JSONPath expression {text!r}")


def _member(part: str, text: str) -> str | int:
    if re.fullmatch(r"-?\d+", part):
        return int(part)
    if len(part) >= 2 and part[0] in "\"'" and part[-1] == part[0]:
        return re.sub(r"\\(.)", r"\1", part[1:-1])
    raise TemplateInvalid(f"cannot read the index [{part}] in the JSONPath expression {text!r}")


def evaluate(path: Path, value: Any, root: Any) -> list[Any]:
    """All values that `path` leads to; [] where a key is missing."""
    found = [root if path.rooted else value]
    for step in path.steps:
        found = [each for here in found for each in _take(step, here, root)]
    return found


def _take(step: Step, here: Any, root: Any) -> Iterator[Any]:
    match step:
        case Field("*"):
            yield from here.values() if isinstance(here, dict) else here if isinstance(here, list) else ()
        case Field(name):
            if isinstance(here, dict) and name in here:
                yield here[name]
        case Descend():
            yield from _all_below(here)
        case Slice(start, stop, step_by):
            if isinstance(here, list):
                yield from here[slice(start, stop, step_by)]
        case Union(members):
            for member in members:
                yield from _pick(here, member)
        case Where(condition):
            elements = here if isinstance(here, list) else here.values() if isinstance(here, dict) else ()
            yield from (element for element in elements if condition(element, root))


def _pick(here: Any, member: str | int) -> Iterator[Any]:
    if isinstance(member, str):
        if isinstance(here, dict) and member in here:
            yield here[member]
    elif isinstance(here, list) and -len(here) <= member < len(here):
        yield here[member]


def _all_below(here: Any) -> Iterator[Any]:
    yield here
    children = here.values() if isinstance(here, dict) else here if isinstance(here, list) else ()
    for child in children:
        yield from _all_below(child)


def render(nodes: Sequence[Node], value: Any, root: Any = None) -> str:
    """The text of a parsed template over `value`; several values of one expression are separated by a space."""
    root = value if root is None else root
    out = []
    for node in nodes:
        match node:
            case Text(text):
                out.append(text)
            case Path():
                out.append(" ".join(as_text(each) for each in evaluate(node, value, root)))
            case Range(path, body):
                out.extend(render(body, each, root) for each in evaluate(path, value, root))
    return "".join(out)


def as_text(value: Any) -> str:
    """A scalar as it stands, anything else as compact JSON."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
