"""The machine's images: one OCI layout that all clusters and nodes share, and that stays when they go.

    images/oci-layout   index.json   blobs/sha256/HEX

Every image has one full name; two names may share blobs. Changes hold a lock on the folder and are whole: a blob is
complete before a manifest names it, a manifest before the index does.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import msgspec

from pyk8s.cluster.errors import ImageInvalid
from pyk8s.cluster.images import manifest as m
from pyk8s.cluster.images.manifest import Descriptor, Index, Manifest
from pyk8s.cluster.settings import write_file

NAME = "io.containerd.image.name"
"""The annotation that carries an image's full name."""

CREATED = "pyk8s.dev/created"

CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Image:
    """An image of the store: its full name, its manifest and what that says."""

    name: str
    target: Descriptor
    manifest: Manifest

    @property
    def id(self) -> str:
        """The digest of its configuration, which names what it is whoever packed it."""
        return self.manifest.config.digest

    @property
    def size(self) -> int:
        """Bytes of its blobs."""
        return self.target.size + self.manifest.config.size + sum(layer.size for layer in self.manifest.layers)

    @property
    def blobs(self) -> tuple[Descriptor, ...]:
        """Its blobs in the order in which they must be known: what refers to others comes last."""
        return (*self.manifest.layers, self.manifest.config, self.target)


class Store:
    """The image store in one folder, made when it is first written to."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.blobs = path / "blobs" / "sha256"

    def images(self) -> list[Image]:
        """All images, by name."""
        return [self._image(each) for each in sorted(self._index(), key=lambda each: each.annotations[NAME])]

    def find(self, name: str) -> Image | None:
        """The image of that full name; None when there is none."""
        return next((self._image(each) for each in self._index() if each.annotations[NAME] == name), None)

    def read(self, descriptor: Descriptor) -> bytes:
        """A manifest or configuration. Raises ImageInvalid when it is missing or too large."""
        path = self.blobs / descriptor.hex
        try:
            if path.stat().st_size > m.LONGEST_JSON:
                raise ImageInvalid(f"{path} is larger than {m.LONGEST_JSON} bytes: no manifest or configuration is")
            return path.read_bytes()
        except FileNotFoundError:
            raise ImageInvalid(f"{path} is missing: load or build the image again") from None

    def has(self, descriptor: Descriptor) -> bool:
        """Whether the blob is there, with its size."""
        path = self.blobs / descriptor.hex
        return path.is_file() and path.stat().st_size == descriptor.size

    def add(self, content: bytes, media_type: str) -> Descriptor:
        """Keep `content` as a blob."""
        descriptor = m.describe(content, media_type)
        if not self.has(descriptor):
            self.prepare()
            write_file(self.blobs / descriptor.hex, content, mode=0o444, sync=False)
        return descriptor

    def add_file(self, file: BinaryIO, media_type: str) -> Descriptor:
        """Keep what can be read from `file` as a blob."""
        with self.staging() as folder:
            staged = stage(file, folder)
            return self.adopt(staged, media_type)

    def adopt(self, staged: Staged, media_type: str) -> Descriptor:
        """Keep a staged file as a blob; the file moves."""
        descriptor = Descriptor(media_type=media_type, digest=f"sha256:{staged.hex}", size=staged.size)
        if not self.has(descriptor):
            staged.path.chmod(0o444)
            staged.path.replace(self.blobs / staged.hex)
        return descriptor

    @contextlib.contextmanager
    def staging(self) -> Iterator[Path]:
        """A folder on the store's file system for files that may become blobs; it goes with all that is left in it."""
        self.prepare()
        path = Path(tempfile.mkdtemp(prefix="staging-", dir=self.path))
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Alone with the store: hold this from the first blob to `name`, so that no `remove` takes blobs between.

        Blobs that got no name because of an error go again.
        """
        self.prepare()
        handle = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        except BaseException:
            with contextlib.suppress(ImageInvalid, OSError):
                self._sweep()
            raise
        finally:
            os.close(handle)

    def name(self, name: str, target: Descriptor, created: str = "") -> Image:
        """Let `name` stand for the manifest `target`, all of whose blobs are there. Raises ImageInvalid when one is
        not."""
        plain = Descriptor(media_type=target.media_type, digest=target.digest, size=target.size)
        named = msgspec.structs.replace(plain, annotations={NAME: name} | ({CREATED: created} if created else {}))
        image = self._image(named)
        for blob in image.blobs:
            if not self.has(blob):
                raise ImageInvalid(f"image {name} lacks the blob {blob.digest}: it was packed incompletely")
        self._write([each for each in self._index() if each.annotations[NAME] != name] + [named])
        return image

    def remove(self, name: str) -> None:
        """Remove the name and every blob no other image needs. Raises ImageInvalid when there is no such image."""
        with self.locked():
            left = [each for each in self._index() if each.annotations[NAME] != name]
            if len(left) == len(self._index()):
                raise ImageInvalid(f"there is no image {name}: see `pyk8s image list`")
            self._write(left)
            self._sweep()

    def prepare(self) -> None:
        """Make the folder when it is missing."""
        self.blobs.mkdir(parents=True, exist_ok=True)
        marker = self.path / "oci-layout"
        if not marker.exists():
            write_file(marker, b'{"imageLayoutVersion":"1.0.0"}', mode=0o644, sync=False)

    def _sweep(self) -> None:
        """Remove the blobs that no image needs."""
        needed = {blob.hex for each in self._index() for blob in self._image(each).blobs}
        for path in self.blobs.iterdir():
            if path.name not in needed:
                path.unlink()

    def _index(self) -> list[Descriptor]:
        try:
            content = (self.path / "index.json").read_bytes()
        except FileNotFoundError:
            return []
        return [
            each for each in m.parse_index(content, str(self.path / "index.json")).manifests if NAME in each.annotations
        ]

    def _write(self, manifests: list[Descriptor]) -> None:
        index = Index(schema_version=2, media_type=m.INDEX, manifests=tuple(manifests))
        write_file(self.path / "index.json", m.encode(index), mode=0o644)

    def _image(self, named: Descriptor) -> Image:
        name = named.annotations[NAME]
        return Image(name, named, m.parse_manifest(self.read(named), f"the manifest of {name}"))


@dataclass(frozen=True, slots=True)
class Staged:
    """A file on its way into the store: where it is, how large, its SHA-256 in hex, its first bytes."""

    path: Path
    size: int
    hex: str
    head: bytes


def stage(file: BinaryIO, folder: Path, limit: int = 1 << 40) -> Staged:
    """Copy what can be read from `file` into a new file in `folder`. Raises ImageInvalid over `limit` bytes."""
    digest, size, head = hashlib.sha256(), 0, b""
    handle, name = tempfile.mkstemp(dir=folder)
    with os.fdopen(handle, "wb") as out:
        while chunk := file.read(CHUNK):
            head = head or chunk[:512]
            size += len(chunk)
            if size > limit:
                raise ImageInvalid(f"more than {limit} bytes: too large")
            digest.update(chunk)
            out.write(chunk)
    return Staged(Path(name), size, digest.hexdigest(), head)
