"""What an image consists of, as values: descriptors, manifests, configurations. Source: OCI image-spec 1.1."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Sequence
from typing import Any

import msgspec

from pyk8s.cluster.errors import ImageInvalid

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"

LONGEST_JSON = 4 << 20
"""Bytes of the largest manifest or configuration that is read."""


class Descriptor(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """A reference to a blob by its digest."""

    media_type: str = msgspec.field(default="", name="mediaType")
    digest: str
    size: int
    annotations: dict[str, str] = {}
    platform: dict[str, Any] = {}

    @property
    def hex(self) -> str:
        """The digest without its algorithm: the blob's file name. Raises ImageInvalid for another than SHA-256."""
        algorithm, _, value = self.digest.partition(":")
        if algorithm != "sha256" or len(value) != 64 or not all(c in "0123456789abcdef" for c in value):
            raise ImageInvalid(f"digest {self.digest!r} is not sha256: and 64 hex digits")
        return value


class Manifest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One image for one platform."""

    schema_version: int = msgspec.field(default=0, name="schemaVersion")
    media_type: str = msgspec.field(default="", name="mediaType")
    config: Descriptor
    layers: tuple[Descriptor, ...]


class Index(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Images for several platforms, or several images."""

    schema_version: int = msgspec.field(default=0, name="schemaVersion")
    media_type: str = msgspec.field(default="", name="mediaType")
    manifests: tuple[Descriptor, ...]


def describe(content: bytes, media_type: str) -> Descriptor:
    """The descriptor of `content`."""
    return Descriptor(media_type=media_type, digest=f"sha256:{hashlib.sha256(content).hexdigest()}", size=len(content))


def encode(value: object) -> bytes:
    """JSON of `value`, the same bytes for the same value."""
    return msgspec.json.encode(value, order="sorted")


def parse_manifest(content: bytes, what: str) -> Manifest:
    """Raises ImageInvalid when `content` is no manifest; `what` names it in the message."""
    try:
        return msgspec.json.decode(content, type=Manifest)
    except msgspec.MsgspecError as why:
        raise ImageInvalid(f"{what} is no image manifest: {why}") from why


def parse_index(content: bytes, what: str) -> Index:
    """Raises ImageInvalid when `content` is no index; `what` names it in the message."""
    try:
        return msgspec.json.decode(content, type=Index)
    except msgspec.MsgspecError as why:
        raise ImageInvalid(f"{what} is no image index: {why}") from why


ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "ppc64le": "ppc64le", "s390x": "s390x"}
"""Go's names of machines, which image platforms use, by the kernel's."""


def architecture() -> str:
    """This machine's architecture as images name it."""
    return ARCHITECTURES.get(platform.machine(), platform.machine())


def choose(descriptors: Sequence[Descriptor], arch: str) -> Descriptor:
    """Of an index, the manifest for linux on `arch`; one without a platform will do when it is the only one.

    Raises ImageInvalid, naming the platforms there are.
    """
    fitting = [
        each
        for each in descriptors
        if each.platform.get("os", "linux") == "linux" and each.platform.get("architecture", arch) == arch
    ]
    if fitting:
        return next((each for each in fitting if each.platform), fitting[0])
    have = ", ".join(f"{each.platform.get('os')}/{each.platform.get('architecture')}" for each in descriptors) or "none"
    raise ImageInvalid(f"the image is not for linux/{arch}; it is for: {have}")


def gc_labels(manifest: Manifest) -> dict[str, str]:
    """The labels by which containerd keeps what a manifest refers to. Source: containerd,
    docs/garbage-collection.md."""
    labels = {"containerd.io/gc.ref.content.config": manifest.config.digest}
    for number, layer in enumerate(manifest.layers):
        labels[f"containerd.io/gc.ref.content.l.{number}"] = layer.digest
    return labels
