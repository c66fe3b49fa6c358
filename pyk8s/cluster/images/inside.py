"""What happens inside an image under construction, in a process of its own that never comes back out.

`python -m pyk8s.cluster.images.inside unpack` reads [archive, folder] and unpacks a layer, confined to the folder by
chroot, so that no path or link in it can lead anywhere else. `… run` reads a `Job` and becomes its command.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import msgspec

from pyk8s.kernel import syscalls

NAMESPACES = 0x00020000 | 0x04000000 | 0x08000000 | 0x20000000
"""CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWPID."""

DEVICES = ("null", "zero", "full", "random", "urandom", "tty")


class Job(msgspec.Struct, frozen=True):
    """A command and the overlay it runs on; `lower` is topmost first."""

    lower: tuple[str, ...]
    upper: str
    work: str
    merged: str
    argv: tuple[str, ...]
    env: dict[str, str]
    workdir: str
    user: str


def main() -> None:
    """Read what to do from standard input and do it."""
    text = sys.stdin.buffer.read()
    if sys.argv[1] == "unpack":
        archive, folder = msgspec.json.decode(text, type=tuple[str, str])
        unpack(Path(archive), Path(folder))
    else:
        sys.exit(run(msgspec.json.decode(text, type=Job)))


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a layer over what `folder` holds, carrying out its whiteouts."""
    with archive.open("rb") as file:
        os.chroot(folder)
        os.chdir("/")
        with tarfile.open(fileobj=file, mode="r:*") as tar:
            # The chroot is what confines; Python before 3.11.4 knows no filters, and later ones want one named.
            tar.extraction_filter = lambda member, path: member
            for member in tar:
                _apply(tar, member)


def _apply(tar: tarfile.TarFile, member: tarfile.TarInfo) -> None:
    path = Path("/") / member.name.lstrip("/")
    if path.name == ".wh..wh..opq":
        for child in path.parent.iterdir():
            _remove(child)
    elif path.name.startswith(".wh."):
        _remove(path.with_name(path.name.removeprefix(".wh.")))
    else:
        if not (member.isdir() and path.is_dir() and not path.is_symlink()):
            _remove(path)
        tar.extract(member, "/", numeric_owner=True)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def run(job: Job) -> int:
    """Carry out the command on the overlay; its exit code."""
    syscalls.unshare(NAMESPACES)
    syscalls.mount("", "/", flags=syscalls.MS_REC | syscalls.MS_PRIVATE)
    options = f"lowerdir={':'.join(job.lower)},upperdir={job.upper},workdir={job.work}"
    syscalls.mount("overlay", job.merged, "overlay", data=options)
    # The first child is process 1 of the new namespace of pids, and mounts its /proc.
    pid = os.fork()
    if pid == 0:
        os._exit(_become(job))
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)


def _become(job: Job) -> int:
    root = Path(job.merged)
    try:
        for name in ("proc", "dev", "sys", "etc"):
            (root / name).mkdir(exist_ok=True)
        syscalls.mount("proc", str(root / "proc"), "proc")
        syscalls.mount("tmpfs", str(root / "dev"), "tmpfs", data="mode=755,size=1m")
        for name in DEVICES:
            (root / "dev" / name).touch()
            syscalls.mount(f"/dev/{name}", str(root / "dev" / name), flags=syscalls.MS_BIND)
        if not (root / "etc" / "resolv.conf").is_symlink() and Path("/etc/resolv.conf").exists():
            (root / "etc" / "resolv.conf").touch()
            syscalls.mount("/etc/resolv.conf", str(root / "etc" / "resolv.conf"), flags=syscalls.MS_BIND)
        os.chroot(root)
        os.chdir(job.workdir)
        who = user(job.user)
        null = os.open("/dev/null", os.O_RDONLY)
        done = subprocess.run(
            job.argv, env=job.env, stdin=null, check=False, user=who[0], group=who[1], extra_groups=[]
        )
    except (OSError, ValueError) as why:
        sys.stderr.write(f"{why}\n")
        return 126
    return done.returncode if done.returncode >= 0 else 128 - done.returncode


def user(text: str) -> tuple[int, int]:
    """The numbers of "NAME", "NAME:GROUP" or numbers, by the image's own /etc/passwd and /etc/group; root for "".

    Raises ValueError for a name that is not in them.
    """
    name, _, group = text.partition(":")
    if not name:
        return 0, 0
    uid, gid = (int(name), 0) if name.isdigit() else _lookup("/etc/passwd", name)
    if group:
        gid = int(group) if group.isdigit() else _lookup("/etc/group", group)[0]
    return uid, gid


def _lookup(path: str, name: str) -> tuple[int, int]:
    for line in Path(path).read_text().splitlines() if Path(path).exists() else ():
        fields = line.split(":")
        if fields[0] == name and len(fields) > 3:
            return int(fields[2]), int(fields[3]) if fields[3].isdigit() else 0
    raise ValueError(f"the image's {path} has no {name}")


if __name__ == "__main__":
    main()
