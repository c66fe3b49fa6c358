"""Layers: trees of files as tar archives whose bytes depend on nothing but the files.

Names are sorted, times are zero, owners are given, so the same content has the same digest on every machine and day.
"""

from __future__ import annotations

import io
import os
import stat
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from pyk8s.cluster.errors import ImageInvalid


@dataclass(frozen=True, slots=True)
class Entry:
    """One file, folder or link of a layer. `path` has no leading slash; exactly one of the sources is given.

    `content` are the bytes of a file, `source` a file of this machine, `link` the target of a symbolic link; a folder
    has
    none of them.
    """

    path: str
    mode: int
    content: bytes | None = None
    source: Path | None = None
    link: str | None = None
    uid: int = 0
    gid: int = 0


def check_path(path: str) -> str:
    """The path inside an image in its plain form, without a leading slash. Raises ImageInvalid when it leads out of
    it."""
    parts = PurePosixPath("/" + path).parts[1:]
    if ".." in parts or "\0" in path:
        raise ImageInvalid(f"{path!r} leads out of the image")
    return "/".join(parts)


def tree(folder: Path, below: str, *, ignore: Iterable[Path] = (), owner: tuple[int, int] = (0, 0)) -> list[Entry]:
    """The entries that put what is in `folder` below the path `below` of an image; sockets, pipes and devices are
    left out.

    Symbolic links stay links, wherever they point: they mean something inside the image only.
    """
    entries = []
    skipped = {os.fspath(path) for path in ignore}
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if f"{place}/{name}" not in skipped)
        for name in sorted(folders) + sorted(files):
            path = Path(place, name)
            if os.fspath(path) in skipped:
                continue
            inside = check_path(f"{below}/{path.relative_to(folder).as_posix()}")
            entry = entry_of(path, inside, owner)
            if entry is not None:
                entries.append(entry)
    return entries


def entry_of(path: Path, inside: str, owner: tuple[int, int] = (0, 0)) -> Entry | None:
    """The entry for one path of this machine; None for what cannot be in an image."""
    info = path.lstat()
    mode = stat.S_IMODE(info.st_mode)
    if stat.S_ISLNK(info.st_mode):
        return Entry(inside, 0o777, link=str(path.readlink()), uid=owner[0], gid=owner[1])
    if stat.S_ISREG(info.st_mode):
        return Entry(inside, mode, source=path, uid=owner[0], gid=owner[1])
    if stat.S_ISDIR(info.st_mode):
        return Entry(inside, mode, uid=owner[0], gid=owner[1])
    return None


def with_parents(entries: Iterable[Entry]) -> dict[str, Entry]:
    """`entries` by path, with a folder for every parent that is not among them; a later entry replaces an earlier."""
    found: dict[str, Entry] = {}
    for entry in entries:
        for parent in reversed(PurePosixPath(entry.path).parents):
            if str(parent) != ".":
                found.setdefault(str(parent), Entry(str(parent), 0o755))
        if entry.path:
            found[entry.path] = entry
    return found


def write(entries: Iterable[Entry], out: BinaryIO) -> None:
    """Write the layer that holds `entries`."""
    by_path: Mapping[str, Entry] = with_parents(entries)
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path in sorted(by_path):
            _add(archive, by_path[path])


def _add(archive: tarfile.TarFile, entry: Entry) -> None:
    info = tarfile.TarInfo(entry.path)
    info.mode, info.uid, info.gid = entry.mode, entry.uid, entry.gid
    if entry.link is not None:
        info.type, info.linkname = tarfile.SYMTYPE, entry.link
        archive.addfile(info)
    elif entry.content is not None:
        info.size = len(entry.content)
        archive.addfile(info, io.BytesIO(entry.content))
    elif entry.source is not None:
        with entry.source.open("rb") as file:
            info.size = os.fstat(file.fileno()).st_size
            archive.addfile(info, file)
    else:
        info.type = tarfile.DIRTYPE
        archive.addfile(info)
