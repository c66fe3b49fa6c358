"""The one image a cluster cannot do without: the sandbox's, made of the pause program."""

from __future__ import annotations

from pyk8s.cluster import pause
from pyk8s.cluster.containerd import SANDBOX_IMAGE
from pyk8s.cluster.images.compose import Config, compose
from pyk8s.cluster.images.layer import Entry
from pyk8s.cluster.images.store import Image, Store


def ensure_sandbox(store: Store) -> Image:
    """The sandbox image, made when the store has none."""
    found = store.find(SANDBOX_IMAGE)
    if found is not None and all(store.has(blob) for blob in found.blobs):
        return found
    entries = [Entry("pause", 0o555, content=pause.program())]
    return compose(store, SANDBOX_IMAGE, [entries], Config(entrypoint=["/pause"]))
