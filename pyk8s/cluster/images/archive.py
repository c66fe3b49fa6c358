"""Archives of images: what `docker save`, `skopeo`, `buildah` and others write, read once from front to back.

An OCI layout (index.json, blobs/) or Docker's own form (manifest.json, layers), as a tar file, compressed or not.
Nothing
is ever unpacked to a path the archive names: files become blobs by their digest.
"""

from __future__ import annotations

import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

import msgspec

from pyk8s.cluster.errors import ImageInvalid
from pyk8s.cluster.images import manifest as m
from pyk8s.cluster.images.manifest import Descriptor, Manifest
from pyk8s.cluster.images.reference import normalize
from pyk8s.cluster.images.store import Image, Staged, Store, stage

MOST_FILES = 10_000
LARGEST_FILE = 1 << 36
"""Bytes of the largest blob: 64 GiB."""

NAMES = ("io.containerd.image.name", "org.opencontainers.image.ref.name")
"""Annotations that carry an image's name, the better one first."""

LAYER_KINDS: Mapping[bytes, str] = {
    b"\x1f\x8b": f"{m.LAYER}+gzip",
    b"\x28\xb5\x2f\xfd": f"{m.LAYER}+zstd",
}
"""Media types of layers by the bytes they begin with."""


class DockerEntry(msgspec.Struct, rename="pascal"):
    """One image in the manifest.json of Docker's form."""

    config: str
    layers: list[str]
    repo_tags: list[str] | None = None


@dataclass(frozen=True, slots=True)
class Contents:
    """The files of an archive by path, set aside, and its links."""

    files: Mapping[str, Staged]
    links: Mapping[str, str]

    def find(self, path: str) -> Staged | None:
        """The file at `path`, through links; None when there is none."""
        for _ in range(16):
            if path in self.files:
                return self.files[path]
            if path not in self.links:
                return None
            path = self.links[path]
        return None

    def need(self, path: str) -> Staged:
        """The file at `path`. Raises ImageInvalid."""
        found = self.find(path)
        if found is None:
            raise ImageInvalid(
                f"the archive names {path!r} but does not hold it: it was cut off or packed incompletely"
            )
        return found

    def json(self, path: str) -> bytes:
        """The small file at `path`. Raises ImageInvalid when it is missing or too large."""
        staged = self.need(path)
        if staged.size > m.LONGEST_JSON:
            raise ImageInvalid(f"{path!r} in the archive is larger than {m.LONGEST_JSON} bytes")
        return staged.path.read_bytes()


def load(store: Store, archive: BinaryIO, name: str = "") -> list[Image]:
    """Put the images of `archive` into the store, under their own names, or the one image under `name`.

    Raises ImageInvalid when the archive is damaged, holds no image, none for this machine, or none with a name; the
    store
    then holds what it held before.
    """
    with store.locked(), store.staging() as folder:
        contents = _read(archive, folder)
        if contents.find("index.json"):
            found = _oci(store, contents)
        elif contents.find("manifest.json"):
            found = _docker(store, contents)
        else:
            raise ImageInvalid(
                "the archive holds no image: neither index.json (OCI) nor manifest.json (Docker) is in it"
            )
        return [store.name(full, target) for full, target in _named(found, name)]


def _read(archive: BinaryIO, folder: Path) -> Contents:
    files: dict[str, Staged] = {}
    links: dict[str, str] = {}
    try:
        with tarfile.open(fileobj=archive, mode="r|*") as tar:
            for member in tar:
                if len(files) + len(links) >= MOST_FILES:
                    raise ImageInvalid(f"the archive holds more than {MOST_FILES} files: it is no image archive")
                path = _plain(member.name)
                if member.isreg():
                    content = tar.extractfile(member)
                    assert content is not None
                    files[path] = stage(content, folder, LARGEST_FILE)  # type: ignore[arg-type]
                elif member.issym():
                    links[path] = _plain(str(PurePosixPath(path).parent / member.linkname))
                elif member.islnk():
                    links[path] = _plain(member.linkname)
    except (tarfile.TarError, EOFError, OSError) as why:
        raise ImageInvalid(f"the archive cannot be read ({why}): it must be a tar file, plain or compressed") from why
    return Contents(files, links)


