"""Makes a node: namespaces of network, mounts and host name, joined to the bridge; then becomes the program that
holds them.

Run by the supervisor as `python -m pyk8s.cluster.nodeinit FILE`, in the host's namespaces; FILE is a `Plan`. Its own
folders are bound over the places where the programs of a node write, so that nodes of one machine collide in nothing.
Where such a place is missing on the host it is made in an overlay that only the node sees: the host's /etc, /opt and
/var/lib are never written.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import msgspec

from pyk8s.aio.notify import ready
from pyk8s.kernel import syscalls
from pyk8s.kernel.errors import Absent, KernelError
from pyk8s.kernel.mount.run import observe

CLONE_NEWNS = 0x00020000
CLONE_NEWUTS = 0x04000000

OVERLAID = ("/etc", "/opt", "/var/lib")
"""Folders of the host that a node sees with additions of its own."""


class Plan(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A node to make. Paths on the left of `binds` are the host's, those on the right the node's."""

    hostname: str
    outside: str
    """Commands for `ip -batch` in the host's namespace; PID stands for this process."""
    inside: str
    """Commands for `ip -batch` in the node's."""
    sysctls: dict[str, str]
    scratch: str
    """An empty folder, over which a small file system in memory is mounted for the overlays."""
    binds: tuple[tuple[str, str], ...]
    files: dict[str, str]
    """Files of the node's own /etc and their contents."""
    fresh: tuple[str, ...]
    """Folders whose contents belong to the processes of the node's last run, and go."""
    home: str
    """The folder of all clusters, which must stay visible in the node."""
    hold: tuple[str, ...]
    """The program to become."""


def main() -> None:
    """Carry out the plan in the file named by the first argument. Ends with a sentence on standard error if it
    cannot."""
    plan = msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Plan)
    try:
        make(plan)
    except (OSError, subprocess.CalledProcessError, KernelError) as why:
        sys.exit(f"error: cannot make node {plan.hostname}: {why}")
    ready()
    os.execv(plan.hold[0], list(plan.hold))  # noqa: S606 - no shell is what is wanted


def make(plan: Plan) -> None:
    """Move this process into new namespaces and set them up."""
    for folder in plan.fresh:
        empty(Path(folder))
    # Started before the new namespace is entered, it carries out its commands in the old one.
    outside = subprocess.Popen(["ip", "-batch", "-"], stdin=subprocess.PIPE, text=True)
    syscalls.unshare(syscalls.CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS)
    outside.communicate(plan.outside.replace("PID", str(os.getpid())), timeout=30)
    if outside.returncode != 0:
        raise subprocess.CalledProcessError(outside.returncode, "ip -batch (host side)")
    # Before the addresses: where IPv6 is switched off, none can be given.
    for name, value in plan.sysctls.items():
        Path("/proc/sys", *name.split("/")).write_text(value)
    subprocess.run(["ip", "-batch", "-"], input=plan.inside, text=True, check=True, timeout=30)
    socket.sethostname(plan.hostname)
    mount(plan)


def mount(plan: Plan) -> None:
    """Lay out the node's own view of the file system, in this process's namespace of mounts."""
    syscalls.mount("", "/", flags=syscalls.MS_REC | syscalls.MS_SLAVE)
    home = os.open(plan.home, os.O_PATH | os.O_CLOEXEC)
    sources = [(os.open(source, os.O_PATH | os.O_CLOEXEC), target) for source, target in plan.binds]
    uncover([target for _, target in plan.binds])
    syscalls.mount("tmpfs", plan.scratch, "tmpfs", data="size=16m,mode=0755")
    for place in OVERLAID:
        upper, work = (Path(plan.scratch, part, place.strip("/")) for part in ("upper", "work"))
        for folder in (upper, work):
            folder.mkdir(parents=True)
        syscalls.mount("overlay", place, "overlay", data=f"lowerdir={place},upperdir={upper},workdir={work}")
    for path, content in plan.files.items():
        # On many hosts /etc/resolv.conf is a link into /run, which is not the node's.
        Path(path).unlink(missing_ok=True)
        Path(path).write_text(content)
    for source, target in sources:
        Path(target).mkdir(parents=True, exist_ok=True)
        syscalls.mount(f"/proc/self/fd/{source}", target, flags=syscalls.MS_BIND | syscalls.MS_REC)
        os.close(source)
    if not os.path.samestat(os.fstat(home), Path(plan.home).stat()) or covered(plan.home):
        Path(plan.home).mkdir(parents=True, exist_ok=True)
        syscalls.mount(f"/proc/self/fd/{home}", plan.home, flags=syscalls.MS_BIND | syscalls.MS_REC)
    os.close(home)
    # Volumes that a container mounts for others (mountPropagation) need a shared tree within the node.
    syscalls.mount("", "/", flags=syscalls.MS_REC | syscalls.MS_SHARED)


def uncover(targets: list[str]) -> None:
    """Let go of the host's mounts below `targets`: hidden ones would keep its namespaces and disks busy for ever."""
    below = [each.target for each in observe() if any(each.target.startswith(target + "/") for target in targets)]
    for target in reversed(below):
        # Another program's mount may be gone since it was seen, and its mount point with it.
        with contextlib.suppress(Absent):
            syscalls.umount(target, syscalls.MNT_DETACH)


def covered(path: str) -> bool:
    """Whether `path` lies below one of the overlays."""
    return any(path.startswith(place + "/") for place in OVERLAID)


def empty(folder: Path) -> None:
    """Remove what is in `folder`, but not the folder."""
    for entry in os.scandir(folder):
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path)
        else:
            Path(entry.path).unlink()


if __name__ == "__main__":
    main()
