"""Folders and files as tar streams, and back, safely: what `pyk8s cp` carries through `tar` in the container."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

CHUNK = 256 * 1024
"""Bytes of an archive handed on at once."""


class ArchiveUnsafe(ValueError):
    """An archive member that would be written outside the folder it is meant for."""


class _Pieces(io.RawIOBase):
    """What is written is kept until it is taken."""

    def __init__(self) -> None:
        self.held = bytearray()

    def writable(self) -> bool:
        """Yes."""
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        """Keep `data`."""
        self.held += data
        return len(data)

    def take(self) -> bytes:
        """Everything written since the last time."""
        taken, self.held = bytes(self.held), bytearray()
        return taken


def pack(source: Path, name: str) -> Iterator[bytes]:
    """`source` (a file, or a folder with all that is in it) as a tar stream in which it is called `name`.

    Raises OSError when something cannot be read.
    """
    pieces = _Pieces()
    with tarfile.open(fileobj=pieces, mode="w|", format=tarfile.PAX_FORMAT) as archive:
        for path in [source, *sorted(source.rglob("*"))] if source.is_dir() else [source]:
            member = archive.gettarinfo(str(path), str(PurePosixPath(name, path.relative_to(source).as_posix())))
            if member is None:
                continue
            if member.isreg():
                with path.open("rb") as opened:
                    archive.addfile(member, opened)
            else:
                archive.addfile(member)
            if len(pieces.held) >= CHUNK:
                yield pieces.take()
    yield pieces.take()


def unpack(archive: IO[bytes], wanted: str, target: Path) -> int:
    """Write what the tar file `archive` holds at `wanted` to `target`; the number of files.

    Links that lead out of the target are left out with nothing followed; raises ArchiveUnsafe for a member whose name
    leads out, FileNotFoundError when `wanted` is not in it.
    """
    root = PurePosixPath(wanted.lstrip("/"))
    count = 0
    with tarfile.open(fileobj=archive) as opened:
        for member in opened:
            path = PurePosixPath(member.name.lstrip("/"))
            if ".." in path.parts:
                raise ArchiveUnsafe(f"the archive names {member.name!r}, which leads out of the folder")
            if path != root and root not in path.parents:
                continue
            place = target / path.relative_to(root) if path != root else target
            if not place.resolve().is_relative_to(target.resolve()):
                raise ArchiveUnsafe(f"the archive names {member.name!r}, which leads through a link out of the folder")
            if member.isdir():
                place.mkdir(parents=True, exist_ok=True)
            elif member.isreg():
                place.parent.mkdir(parents=True, exist_ok=True)
                content = opened.extractfile(member)
                assert content is not None
                with place.open("wb") as written:
                    while data := content.read(CHUNK):
                        written.write(data)
                place.chmod(member.mode & 0o777)
                count += 1
    if not count and not target.is_dir():
        raise FileNotFoundError(wanted)
    return count
