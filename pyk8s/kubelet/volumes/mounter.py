"""Volumes brought into being and taken away again, on this node's file system. Everything here blocks.

Twice is the same as once; a crash between any two steps is healed by the next call.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from pyk8s.kernel.errors import KernelError
from pyk8s.kernel.mount.run import Mounts
from pyk8s.kernel.mount.values import Mount, Mounted, Put, Transaction, Unmount
from pyk8s.kubelet.errors import PodError
from pyk8s.kubelet.pod.names import pod_folder
from pyk8s.kubelet.volumes import atomic
from pyk8s.kubelet.volumes.payload import Files
from pyk8s.kubelet.volumes.plan import Folder, Memory, OfNode, Wanted, Written

OPEN_TO_ALL = 0o777
SET_GROUP = 0o2000


class MountTable(Protocol):
    """What can mount: `kernel.mount.run.Mounts` or its fake."""

    def observe(self) -> tuple[Mounted, ...]:
        """Every mount."""
        ...

    def run(self, transaction: Transaction) -> None:
        """Carry out a transaction."""
        ...


class Mounter:
    """The volumes of this node's pods, below `root`."""

    def __init__(self, root: Path, mounts: MountTable | None = None) -> None:
        self.root = root
        self._mounts: MountTable = mounts if mounts is not None else Mounts()

    def mount(self, wanted: Mapping[str, Wanted], files: Mapping[str, Files]) -> None:
        """Bring every volume into being; `files` are those of the written ones, by the volume's name.

        Raises PodError (FailedMount).
        """
        mounted: set[str] | None = None
        for name, one in wanted.items():
            try:
                if isinstance(one, Memory) or (isinstance(one, Written) and one.in_memory):
                    mounted = mounted if mounted is not None else {each.target for each in self._mounts.observe()}
                    self._memory(one, mounted)
                self._make(one, files.get(name, {}))
            except (KernelError, OSError) as why:
                raise PodError("FailedMount", f"volume {name!r}: {why}") from why

    def _memory(self, wanted: Memory | Written, mounted: set[str]) -> None:
        path = Path(wanted.path)
        path.mkdir(mode=0o755, parents=True, exist_ok=True)
        if wanted.path in mounted:
            return
        size = wanted.size if isinstance(wanted, Memory) else 0
        mode = OPEN_TO_ALL if isinstance(wanted, Memory) else 0o755
        self._mounts.run((Put(Mount(wanted.path, kind="tmpfs", size=size, mode=mode)),))

    def _make(self, wanted: Wanted, files: Files) -> None:
        match wanted:
            case Folder(path, group) | Memory(path, group=group):
                folder = Path(path)
                if not folder.is_dir() or isinstance(wanted, Memory) or _mode(folder) & OPEN_TO_ALL != OPEN_TO_ALL:
                    folder.mkdir(parents=True, exist_ok=True)
                    _own(folder, OPEN_TO_ALL, group)
            case Written(path, _, _, group):
                folder = Path(path)
                folder.mkdir(mode=0o755, parents=True, exist_ok=True)
                atomic.write(folder, files, group=group)
            case OfNode(path, type):
                check_host_path(Path(path), type)

    def unmount(self, uid: str) -> None:
        """Take away every volume of the pod `uid`: unmount what is mounted, delete what was stored.

        Raises OSError, KernelError; nothing is deleted as long as anything is mounted below the pod's folder.
        """
        folder = Path(pod_folder(str(self.root), uid))
        below = [each.target for each in self._mounts.observe() if each.target.startswith(f"{folder}/")]
        self._mounts.run(tuple(Unmount(target) for target in sorted(below, key=_depth, reverse=True)))
        for name in ("volume-subpaths", "volumes"):
            if (folder / name).exists():
                shutil.rmtree(folder / name)

    def remove(self, uid: str) -> None:
        """Delete the folder of the pod `uid`, volumes and all."""
        self.unmount(uid)
        folder = Path(pod_folder(str(self.root), uid))
        if folder.exists():
            shutil.rmtree(folder)

    def pods(self) -> frozenset[str]:
        """The uids of the pods that have a folder."""
        folder = self.root / "pods"
        return frozenset(each.name for each in folder.iterdir()) if folder.is_dir() else frozenset()


def check_host_path(path: Path, type_: str) -> None:
    """See to it that a path of the node is what a hostPath volume's type says. Raises PodError (FailedMount)."""
    if type_ == "DirectoryOrCreate" and not path.exists():
        path.mkdir(mode=0o755, parents=True)
    if type_ == "FileOrCreate" and not path.exists():
        # The folder is not made: a mistyped path would leave a trail of them.
        path.touch(mode=0o644)
    if type_ == "":
        if not path.exists():
            path.mkdir(mode=0o755, parents=True)
        return
    says, is_it = _TYPES[type_]
    if not path.exists() or not is_it(path):
        raise PodError("FailedMount", f"hostPath type check failed: {path} is not a {says}")


_TYPES: Mapping[str, tuple[str, Callable[[Path], bool]]] = {
    "DirectoryOrCreate": ("directory", Path.is_dir),
    "Directory": ("directory", Path.is_dir),
    "FileOrCreate": ("file", Path.is_file),
    "File": ("file", Path.is_file),
    "Socket": ("socket file", Path.is_socket),
    "CharDevice": ("character device", Path.is_char_device),
    "BlockDevice": ("block device", Path.is_block_device),
}


def _own(folder: Path, mode: int, group: int | None) -> None:
    if group is not None:
        os.chown(folder, -1, group)
        mode |= SET_GROUP
    folder.chmod(mode)


def _mode(folder: Path) -> int:
    return stat.S_IMODE(folder.stat().st_mode)


def _depth(target: str) -> int:
    return target.count("/")
