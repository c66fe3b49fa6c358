"""Static pods as values: read from a manifest, and what has to be done about their mirrors. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import msgspec

from pyk8s.kubelet.errors import PodError
from pyk8s.kubelet.spec import Pod, pod_of
from pyk8s.kubelet.spec.pod import CONFIG_HASH, CONFIG_SEEN, CONFIG_SOURCE, MIRROR

Json: TypeAlias = dict[str, Any]
EVERYTHING = {"operator": "Exists", "effect": "NoExecute"}
"""The toleration of static pods: no taint sends them away."""


@dataclass(frozen=True, slots=True)
class StaticPod:
    """A pod from a file: as the kubelet runs it, and as the API is to hold it."""

    pod: Pod
    mirror: Json

    @property
    def hash(self) -> str:
        """What tells one version of the file from another; also the pod's uid on this node."""
        return self.pod.metadata.uid


@dataclass(frozen=True, slots=True)
class CreateMirror:
    """Let the API have a copy of the static pod of this uid."""

    uid: str


@dataclass(frozen=True, slots=True)
class DeleteMirror:
    """Take a copy away: its pod is gone, has changed, or somebody deleted the copy."""

    namespace: str
    name: str
    uid: str


Action: TypeAlias = CreateMirror | DeleteMirror


def static_pod(manifest: Any, node_name: str, node_uid: str, seen_at: str) -> StaticPod:
    """The static pod in a decoded manifest: named after the node too, its uid the hash of its content.

    Raises PodError (InvalidManifest).
    """
    if not isinstance(manifest, dict) or manifest.get("kind") != "Pod":
        raise PodError("InvalidManifest", "it is no Pod")
    metadata, spec = dict(manifest.get("metadata") or {}), dict(manifest.get("spec") or {})
    if not metadata.get("name") or not spec.get("containers"):
        raise PodError("InvalidManifest", "metadata.name and spec.containers must be there")
    content = node_name.encode() + b"\0" + msgspec.json.encode(manifest, order="sorted")
    digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
    notes = {CONFIG_HASH: digest, CONFIG_SEEN: seen_at, CONFIG_SOURCE: "file"}
    metadata |= {
        "name": f"{metadata['name']}-{node_name}",
        "namespace": metadata.get("namespace") or "default",
        "annotations": {**(metadata.get("annotations") or {}), **notes},
    }
    spec |= {"nodeName": node_name, "tolerations": [*(spec.get("tolerations") or []), EVERYTHING]}
    obj = {"apiVersion": "v1", "kind": "Pod", "metadata": {**metadata, "uid": digest}, "spec": spec}
    try:
        pod = pod_of(obj)
    except msgspec.ValidationError as why:
        raise PodError("InvalidManifest", str(why)) from why
    return StaticPod(pod, mirror_of(obj, node_name, node_uid))


def mirror_of(obj: Json, node_name: str, node_uid: str) -> Json:
    """The copy of a static pod for the API; it goes when the node does."""
    metadata = {key: value for key, value in obj["metadata"].items() if key != "uid"}
    metadata["annotations"] = {**metadata["annotations"], MIRROR: obj["metadata"]["uid"]}
    if node_uid:
        owner = {"apiVersion": "v1", "kind": "Node", "name": node_name, "uid": node_uid, "controller": True}
        metadata["ownerReferences"] = [owner]
    return {**obj, "metadata": metadata}


def plan_mirrors(wanted: Mapping[str, StaticPod], mirrors: Iterable[Pod]) -> tuple[Action, ...]:
    """What to do so that the API holds exactly one copy of each static pod; `wanted` is by uid."""
    actions: list[Action] = []
    held: set[str] = set()
    names: set[str] = set()
    for mirror in mirrors:
        digest = mirror.metadata.annotations.get(MIRROR, "")
        if digest in wanted and not mirror.is_terminating and wanted[digest].pod.key == mirror.key:
            held.add(digest)
        else:
            actions.append(DeleteMirror(mirror.metadata.namespace, mirror.metadata.name, mirror.metadata.uid))
            names.add(mirror.key)
    # Where a copy has to go first, the next event says that the name is free.
    actions += [CreateMirror(uid) for uid, one in wanted.items() if uid not in held and one.pod.key not in names]
    return tuple(actions)
