"""Images of this machine, for the command: what each action does to the store and to the nodes that run."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from pyk8s.cluster import folder
from pyk8s.cluster.errors import ClusterError
from pyk8s.cluster.folder import Folder, NodeFolder
from pyk8s.cluster.images import archive, delivery
from pyk8s.cluster.images import build as builder
from pyk8s.cluster.images.reference import normalize
from pyk8s.cluster.images.store import Image, Store


def store() -> Store:
    """This machine's image store."""
    return Store(folder.home() / "images")


async def load(file: BinaryIO, name: str = "") -> list[Image]:
    """Load an archive into the store and give its images to every node that runs. Raises ClusterError."""
    images = await asyncio.to_thread(archive.load, store(), file, name)
    await give(images)
    return images


async def build(context: Path, name: str, say: builder.Say, **options: object) -> Image:
    """Build an image from a folder and give it to every node that runs. Raises ClusterError."""
    image = await asyncio.to_thread(lambda: builder.build(store(), context, name, say=say, **options))  # type: ignore[arg-type]
    await give([image])
    return image


async def give(images: Iterable[Image]) -> None:
    """Give `images` to every node that runs on this machine."""
    images = list(images)
    await asyncio.gather(*(delivery.deliver(node, store(), images) for node in running_nodes()))


async def remove(name: str) -> None:
    """Remove the image from the store and from every node that runs. Raises ClusterError."""
    full = normalize(name)
    store().remove(full)
    await asyncio.gather(*(delivery.remove(node, full) for node in running_nodes()))


def running_nodes() -> list[NodeFolder]:
    """The nodes of all clusters of this machine whose containerd is there to be asked."""
    return [node for cluster in folder.every() for node in _running(cluster)]


def _running(cluster: Folder) -> list[NodeFolder]:
    try:
        settings = cluster.read()
    except ClusterError:
        return []
    nodes = [cluster.node(node.name) for node in settings.nodes if not node.stopped and not settings.stopped]
    return [node for node in nodes if node.containerd_socket.exists()]
