"""Reading a Dockerfile: the part of its language that needs no builder. Pure: text in, instructions out.

FROM, COPY, ADD (of files), RUN, ENV, ARG, CMD, ENTRYPOINT, WORKDIR, USER, EXPOSE, LABEL, VOLUME, STOPSIGNAL. What else
there is (stages, heredocs, mounts, ONBUILD, …) is refused with its line. Source: Dockerfile reference, docs.docker.com.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from pyk8s.cluster.errors import ImageInvalid

KNOWN = (
    "FROM", "COPY", "ADD", "RUN", "ENV", "ARG", "CMD", "ENTRYPOINT", "WORKDIR", "USER", "EXPOSE", "LABEL", "VOLUME",
    "STOPSIGNAL",
)  # fmt: skip

_VARIABLE = re.compile(r"\\(\$)|\$(?:(\w+)|\{(\w+)(?::([-+])([^}]*))?\})")


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction: its word, what follows as words, whether that was a JSON list, its flags, its line."""

    word: str
    arguments: tuple[str, ...]
    line: int
    as_list: bool = False
    flags: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    """What follows the word as it was written, for RUN, CMD and ENTRYPOINT."""


def parse(text: str, arguments: Mapping[str, str] | None = None) -> list[Instruction]:
    """The instructions of a Dockerfile; `arguments` are values for its ARGs. Raises ImageInvalid, naming the line."""
    variables: dict[str, str] = {}
    found: list[Instruction] = []
    for line, content in _logical_lines(text):
        word, _, rest = content.partition(" ")
        word, rest = word.upper(), rest.strip()
        if word not in KNOWN:
            raise ImageInvalid(f"line {line}: {word} is not supported here: use {', '.join(KNOWN)}")
        if word == "ARG":
            name, given, default = rest.partition("=")
            value = (arguments or {}).get(name, substitute(_unquote(default, line), variables) if given else "")
            variables.setdefault(name, value)
            continue
        instruction = _instruction(word, rest, line, variables)
        if word == "ENV":
            pairs = iter(instruction.arguments)
            variables.update(zip(pairs, pairs, strict=True))
        found.append(instruction)
    _check(found)
    return found


def _check(found: list[Instruction]) -> None:
    if not found or found[0].word != "FROM":
        line = found[0].line if found else 1
        raise ImageInvalid(f"line {line}: the first instruction must be FROM (FROM scratch begins with nothing)")
    again = next((each for each in found[1:] if each.word == "FROM"), None)
    if again is not None:
        raise ImageInvalid(f"line {again.line}: a second FROM (several stages) is not supported here")


def _logical_lines(text: str) -> list[tuple[int, str]]:
    """Lines with their continuations joined and comments gone; each with the number of its first line."""
    found: list[tuple[int, str]] = []
    pending, start = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if stripped.startswith("#") or (not stripped and pending):
            continue
        start = start if pending else number
        if stripped.endswith("\\"):
            pending += stripped[:-1].rstrip() + " "
            continue
        whole = (pending + stripped).strip()
        pending = ""
        if whole:
            found.append((start, whole))
    if pending.strip():
        found.append((start, pending.strip()))
    return found


def _instruction(word: str, rest: str, line: int, variables: Mapping[str, str]) -> Instruction:
    flags, rest = _flags(word, rest, line)
    if not rest:
        raise ImageInvalid(f"line {line}: {word} says nothing")
    if "<<" in rest and word in ("RUN", "COPY", "ADD"):
        raise ImageInvalid(f"line {line}: heredocs (<<) are not supported here: put the text into a file and COPY it")
    if rest.startswith("[") and word in ("RUN", "CMD", "ENTRYPOINT", "COPY", "ADD", "VOLUME"):
        return Instruction(word, _json_list(rest, line), line, True, flags, rest)
    if word in ("RUN", "CMD", "ENTRYPOINT"):
        # The shell of the image substitutes what is in these.
        return Instruction(word, ("/bin/sh", "-c", rest), line, False, flags, rest)
    if word in ("ENV", "LABEL"):
        return Instruction(word, _pairs(word, rest, line, variables), line, False, flags, rest)
    words = tuple(substitute(each, variables) for each in _words(rest, line))
    return Instruction(word, words, line, False, flags, rest)


def _flags(word: str, rest: str, line: int) -> tuple[dict[str, str], str]:
    flags = {}
    while rest.startswith("--"):
        flag, _, rest = rest.partition(" ")
        name, _, value = flag[2:].partition("=")
        if (word, name) not in {("COPY", "chmod"), ("COPY", "chown"), ("ADD", "chmod"), ("ADD", "chown")}:
            raise ImageInvalid(f"line {line}: {word} --{name} is not supported here")
        flags[name], rest = value, rest.strip()
    return flags, rest


def _pairs(word: str, rest: str, line: int, variables: Mapping[str, str]) -> tuple[str, ...]:
    words = _words(rest, line)
    if "=" not in words[0]:
        # The old form: ENV NAME value with blanks.
        name, _, value = rest.partition(" ")
        if not value.strip():
            raise ImageInvalid(f"line {line}: {word} {name} has no value: write {word} {name}=…")
        return (name, substitute(value.strip(), variables))
    found: list[str] = []
    for each in words:
        name, mark, value = each.partition("=")
        if not mark or not name:
            raise ImageInvalid(f"line {line}: {each!r} is no NAME=VALUE")
        found += [name, substitute(value, variables)]
    return tuple(found)


def _words(rest: str, line: int) -> list[str]:
    try:
        return shlex.split(rest, posix=True)
    except ValueError as why:
        raise ImageInvalid(f"line {line}: {why}: {rest}") from why


def _unquote(text: str, line: int) -> str:
    return "".join(_words(text, line)) if text else ""


def _json_list(rest: str, line: int) -> tuple[str, ...]:
    try:
        return tuple(msgspec.json.decode(rest.encode(), type=list[str]))
    except msgspec.MsgspecError as why:
        raise ImageInvalid(f"line {line}: {rest} begins like a JSON list of texts and is none: {why}") from why


def substitute(text: str, variables: Mapping[str, str]) -> str:
    """`text` with $NAME, ${NAME}, ${NAME:-default} and ${NAME:+instead} replaced; unknown names are empty."""

    def value(found: re.Match[str]) -> str:
        escaped, plain, braced, mark, word = found.groups()
        if escaped:
            return escaped
        have = variables.get(plain or braced, "")
        if mark == "-":
            return have or word
        if mark == "+":
            return word if have else ""
        return have

    return _VARIABLE.sub(value, text)
