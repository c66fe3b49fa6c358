"""Where each volume of a pod is on the node, and what has to be made for it. Pure.

Source: core/v1 EmptyDirVolumeSource, HostPathVolumeSource (types); memory volumes are bounded by their own limit and by
the memory of the containers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from pyk8s.api.quantity import QuantityInvalid, units
from pyk8s.kubelet.errors import PodError
from pyk8s.kubelet.pod.names import volume_folder
from pyk8s.kubelet.resources import total
from pyk8s.kubelet.spec import Pod, Volume
from pyk8s.kubelet.spec.volume import EmptyDir

HOST_PATH_TYPES = (
    "",
    "DirectoryOrCreate",
    "Directory",
    "FileOrCreate",
    "File",
    "Socket",
    "CharDevice",
    "BlockDevice",
)


@dataclass(frozen=True, slots=True)
class Folder:
    """An empty folder that every user of the pod may write to; its group is `group` when that is given."""

    path: str
    group: int | None = None


@dataclass(frozen=True, slots=True)
class Memory:
    """The same as a tmpfs of at most `size` bytes; 0 leaves the kernel's own bound."""

    path: str
    size: int = 0
    group: int | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """A folder of files that the kubelet writes (`payload.files`), in memory when they are secret."""

    path: str
    volume: Volume
    in_memory: bool
    group: int | None = None


@dataclass(frozen=True, slots=True)
class OfNode:
    """A path of the node that must be of `type`, or is made when the type says so."""

    path: str
    type: str = ""


Wanted: TypeAlias = Folder | Memory | Written | OfNode


def plan_volumes(pod: Pod, root: str) -> dict[str, Wanted]:
    """What each volume needs, by its name. Raises PodError for a kind of volume this kubelet cannot mount."""
    return {volume.name: plan_volume(pod, volume, root) for volume in pod.spec.volumes}


def plan_volume(pod: Pod, volume: Volume, root: str) -> Wanted:
    """What one volume needs; `root` is the kubelet's folder. Raises PodError."""
    uid, group = pod.metadata.uid, pod.spec.security_context.fs_group
    if volume.empty_dir is not None:
        path = volume_folder(root, uid, "empty-dir", volume.name)
        if volume.empty_dir.medium == "Memory":
            return Memory(path, memory_size(pod, volume.empty_dir), group)
        if volume.empty_dir.medium:
            raise PodError("FailedMount", f"volume {volume.name!r}: unknown medium {volume.empty_dir.medium!r}")
        return Folder(path, group)
    if volume.host_path is not None:
        if volume.host_path.type not in HOST_PATH_TYPES:
            raise PodError("FailedMount", f"volume {volume.name!r}: unknown hostPath type {volume.host_path.type!r}")
        return OfNode(volume.host_path.path, volume.host_path.type)
    if volume.config_map is not None:
        return Written(volume_folder(root, uid, "configmap", volume.name), volume, False, group)
    if volume.secret is not None:
        return Written(volume_folder(root, uid, "secret", volume.name), volume, True, group)
    if volume.downward_api is not None:
        return Written(volume_folder(root, uid, "downward-api", volume.name), volume, False, group)
    if volume.projected is not None:
        return Written(volume_folder(root, uid, "projected", volume.name), volume, True, group)
    raise PodError("FailedMount", f"volume {volume.name!r}: this node cannot mount volumes of its kind")


def memory_size(pod: Pod, source: EmptyDir) -> int:
    """How many bytes a memory volume may hold: its own limit or what the pod's containers may use; 0 when neither."""
    bounds = [bound for bound in (size_limit(source), total(pod, "memory", limits=True)) if bound]
    return min(bounds, default=0)


def size_limit(source: EmptyDir) -> int:
    """The sizeLimit in bytes; 0 without one. Raises PodError when it is no quantity."""
    if source.size_limit is None:
        return 0
    try:
        return units(source.size_limit)
    except QuantityInvalid as why:
        raise PodError("FailedMount", f"sizeLimit {source.size_limit!r} is not a quantity: {why}") from why


def read_only_volumes(pod: Pod) -> frozenset[str]:
    """The volumes that containers can only read, whatever their mounts say: the kubelet rewrites them."""
    return frozenset(
        each.name
        for each in pod.spec.volumes
        if each.config_map is not None
        or each.secret is not None
        or each.downward_api is not None
        or each.projected is not None
    )
