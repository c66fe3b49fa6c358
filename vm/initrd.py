"""The initramfs: busybox, a few modules and the guest's own files, packed here (cpio, "newc")."""

from __future__ import annotations

import gzip
import lzma
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of an archive; `data` None is a folder."""

    name: str
    data: bytes | None = None
    mode: int = 0o644


def archive(entries: Iterable[Entry]) -> bytes:
    """A cpio archive in the form "newc". Source: the kernel's Documentation/driver-api/early-userspace."""
    out = bytearray()
    folders: set[str] = set()
    for number, entry in enumerate(_with_parents(entries, folders), start=1):
        out += _member(entry, number)
    return bytes(out + _member(Entry("TRAILER!!!", b"", 0), 0))


def _with_parents(entries: Iterable[Entry], seen: set[str]) -> Iterable[Entry]:
    for entry in entries:
        for parent in reversed(PurePosixPath(entry.name).parents):
            name = str(parent)
            if name != "." and name not in seen:
                seen.add(name)
                yield Entry(name, None, 0o755)
        if entry.data is None:
            seen.add(entry.name)
        yield entry


def _member(entry: Entry, number: int) -> bytes:
    data = entry.data or b""
    kind = 0 if not number else (0o040000 if entry.data is None else 0o100000)
    name = entry.name.encode() + b"\0"
    fields = (number, kind | entry.mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name), 0)
    head = b"070701" + b"".join(b"%08x" % field for field in fields) + name
    return _padded(head) + _padded(data)


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % 4)


def load_order(wanted: Iterable[str], depends: str, builtin: str = "") -> list[str]:
    """The files of the wanted modules and of what they need, each after what it needs.

    `depends` is the text of modules.dep, `builtin` that of modules.builtin. Raises KeyError naming an unknown module.
    """
    lines = dict(line.split(":", 1) for line in depends.splitlines() if ":" in line)
    files = {_module(path): path for path in lines}
    inside = {_module(path) for path in builtin.splitlines()}
    order: list[str] = []

    def visit(path: str) -> None:
        if path not in order:
            for needed in lines[path].split():
                visit(needed)
            order.append(path)

    for name in wanted:
        if name not in inside:
            visit(files[name])
    return order


def _module(path: str) -> str:
    return PurePosixPath(path).name.split(".", 1)[0].replace("-", "_")


def unpacked(name: str, data: bytes) -> bytes:
    """A module as the kernel takes it: Debian packs them from 13 on."""
    if name.endswith(".xz"):
        return lzma.decompress(data)
    return gzip.decompress(data) if name.endswith(".gz") else data
