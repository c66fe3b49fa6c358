"""Labels, annotations and paths by which the kubelet finds its own again. Pure.

Source: the labels that CRI tools (crictl, log collectors) have come to read.
"""

from __future__ import annotations

POD_NAME = "io.kubernetes.pod.name"
POD_NAMESPACE = "io.kubernetes.pod.namespace"
POD_UID = "io.kubernetes.pod.uid"
CONTAINER_NAME = "io.kubernetes.container.name"

SPEC_HASH = "io.kubernetes.container.hash"
RESTART_COUNT = "io.kubernetes.container.restartCount"
CRASHES = "pyk8s.dev/crashes"
GRACE_SECONDS = "io.kubernetes.pod.terminationGracePeriod"


def log_folder(logs: str, namespace: str, name: str, uid: str) -> str:
    """The folder of a pod's logs below `logs`."""
    return f"{logs}/{namespace}_{name}_{uid}"


def log_path(container: str, attempt: int) -> str:
    """The log of one instance of a container, below the pod's folder."""
    return f"{container}/{attempt}.log"


def pod_folder(root: str, uid: str) -> str:
    """Where the kubelet keeps what belongs to a pod."""
    return f"{root}/pods/{uid}"


def hosts_file(root: str, uid: str) -> str:
    """The pod's /etc/hosts."""
    return f"{pod_folder(root, uid)}/etc-hosts"


def message_file(root: str, uid: str, container: str, attempt: int) -> str:
    """Where an instance of a container leaves its last words."""
    return f"{pod_folder(root, uid)}/containers/{container}/{attempt}"


def volume_folder(root: str, uid: str, kind: str, volume: str) -> str:
    """Where a volume of `kind` ("empty-dir", "configmap", …) is on the node."""
    return f"{pod_folder(root, uid)}/volumes/kubernetes.io~{kind}/{volume}"


def subpath_target(root: str, uid: str, volume: str, container: str, number: int) -> str:
    """Where a part of a volume is mounted for one mount of a container."""
    return f"{pod_folder(root, uid)}/volume-subpaths/{volume}/{container}/{number}"