def _plain(path: str) -> str:
    """A path without "." and ".." steps: a key, never a place on this machine."""
    parts: list[str] = []
    for part in PurePosixPath(path).parts:
        if part == "..":
            parts = parts[:-1]
        elif part not in (".", "/"):
            parts.append(part)
    return "/".join(parts)


def _oci(store: Store, contents: Contents) -> list[tuple[str, Descriptor]]:
    index = m.parse_index(contents.json("index.json"), "index.json of the archive")
    found = []
    for descriptor in index.manifests:
        name = next((descriptor.annotations[key] for key in NAMES if key in descriptor.annotations), "")
        target = _for_machine(contents, descriptor)
        manifest = m.parse_manifest(_blob(contents, target), f"manifest {target.digest}")
        for blob in (*manifest.layers, manifest.config, target):
            _adopt(store, contents, blob)
        found.append((name, target))
    return found


def _for_machine(contents: Contents, descriptor: Descriptor) -> Descriptor:
    """The manifest that `descriptor` means on this machine: itself, or one of the index it points to."""
    for _ in range(4):
        if descriptor.media_type not in (m.INDEX, m.DOCKER_LIST):
            return descriptor
        nested = m.parse_index(_blob(contents, descriptor), f"index {descriptor.digest}")
        descriptor = m.choose(nested.manifests, m.architecture())
    raise ImageInvalid("the archive's indexes point at one another without end")


def _blob(contents: Contents, descriptor: Descriptor) -> bytes:
    content = contents.json(f"blobs/sha256/{descriptor.hex}")
    if m.describe(content, "").digest != descriptor.digest:
        raise ImageInvalid(f"blob {descriptor.digest} of the archive is damaged: its content has another digest")
    return content


def _adopt(store: Store, contents: Contents, descriptor: Descriptor) -> None:
    if store.has(descriptor):
        return
    staged = contents.need(f"blobs/sha256/{descriptor.hex}")
    if staged.hex != descriptor.hex or staged.size != descriptor.size:
        raise ImageInvalid(f"blob {descriptor.digest} of the archive is damaged: its content has another digest")
    store.adopt(staged, descriptor.media_type)


def _docker(store: Store, contents: Contents) -> list[tuple[str, Descriptor]]:
    try:
        entries = msgspec.json.decode(contents.json("manifest.json"), type=list[DockerEntry])
    except msgspec.MsgspecError as why:
        raise ImageInvalid(f"manifest.json of the archive cannot be read: {why}") from why
    found = []
    for entry in entries:
        config = store.add(contents.json(_plain(entry.config)), m.CONFIG)
        layers = tuple(_docker_layer(store, contents, path) for path in entry.layers)
        manifest = Manifest(schema_version=2, media_type=m.MANIFEST, config=config, layers=layers)
        target = store.add(m.encode(manifest), m.MANIFEST)
        found += [(tag, target) for tag in entry.repo_tags or [""]]
    return found


def _docker_layer(store: Store, contents: Contents, path: str) -> Descriptor:
    staged = contents.need(_plain(path))
    kind = next((kind for head, kind in LAYER_KINDS.items() if staged.head.startswith(head)), m.LAYER)
    already = Descriptor(media_type=kind, digest=f"sha256:{staged.hex}", size=staged.size)
    # Two images of an archive may share a layer, whose file has moved with the first.
    return already if store.has(already) else store.adopt(staged, kind)


def _named(found: list[tuple[str, Descriptor]], name: str) -> list[tuple[str, Descriptor]]:
    """Each image under its full name. Raises ImageInvalid where that is not clear."""
    if not found:
        raise ImageInvalid("the archive holds no image")
    if name:
        if len({target.digest for _, target in found}) > 1:
            names = ", ".join(each or "(unnamed)" for each, _ in found)
            raise ImageInvalid(
                f"the archive holds several images ({names}): it cannot be loaded under the one name {name}"
            )
        return [(normalize(name), found[0][1])]
    unnamed = [target.digest for each, target in found if not each or ("/" not in each and ":" not in each)]
    if unnamed:
        # An OCI "ref.name" may be no more than a tag.
        raise ImageInvalid("the archive does not say what its image is called: give it a name with --tag NAME:TAG")
    return [(normalize(each), target) for each, target in found]
