"""Which node needs what: from a node to its pods, and from those to the secrets, config maps, service accounts, volume
claims and volumes they refer to.

It follows pods, claims, volumes and attachments as they change; a question is a dict lookup. Source: Kubernetes, "Using
Node Authorization".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import msgspec

Needed: TypeAlias = tuple[str, str, str]
"""Resource, namespace and name of something a pod refers to."""

Key: TypeAlias = tuple[str, str]
"""Namespace and name of a pod or claim."""


class _Named(msgspec.Struct):
    name: str = ""


class _EnvSource(msgspec.Struct, rename="camel"):
    config_map_key_ref: _Named | None = None
    secret_key_ref: _Named | None = None


class _Env(msgspec.Struct, rename="camel"):
    value_from: _EnvSource | None = None


class _EnvFrom(msgspec.Struct, rename="camel"):
    config_map_ref: _Named | None = None
    secret_ref: _Named | None = None


class _Container(msgspec.Struct, rename="camel"):
    env: list[_Env] | None = None
    env_from: list[_EnvFrom] | None = None


class _Secret(msgspec.Struct, rename="camel"):
    secret_name: str = ""


class _Claim(msgspec.Struct, rename="camel"):
    claim_name: str = ""


class _Projection(msgspec.Struct, rename="camel"):
    secret: _Named | None = None
    config_map: _Named | None = None


class _Projected(msgspec.Struct):
    sources: list[_Projection] | None = None


class _Csi(msgspec.Struct, rename="camel"):
    node_publish_secret_ref: _Named | None = None


class _Volume(msgspec.Struct, rename="camel"):
    name: str = ""
    secret: _Secret | None = None
    config_map: _Named | None = None
    persistent_volume_claim: _Claim | None = None
    ephemeral: dict[str, msgspec.Raw] | None = None
    projected: _Projected | None = None
    csi: _Csi | None = None


class _Spec(msgspec.Struct, rename="camel"):
    node_name: str = ""
    service_account_name: str = ""
    image_pull_secrets: list[_Named] | None = None
    containers: list[_Container] | None = None
    init_containers: list[_Container] | None = None
    ephemeral_containers: list[_Container] | None = None
    volumes: list[_Volume] | None = None


class _Metadata(msgspec.Struct):
    name: str = ""
    namespace: str = ""
    annotations: dict[str, str] | None = None


class _Pod(msgspec.Struct):
    metadata: _Metadata
    spec: _Spec


_PODS = msgspec.json.Decoder(_Pod)

MIRROR = "kubernetes.io/config.mirror"
"""The annotation of a pod that only shows what a node runs by itself: it gives its node no access to anything."""


class Graph:
    """The pods of each node and what they need. `pod`, `claim`, `volume` and `attachment` keep it true."""

    def __init__(self) -> None:
        self._pods: dict[Key, tuple[str, frozenset[Needed]]] = {}
        self._needed: dict[str, dict[Needed, int]] = {}
        self._on: dict[str, set[Key]] = {}
        self._claimed: dict[Key, str] = {}
        self._volumes: dict[str, frozenset[Needed]] = {}
        self._attached: dict[str, str] = {}

    # Kept true.

    def pod(self, key: Key, body: bytes | None) -> None:
        """A pod was made or changed (`body` is its JSON), or is gone (None)."""
        if body is None:
            self._forget(key)
            return
        try:
            pod = _PODS.decode(body)
        except msgspec.ValidationError:
            self._forget(key)
            return
        node = pod.spec.node_name
        mirror = MIRROR in (pod.metadata.annotations or {})
        needed = frozenset(_needs(pod)) if node and not mirror else frozenset()
        if self._pods.get(key) == (node, needed):
            return
        self._forget(key)
        if not node:
            return
        self._pods[key] = (node, needed)
        self._on.setdefault(node, set()).add(key)
        counts = self._needed.setdefault(node, {})
        for one in needed:
            counts[one] = counts.get(one, 0) + 1

    def claim(self, key: Key, claim: dict[str, Any] | None) -> None:
        """A volume claim was made or changed, or is gone (None)."""
        volume = ((claim or {}).get("spec") or {}).get("volumeName") or ""
        if volume:
            self._claimed[key] = volume
        else:
            self._claimed.pop(key, None)

    def volume(self, name: str, volume: dict[str, Any] | None) -> None:
        """A persistent volume was made or changed, or is gone (None)."""
        needed = frozenset(_volume_secrets((volume or {}).get("spec") or {}))
        if needed:
            self._volumes[name] = needed
        else:
            self._volumes.pop(name, None)

    def attachment(self, name: str, attachment: dict[str, Any] | None) -> None:
        """A volume attachment was made or changed, or is gone (None)."""
        node = ((attachment or {}).get("spec") or {}).get("nodeName") or ""
        if node:
            self._attached[name] = node
        else:
            self._attached.pop(name, None)

    # Asked.

    def runs(self, node: str, namespace: str, name: str) -> bool:
        """Whether that pod is on `node`."""
        return (namespace, name) in self._on.get(node, ())

    def needs(self, node: str, resource: str, namespace: str, name: str) -> bool:
        """Whether a pod on `node` refers to that object, by itself or through its volume."""
        needed = self._needed.get(node)
        if not needed:
            return False
        if (resource, namespace, name) in needed:
            return True
        if resource == "persistentvolumes":
            return name in self._volumes_of(needed)
        if resource == "secrets":
            wanted = (resource, namespace, name)
            return any(wanted in self._volumes.get(volume, ()) for volume in self._volumes_of(needed))
        return False

    def attached(self, node: str, name: str) -> bool:
        """Whether that volume attachment is for `node`."""
        return self._attached.get(name) == node

    def _volumes_of(self, needed: dict[Needed, int]) -> Iterator[str]:
        for resource, namespace, name in needed:
            if resource == "persistentvolumeclaims" and (volume := self._claimed.get((namespace, name))):
                yield volume

    def _forget(self, key: Key) -> None:
        held = self._pods.pop(key, None)
        if held is None:
            return
        node, needed = held
        on, counts = self._on[node], self._needed[node]
        on.discard(key)
        for one in needed:
            counts[one] -= 1
            if not counts[one]:
                del counts[one]
        if not on:
            del self._on[node], self._needed[node]


def _needs(pod: _Pod) -> Iterator[Needed]:
    namespace, spec = pod.metadata.namespace, pod.spec
    if spec.service_account_name:
        yield "serviceaccounts", namespace, spec.service_account_name
    for secret in spec.image_pull_secrets or ():
        yield "secrets", namespace, secret.name
    for containers in (spec.containers, spec.init_containers, spec.ephemeral_containers):
        for container in containers or ():
            for resource, name in _container_needs(container):
                yield resource, namespace, name
    for volume in spec.volumes or ():
        for resource, name in _volume_needs(volume, pod.metadata.name):
            yield resource, namespace, name


def _container_needs(container: _Container) -> Iterator[tuple[str, str]]:
    for env in container.env or ():
        if env.value_from is not None:
            if env.value_from.config_map_key_ref is not None:
                yield "configmaps", env.value_from.config_map_key_ref.name
            if env.value_from.secret_key_ref is not None:
                yield "secrets", env.value_from.secret_key_ref.name
    for source in container.env_from or ():
        if source.config_map_ref is not None:
            yield "configmaps", source.config_map_ref.name
        if source.secret_ref is not None:
            yield "secrets", source.secret_ref.name


def _volume_needs(volume: _Volume, pod: str) -> Iterator[tuple[str, str]]:
    if volume.secret is not None:
        yield "secrets", volume.secret.secret_name
    if volume.config_map is not None:
        yield "configmaps", volume.config_map.name
    if volume.persistent_volume_claim is not None:
        yield "persistentvolumeclaims", volume.persistent_volume_claim.claim_name
    if volume.ephemeral is not None:
        yield "persistentvolumeclaims", f"{pod}-{volume.name}"
    if volume.csi is not None and volume.csi.node_publish_secret_ref is not None:
        yield "secrets", volume.csi.node_publish_secret_ref.name
    for source in (volume.projected.sources if volume.projected is not None else None) or ():
        if source.secret is not None:
            yield "secrets", source.secret.name
        if source.config_map is not None:
            yield "configmaps", source.config_map.name


def _volume_secrets(spec: dict[str, Any]) -> Iterator[Needed]:
    """The secrets a persistent volume names: every `…SecretRef` of its source that says a namespace."""
    for source in spec.values():
        if isinstance(source, dict):
            for field, reference in source.items():
                if field.lower().endswith("secretref") and isinstance(reference, dict) and reference.get("namespace"):
                    yield "secrets", reference["namespace"], reference.get("name", "")
