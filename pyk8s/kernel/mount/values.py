"""Mounts as values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

Propagation: TypeAlias = Literal["private", "slave", "shared"]

_ESCAPES = {"\\040": " ", "\\011": "\t", "\\012": "\n", "\\134": "\\"}


@dataclass(frozen=True, slots=True)
class Mount:
    """A mount as wished. `kind` is "bind" (of `source`, with what is mounted below it) or a file system, as "tmpfs".

    `size` in bytes bounds a tmpfs, 0 leaves the kernel's half of memory; `mode` are its permission bits.
    """

    target: str
    kind: str = "bind"
    source: str = ""
    read_only: bool = False
    size: int = 0
    mode: int = 0o755


@dataclass(frozen=True, slots=True)
class Mounted:
    """A mount as observed: `kind` is the file system's, `root` the folder of it that shows at `target`."""

    target: str
    kind: str
    source: str
    root: str
    options: frozenset[str]

    @property
    def read_only(self) -> bool:
        """Whether nothing can be written through it."""
        return "ro" in self.options


@dataclass(frozen=True, slots=True)
class Put:
    """Mount it."""

    mount: Mount


@dataclass(frozen=True, slots=True)
class Unmount:
    """Take the topmost mount at `target` away, now for names and when it is unused for the rest."""

    target: str


@dataclass(frozen=True, slots=True)
class Propagate:
    """Let mounts at and below `target` travel: "slave" hears of others, "shared" tells them too, "private" neither."""

    target: str
    how: Propagation


Action: TypeAlias = Put | Unmount | Propagate
Transaction: TypeAlias = tuple[Action, ...]


def plan(desired: Iterable[Mount], observed: Iterable[Mounted], *, under: str = "") -> Transaction:
    """Mount what is not there; below the folder `under`, when given, take away what nobody wants, deepest first.

    A target with a mount of another kind (tmpfs, not tmpfs), or writable where read-only is wanted, is mounted anew.
    """
    wishes = {wish.target: wish for wish in desired}
    seen: dict[str, Mounted] = {}
    unmounts: list[str] = []
    for each in observed:
        seen[each.target] = each
        if under and each.target.startswith(under.rstrip("/") + "/") and each.target not in wishes:
            unmounts.append(each.target)
    wrong = [target for target, wish in wishes.items() if target in seen and not _fulfils(seen[target], wish)]
    away = sorted(unmounts, key=lambda target: target.count("/"), reverse=True) + wrong
    new = [wish for target, wish in sorted(wishes.items()) if target not in seen or target in wrong]
    return (*(Unmount(target) for target in away), *(Put(wish) for wish in new))


def _fulfils(seen: Mounted, wish: Mount) -> bool:
    kind = wish.kind == "bind" or seen.kind == wish.kind
    return kind and seen.read_only == wish.read_only


def parse_mountinfo(text: str) -> tuple[Mounted, ...]:
    """The mounts in /proc/PID/mountinfo, in order; a later one at the same target covers the earlier.

    Source: proc_pid_mountinfo(5).
    """
    return tuple(_parse_line(line) for line in text.splitlines() if line)


def _parse_line(line: str) -> Mounted:
    before, _, after = line.partition(" - ")
    fields, (kind, source, *_) = before.split(" "), after.split(" ")
    return Mounted(_plain(fields[4]), kind, _plain(source), _plain(fields[3]), frozenset(fields[5].split(",")))


def _plain(text: str) -> str:
    if "\\" in text:
        for escaped, character in _ESCAPES.items():
            text = text.replace(escaped, character)
    return text
