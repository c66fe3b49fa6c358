"""The files of config map, secret, downward API and projected volumes. Pure: the objects are handed in.

Source: core/v1 ConfigMapVolumeSource, SecretVolumeSource, DownwardAPIVolumeSource, ProjectedVolumeSource.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from pyk8s.kubelet.errors import PodError
from pyk8s.kubelet.fields import Facts, field_value, resource_value
from pyk8s.kubelet.spec import Pod, Volume
from pyk8s.kubelet.spec.volume import DownwardFile, KeyToPath, Projection, TokenSource

DEFAULT_MODE = 0o644


@dataclass(frozen=True, slots=True)
class File:
    """One file: its bytes and permission bits."""

    data: bytes
    mode: int = DEFAULT_MODE


Files: TypeAlias = dict[str, File]
"""Files by their path below the volume, "dir/name"."""

Data: TypeAlias = Mapping[str, bytes]
"""What a config map or secret holds, by key."""


@dataclass(frozen=True, slots=True)
class Objects:
    """What volumes are made of: config maps and secrets by name (a missing one is absent), tokens by audience."""

    config_maps: Mapping[str, Data] = field(default_factory=dict)
    secrets: Mapping[str, Data] = field(default_factory=dict)
    tokens: Mapping[tuple[str, int], str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Needs:
    """The objects that volumes refer to: names of config maps and secrets, and (audience, seconds) of tokens."""

    config_maps: frozenset[str] = frozenset()
    secrets: frozenset[str] = frozenset()
    tokens: frozenset[tuple[str, int]] = frozenset()


def needs(volumes: Sequence[Volume]) -> Needs:
    """What must be fetched before the files of `volumes` can be made."""
    maps = {each.config_map.name for each in volumes if each.config_map is not None}
    secrets = {each.secret.secret_name for each in volumes if each.secret is not None}
    tokens: set[tuple[str, int]] = set()
    for source in (source for each in volumes if each.projected is not None for source in each.projected.sources):
        if source.config_map is not None:
            maps.add(source.config_map.name)
        if source.secret is not None:
            secrets.add(source.secret.name)
        if source.service_account_token is not None:
            tokens.add(token_key(source.service_account_token))
    return Needs(frozenset(maps), frozenset(secrets), frozenset(tokens))


def token_key(source: TokenSource) -> tuple[str, int]:
    """What tells one token of a pod from another."""
    return source.audience, source.expiration_seconds


def files(pod: Pod, volume: Volume, objects: Objects, facts: Facts) -> Files:
    """The files of `volume`, which is of one of the kinds above.

    Raises PodError (FailedMount) when an object or key that is not optional is missing, or a path leaves the volume.
    """
    made: Files = {}
    if (maps := volume.config_map) is not None:
        made = _keys("configmap", maps.name, maps.items, objects.config_maps, maps.default_mode, maps.optional)
    elif (secret := volume.secret) is not None:
        name, mode = secret.secret_name, secret.default_mode
        made = _keys("secret", name, secret.items, objects.secrets, mode, secret.optional)
    elif (downward := volume.downward_api) is not None:
        made = _downward(pod, downward.items, facts, downward.default_mode)
    elif (projected := volume.projected) is not None:
        for source in projected.sources:
            made |= _projection(pod, source, objects, facts, projected.default_mode)
    for path in made:
        _check(volume.name, path)
    return made


def _projection(pod: Pod, source: Projection, objects: Objects, facts: Facts, mode: int | None) -> Files:
    if (maps := source.config_map) is not None:
        return _keys("configmap", maps.name, maps.items, objects.config_maps, mode, maps.optional)
    if (secret := source.secret) is not None:
        return _keys("secret", secret.name, secret.items, objects.secrets, mode, secret.optional)
    if source.downward_api is not None:
        return _downward(pod, source.downward_api.items, facts, mode)
    if (token := source.service_account_token) is not None:
        text = objects.tokens.get(token_key(token))
        if text is None:
            raise PodError("FailedMount", f"no token for audience {token.audience!r}")
        # A token is for the container's user only: readable by its group when the pod has one, else by its owner.
        if pod.spec.security_context.fs_group is not None:
            return {token.path: File(text.encode(), 0o640)}
        return {token.path: File(text.encode(), DEFAULT_MODE if mode is None else mode)}
    return {}


def _keys(
    kind: str, name: str, items: Sequence[KeyToPath], held: Mapping[str, Data], mode: int | None, optional: bool
) -> Files:
    base = DEFAULT_MODE if mode is None else mode
    if name not in held:
        if optional:
            return {}
        raise PodError("FailedMount", f'{kind} "{name}" not found')
    data = held[name]
    if not items:
        return {key: File(value, base) for key, value in data.items()}
    made: Files = {}
    for item in items:
        if item.key in data:
            made[item.path] = File(data[item.key], base if item.mode is None else item.mode)
        elif not optional:
            raise PodError("FailedMount", f'{kind} "{name}" references non-existent key: {item.key}')
    return made


def _downward(pod: Pod, items: Sequence[DownwardFile], facts: Facts, mode: int | None) -> Files:
    base = DEFAULT_MODE if mode is None else mode
    made: Files = {}
    for item in items:
        if item.field_ref is not None:
            text = field_value(pod, item.field_ref.field_path, facts)
        elif item.resource_field_ref is not None:
            text = resource_value(pod, item.resource_field_ref, facts)
        else:
            continue
        made[item.path] = File(text.encode(), base if item.mode is None else item.mode)
    return made


def _check(volume: str, path: str) -> None:
    parts = path.split("/")
    if not path or path.startswith("/") or ".." in parts or parts[0].startswith("..") or len(path) > 4096:
        raise PodError("FailedMount", f"volume {volume!r}: {path!r} is not a path below the volume")


def config_map_data(obj: Mapping[str, Mapping[str, str]]) -> Data:
    """The keys of a decoded ConfigMap, text and binary. Raises PodError when a binary value is no base64."""
    made = {key: value.encode() for key, value in (obj.get("data") or {}).items()}
    return made | _decoded(obj.get("binaryData") or {})


def secret_data(obj: Mapping[str, Mapping[str, str]]) -> Data:
    """The keys of a decoded Secret. Raises PodError when a value is no base64."""
    return _decoded(obj.get("data") or {})


def _decoded(data: Mapping[str, str]) -> dict[str, bytes]:
    try:
        return {key: base64.b64decode(value, validate=True) for key, value in data.items()}
    except (binascii.Error, ValueError) as why:
        raise PodError("FailedMount", f"a value is not base64: {why}") from why
