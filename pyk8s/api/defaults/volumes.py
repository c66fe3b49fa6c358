"""Defaults of the volumes of a pod. Source: pkg/apis/core/v1/defaults.go and zz_generated.defaults.go."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from pyk8s.api.defaults.sources import default_field_source, pull_policy
from pyk8s.api.defaults.values import canonical_fields, child, resource_list, unless_said, unless_zero
from pyk8s.api.objectmeta import Object

_MODE: Final = 0o644
_TOKEN_SECONDS: Final = 3600


def default_volume(volume: Object) -> None:
    """Fill in a volume; one without any source is an empty folder."""
    said = False
    for kind, source in volume.items():
        if kind != "name" and source is not None:
            said = True
            if fill := _SOURCES.get(kind):
                fill(source)
    if not said:
        volume["emptyDir"] = {}


def default_claim_spec(spec: Object) -> None:
    """Fill in what claims and templates of claims share."""
    unless_said(spec, volumeMode="Filesystem")
    resources = child(spec, "resources")
    resource_list(resources, "requests", "limits")


def default_persistent_source(spec: Object) -> None:
    """Fill in the source of a persistent volume, which has those of a pod's volumes and more."""
    for kind in _PERSISTENT:
        if source := spec.get(kind):
            _SOURCES[kind](source)


def _mode(source: Object) -> None:
    if source.get("defaultMode") is None:
        source["defaultMode"] = _MODE


def _downward(source: Object) -> None:
    _mode(source)
    _downward_items(source)


def _downward_items(source: Object) -> None:
    for item in source.get("items") or ():
        default_field_source(item)


def _projected(source: Object) -> None:
    _mode(source)
    for part in source.get("sources") or ():
        if (token := part.get("serviceAccountToken")) is not None:
            unless_said(token, expirationSeconds=_TOKEN_SECONDS)
        if downward := part.get("downwardAPI"):
            _downward_items(downward)


def _ephemeral(source: Object) -> None:
    if template := source.get("volumeClaimTemplate"):
        default_claim_spec(child(template, "spec"))


def _image(source: Object) -> None:
    if not source.get("pullPolicy"):
        source["pullPolicy"] = pull_policy(source.get("reference") or "")


def _scale_io(source: Object) -> None:
    unless_zero(source, storageMode="ThinProvisioned", fsType="xfs")


def _azure_disk(source: Object) -> None:
    unless_said(source, cachingMode="ReadWrite", kind="Shared", fsType="ext4", readOnly=False)


_SOURCES: Final[dict[str, Callable[[Object], None]]] = {
    "emptyDir": lambda source: canonical_fields(source, "sizeLimit"),
    "secret": _mode,
    "configMap": _mode,
    "downwardAPI": _downward,
    "projected": _projected,
    "hostPath": lambda source: unless_said(source, type=""),
    "ephemeral": _ephemeral,
    "image": _image,
    "iscsi": lambda source: unless_zero(source, iscsiInterface="default"),
    "rbd": lambda source: unless_zero(source, pool="rbd", user="admin", keyring="/etc/ceph/keyring"),
    "scaleIO": _scale_io,
    "azureDisk": _azure_disk,
}

_PERSISTENT: Final = ("hostPath", "iscsi", "rbd", "scaleIO", "azureDisk")
