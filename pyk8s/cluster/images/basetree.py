"""What the file tree of a base image looks like, from the headers of its layers: enough to know where a path leads.

Copying to /bin/tool on a base whose /bin is a link to usr/bin must write usr/bin/tool: a folder called bin in the new
layer
would take the link's place.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from pyk8s.cluster.errors import ImageInvalid

WHITEOUT, OPAQUE = ".wh.", ".wh..wh..opq"
"""File names in a layer that take away what layers below it hold. Source: OCI image-spec, layer.md, "Whiteouts"."""

MOST_LINKS = 40
"""Links followed in one path, as Linux does."""


class BaseTree:
    """Folders and links of a base image, by path without a leading slash."""

    def __init__(self) -> None:
        self.folders: set[str] = {""}
        self.links: dict[str, str] = {}
        self.files: set[str] = set()

    @classmethod
    def read(cls, layers: Iterable[Path]) -> BaseTree:
        """The tree of the layers in these files, lowest first. Raises ImageInvalid for one that cannot be read."""
        tree = cls()
        for path in layers:
            try:
                with tarfile.open(path, "r:*") as archive:
                    for member in archive:
                        tree.add(member)
            except (tarfile.TarError, EOFError, OSError) as why:
                raise ImageInvalid(
                    f"layer {path.name[:12]} of the base cannot be read ({why}): plain, gzip, bzip2 and xz layers can"
                ) from why
        return tree

    def add(self, member: tarfile.TarInfo) -> None:
        """Take in one entry of a layer."""
        parts = [part for part in PurePosixPath(member.name).parts if part not in (".", "/", "..")]
        path = "/".join(parts)
        name = parts[-1] if parts else ""
        if name == OPAQUE:
            self._forget("/".join(parts[:-1]), itself=False)
        elif name.startswith(WHITEOUT):
            self._forget("/".join([*parts[:-1], name.removeprefix(WHITEOUT)]), itself=True)
        elif member.isdir():
            self.links.pop(path, None)
            self.files.discard(path)
            self.folders.add(path)
        elif member.issym():
            self._forget(path, itself=True)
            self.links[path] = member.linkname
        else:
            self._forget(path, itself=True)
            self.files.add(path)

    def resolve(self, path: str) -> str:
        """Where `path` leads with the links among its parents followed; its own last part is not.

        Raises ImageInvalid for links that lead in a circle.
        """
        left = [part for part in PurePosixPath(path).parts if part not in (".", "/")]
        done: list[str] = []
        followed = 0
        while left:
            part = left.pop(0)
            if part == "..":
                done = done[:-1]
                continue
            here = "/".join([*done, part])
            if left and here in self.links:
                followed += 1
                if followed > MOST_LINKS:
                    raise ImageInvalid(f"the links on the way to /{path} lead in a circle")
                target = PurePosixPath(self.links[here])
                if target.is_absolute():
                    done = []
                left = [each for each in target.parts if each not in (".", "/")] + left
                continue
            done.append(part)
        return "/".join(done)

    def is_folder(self, path: str) -> bool:
        """Whether `path` is a folder, also through a link."""
        return self.resolve(f"{path}/.x").removesuffix("/.x").removesuffix(".x") in self.folders

    def _forget(self, path: str, *, itself: bool) -> None:
        below = f"{path}/" if path else ""
        for kept in (self.folders, self.files):
            kept -= {each for each in kept if each and (each.startswith(below) or (itself and each == path))}
        for each in [each for each in self.links if each.startswith(below) or (itself and each == path)]:
            del self.links[each]
