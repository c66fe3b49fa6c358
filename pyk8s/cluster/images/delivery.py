"""Giving images to nodes: blobs hard-linked into a node's content store, then made known to its containerd.

Linking costs the same for one node as for a hundred: no byte is copied, compressed or hashed again. A layer is
unpacked by
containerd when the first container needs it. Source: containerd, docs/content-flow.md and core/metadata/content.go (a
blob
that the backing store has already is added to a namespace by a write without data).
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc.aio

from pyk8s.cluster.errors import ClusterError
from pyk8s.cluster.folder import Folder, NodeFolder
from pyk8s.cluster.images import manifest as m
from pyk8s.cluster.images.manifest import Descriptor
from pyk8s.cluster.images.store import Image, Store
from pyk8s.gen.containerd.v1 import (
    content_pb2,
    content_pb2_grpc,
    images_pb2,
    images_pb2_grpc,
    leases_pb2,
    leases_pb2_grpc,
)

NAMESPACE = "k8s.io"
"""The namespace of containerd in which the CRI looks for images."""

MANAGED = {"io.cri-containerd.image": "managed"}
"""The label of images that the CRI may use."""

SECONDS = 30.0


async def deliver_all(folder: Folder, node: str) -> None:
    """Give the node every image of the machine's store."""
    await deliver(folder.node(node), Store(folder.images), Store(folder.images).images())


async def deliver(node: NodeFolder, store: Store, images: Iterable[Image]) -> None:
    """Give the node, whose containerd runs, these images. Raises ClusterError."""
    images = tuple(images)
    if not images:
        return
    link(store, node.blobs, (blob for image in images for blob in image.blobs))
    try:
        async with _leased(node.containerd_socket) as (channel, metadata):
            for image in images:
                await _register(channel, metadata, image)
    except grpc.aio.AioRpcError as why:
        raise ClusterError(f"containerd of {node.path.name} did not take an image: {why.details()}") from why


async def remove(node: NodeFolder, name: str) -> None:
    """Make the node forget the image; what its containers still use stays until they are gone. Raises ClusterError."""
    try:
        async with _channel(node.containerd_socket) as channel:
            stub: Any = images_pb2_grpc.ImagesStub(channel)  # type: ignore[no-untyped-call]
            await stub.Delete(images_pb2.DeleteImageRequest(name=name), metadata=_metadata(), timeout=SECONDS)
    except grpc.aio.AioRpcError as why:
        if why.code() is not grpc.StatusCode.NOT_FOUND:
            raise ClusterError(f"containerd of {node.path.name} kept image {name}: {why.details()}") from why


def link(store: Store, blobs: Path, wanted: Iterable[Descriptor]) -> None:
    """Put the blobs into the folder `blobs` of a content store, as links where it is on the same file system."""
    blobs.mkdir(parents=True, exist_ok=True)
    for blob in wanted:
        target = blobs / blob.hex
        if target.exists():
            continue
        try:
            target.hardlink_to(store.blobs / blob.hex)
        except FileExistsError:
            continue
        except OSError:
            # Another file system: a copy, complete before it has its name.
            beside = blobs / f".{blob.hex}.{os.getpid()}"
            shutil.copyfile(store.blobs / blob.hex, beside)
            beside.replace(target)


async def _register(channel: grpc.aio.Channel, metadata: tuple[tuple[str, str], ...], image: Image) -> None:
    stub: Any = content_pb2_grpc.ContentStub(channel)  # type: ignore[no-untyped-call]
    labels = {image.target.digest: m.gc_labels(image.manifest)}
    for blob in image.blobs:
        await _know(stub, metadata, blob, labels.get(blob.digest, {}))
    target = images_pb2.Descriptor(
        media_type=image.target.media_type, digest=image.target.digest, size=image.target.size
    )
    record = images_pb2.Image(name=image.name, labels=MANAGED, target=target)
    images: Any = images_pb2_grpc.ImagesStub(channel)  # type: ignore[no-untyped-call]
    try:
        await images.Create(images_pb2.CreateImageRequest(image=record), metadata=metadata, timeout=SECONDS)
    except grpc.aio.AioRpcError as why:
        if why.code() is not grpc.StatusCode.ALREADY_EXISTS:
            raise
        await images.Update(images_pb2.UpdateImageRequest(image=record), metadata=metadata, timeout=SECONDS)


async def _know(stub: Any, metadata: tuple[tuple[str, str], ...], blob: Descriptor, labels: dict[str, str]) -> None:
    """Tell containerd of a blob that lies in its store: a write of no data, committed at once."""
    commit = content_pb2.WriteContentRequest(
        action=content_pb2.COMMIT,
        ref=f"pyk8s-{blob.digest}",
        total=blob.size,
        expected=blob.digest,
        offset=blob.size,
        labels=labels,
    )

    async def requests() -> AsyncIterator[content_pb2.WriteContentRequest]:
        yield commit

    try:
        async for _ in stub.Write(requests(), metadata=metadata, timeout=SECONDS):
            pass
    except grpc.aio.AioRpcError as why:
        if why.code() is not grpc.StatusCode.ALREADY_EXISTS:
            raise


@asynccontextmanager
async def _channel(socket: Path) -> AsyncIterator[grpc.aio.Channel]:
    async with grpc.aio.insecure_channel(f"unix:{socket}", options=(("grpc.enable_http_proxy", 0),)) as channel:
        yield channel


def _metadata(lease: str = "") -> tuple[tuple[str, str], ...]:
    named = (("containerd-namespace", NAMESPACE),)
    return (*named, ("containerd-lease", lease)) if lease else named


@asynccontextmanager
async def _leased(socket: Path) -> AsyncIterator[tuple[grpc.aio.Channel, tuple[tuple[str, str], ...]]]:
    """A channel with a lease: what is made known through it is no garbage while it lasts."""
    async with _channel(socket) as channel:
        stub: Any = leases_pb2_grpc.LeasesStub(channel)  # type: ignore[no-untyped-call]
        request = leases_pb2.CreateRequest(id=f"pyk8s-{os.getpid()}-{id(channel):x}")
        made = await stub.Create(request, metadata=_metadata(), timeout=SECONDS, wait_for_ready=True)
        try:
            yield channel, _metadata(made.lease.id)
        finally:
            gone = leases_pb2.DeleteRequest(id=made.lease.id)
            await asyncio.shield(stub.Delete(gone, metadata=_metadata(), timeout=SECONDS))
