"""From a wish to machines: image, disks carried in, initramfs, accelerator, network."""

from __future__ import annotations

import os
import socket
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from vm import accelerator
from vm.cache import Cache, folder
from vm.carried import site_disk, tree_disk
from vm.errors import Unable
from vm.image import Image, default_recipe, get_image
from vm.initrd import Entry, archive, unpacked
from vm.qemu import SITE, TREE, Disk, Lan, Machine
from vm.recipe import GUEST, content_key
from vm.room import lacking

MACHINE_MEGABYTES = 1024
IN_GUEST = ("agent.py", "agent.service", "ready", "start", "vm_share.py")
"""Files of ours that every machine has in /run/pyk8s-vm, beside `frames.py`."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for: so many machines, each so large."""

    machines: int = 1
    megabytes: int = MACHINE_MEGABYTES
    cpus: int = 1
    accelerator: str = "tcg"
    init: str = "fast"


def cache() -> Cache:
    """The cache of this machine."""
    return Cache(folder())


def check(wish: Wish) -> None:
    """Raises Unable when this machine has no room for the wish."""
    if missing := lacking(wish.machines, wish.megabytes, folder()):
        raise Unable("; ".join(missing))


def disks() -> tuple[Disk, ...]:
    """The disks carried in, made when the cache has none of this content."""
    python = f"{sys.version_info[0]}.{sys.version_info[1]}"
    return (Disk(site_disk(cache(), python), SITE), Disk(tree_disk(cache(), python), TREE))


async def prepare(wish: Wish) -> list[Machine]:
    """The machines of a wish, ready to be started. Builds what is not in the cache. Raises Unable."""
    check(wish)
    image = get_image(cache(), default_recipe())
    first = Machine(
        1, image.root, image.kernel, initrd(image), disks(), None, wish.megabytes, wish.cpus, init=wish.init
    )
    first = replace(first, accelerator=await accelerator.choose(cache(), wish.accelerator, first))
    lan = Lan.of(os.getpid(), free_port())
    return [replace(first, number=number, lan=lan) for number in range(1, wish.machines + 1)]


def initrd(image: Image) -> Path:
    """The initramfs of an image: its modules and busybox, and our files of today."""
    entries = [
        Entry("bin/busybox", image.busybox.read_bytes(), 0o755),
        Entry("init", (GUEST / "init").read_bytes(), 0o755),
        *(Entry(name, None, 0o755) for name in ("proc", "sys", "dev", "root")),
        *(Entry(f"early/{path.name}", unpacked(path.name, path.read_bytes())) for path in image.early),
        *(Entry(f"guest/{name}", (GUEST / name).read_bytes(), 0o755) for name in IN_GUEST),
        Entry("guest/frames.py", (GUEST.parent / "frames.py").read_bytes()),
    ]
    packed = archive(entries)

    def write(draft: Path) -> None:
        draft.write_bytes(packed)

    return cache().get(f"initrd-{content_key(packed)}", write)


def free_port() -> int:
    """A UDP port nobody has now; the multicast group alone keeps two networks apart."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
