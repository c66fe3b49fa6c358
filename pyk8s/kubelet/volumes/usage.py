"""How much is stored in folders that have a limit.

A tmpfs keeps to its size by itself; a folder on the node's disk is measured now and then, and a pod over its limit is
evicted. Source: core/v1 EmptyDirVolumeSource.sizeLimit.
"""

from __future__ import annotations

import os
from pathlib import Path

from pyk8s.kubelet.errors import PodError
from pyk8s.kubelet.pod.names import volume_folder
from pyk8s.kubelet.spec import Pod
from pyk8s.kubelet.volumes.plan import size_limit

CHECK_SECONDS = 10.0
MOST_ENTRIES = 200_000
"""Files and folders that are counted in one volume; what lies beyond does not count."""


def limits(pod: Pod, root: str) -> dict[str, tuple[str, int]]:
    """The folders of the pod that have a limit: path and bytes, by the volume's name. Pure."""
    found: dict[str, tuple[str, int]] = {}
    for volume in pod.spec.volumes:
        if volume.empty_dir is None or volume.empty_dir.medium or volume.empty_dir.size_limit is None:
            continue
        try:
            bound = size_limit(volume.empty_dir)
        except PodError:
            continue  # it was never mounted
        found[volume.name] = (volume_folder(root, pod.metadata.uid, "empty-dir", volume.name), bound)
    return found


def stored(path: Path) -> int:
    """Bytes on disk below `path`, a hard-linked file counted once. Blocks."""
    total, counted, seen = 0, 0, set()
    for folder, names, files in os.walk(path):
        for name in (*names, *files):
            counted += 1
            if counted > MOST_ENTRIES:
                return total
            try:
                found = os.lstat(os.path.join(folder, name))  # noqa: PTH118 - a Path for each file would cost more
            except OSError:
                continue  # it went while it was counted
            if found.st_ino not in seen:
                seen.add(found.st_ino)
                total += found.st_blocks * 512
    return total


def exceeded(pod: Pod, root: str) -> str:
    """Which volume holds more than it may, as a sentence; "" when none does. Blocks."""
    for name, (path, bound) in limits(pod, root).items():
        if stored(Path(path)) > bound:
            volume = next(each for each in pod.spec.volumes if each.name == name)
            said = volume.empty_dir.size_limit if volume.empty_dir is not None else bound
            return f'Usage of EmptyDir volume "{name}" exceeds the limit "{said}". '
    return ""
