"""Images made from this machine alone: the sandbox's, without which no pod runs, and a small one to build upon.

Nothing is pulled: the first is a program of our own, the second the busybox of Debian's package busybox-static.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from pyk8s.cluster import pause
from pyk8s.cluster.containerd import SANDBOX_IMAGE
from pyk8s.cluster.errors import ImageInvalid
from pyk8s.cluster.images.compose import Config, compose
from pyk8s.cluster.images.layer import Entry
from pyk8s.cluster.images.store import Image, Store

BUSYBOX_IMAGE = "pyk8s.local/busybox:latest"
"""A shell and its usual tools, for `FROM pyk8s.local/busybox`."""

BUSYBOX = Path("/bin/busybox")

ACCOUNTS = {
    "etc/passwd": b"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n",
    "etc/group": b"root:x:0:\nnogroup:x:65534:\n",
}


def ensure_sandbox(store: Store) -> Image:
    """The sandbox image, made when the store has none."""
    return _whole(store, SANDBOX_IMAGE) or compose(
        store,
        SANDBOX_IMAGE,
        [[Entry("pause", 0o555, content=pause.program())]],
        Config(entrypoint=["/pause"]),
    )


def ensure_busybox(store: Store) -> Image:
    """The image with busybox, made when the store has none. Raises ImageInvalid when this machine has no busybox."""
    found = _whole(store, BUSYBOX_IMAGE)
    if found is not None:
        return found
    if not BUSYBOX.is_file():
        raise ImageInvalid(f"{BUSYBOX_IMAGE} is made from {BUSYBOX}, which is not there: install busybox-static")
    listed = subprocess.run([BUSYBOX, "--list"], capture_output=True, text=True, timeout=10, check=True).stdout
    entries = [Entry("bin/busybox", 0o755, source=BUSYBOX)]
    entries += [Entry(f"bin/{name}", 0o777, link="busybox") for name in listed.split() if name != "busybox"]
    entries += [Entry(path, 0o644, content=content) for path, content in ACCOUNTS.items()]
    entries += [Entry("root", 0o700), Entry("tmp", 0o1777), Entry("usr/bin", 0o755), Entry("var", 0o755)]
    return compose(store, BUSYBOX_IMAGE, [entries], Config(cmd=["/bin/sh"]))


def ensure(store: Store, name: str) -> Image | None:
    """The image of that full name when it is one of those made here; None for every other name."""
    if name == SANDBOX_IMAGE:
        return ensure_sandbox(store)
    return ensure_busybox(store) if name == BUSYBOX_IMAGE else None


def _whole(store: Store, name: str) -> Image | None:
    found = store.find(name)
    return found if found is not None and all(store.has(blob) for blob in found.blobs) else None
