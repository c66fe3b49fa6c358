"""Volumes, claims and storage classes. Source: pkg/apis/core/validation and pkg/apis/storage/validation."""

from __future__ import annotations

from typing import Final

from pyk8s.api import quantity, syntax
from pyk8s.api.errors import Cause
from pyk8s.api.objectmeta import Object
from pyk8s.api.quantity import QuantityInvalid
from pyk8s.api.validation.causes import each, forbidden, invalid, one_of, required, unsupported
from pyk8s.api.validation.labels import check_label_selector
from pyk8s.api.validation.scheduling import check_node_selector
from pyk8s.api.validation.volumes import check_host_path

ACCESS_MODES: Final = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")
_VOLUME_MODES: Final = ("Block", "Filesystem")
_SOURCES: Final = frozenset(
    {"awsElasticBlockStore", "azureDisk", "azureFile", "cephfs", "cinder", "csi", "fc", "flexVolume", "flocker",
     "gcePersistentDisk", "glusterfs", "hostPath", "iscsi", "local", "nfs", "photonPersistentDisk",
     "portworxVolume", "quobyte", "rbd", "scaleIO", "storageos", "vsphereVolume"}
)  # fmt: skip
_CLAIM_FIXED: Final = (
    "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims"
)
_CLASS_FIXED: Final = ("provisioner", "parameters", "reclaimPolicy", "volumeBindingMode")


def check_volume(new: Object, old: Object | None) -> list[Cause]:
    """A PersistentVolume: one source, which stays."""
    spec = new.get("spec") or {}
    causes = _check_modes(spec) + one_of(spec, "spec", "volumeMode", _VOLUME_MODES)
    capacity = spec.get("capacity") or {}
    if not capacity:
        causes.append(required("spec.capacity"))
    elif "storage" not in capacity:
        causes.append(unsupported("spec.capacity", sorted(capacity), ("storage",)))
    else:
        causes += _check_storage(capacity["storage"], "spec.capacity[storage]")
    causes += one_of(spec, "spec", "persistentVolumeReclaimPolicy", ("Delete", "Recycle", "Retain"))
    said = sorted(_SOURCES & spec.keys())
    if not said:
        causes.append(required("spec", "must specify a volume type"))
    causes += [forbidden(f"spec.{kind}", "may not specify more than 1 volume type") for kind in said[1:]]
    if (path := spec.get("hostPath")) is not None:
        causes += check_host_path(path, "spec.hostPath")
    affinity = (spec.get("nodeAffinity") or {}).get("required")
    if affinity is not None:
        causes += check_node_selector(affinity, "spec.nodeAffinity.required")
    elif "local" in said:
        causes.append(required("spec.nodeAffinity", "Local volume requires node affinity"))
    before = (old or {}).get("spec") or {}
    if before and any(spec.get(kind) != before.get(kind) for kind in _SOURCES):
        causes.append(
            forbidden("spec.persistentvolumesource", "spec.persistentvolumesource is immutable after creation")
        )
    return causes


def check_claim(new: Object, old: Object | None) -> list[Cause]:
    """A PersistentVolumeClaim: once made it only grows."""
    spec = new.get("spec") or {}
    causes = _check_modes(spec) + one_of(spec, "spec", "volumeMode", _VOLUME_MODES)
    causes += check_label_selector(spec.get("selector"), "spec.selector")
    asked = ((spec.get("resources") or {}).get("requests") or {}).get("storage")
    if asked is None:
        causes.append(required("spec.resources[storage]"))
    else:
        causes += _check_storage(asked, "spec.resources[storage]")
    if name := spec.get("storageClassName"):
        causes += each("spec.storageClassName", name, syntax.dns_subdomain(name))
    return causes + (_check_claim_change(new, old) if old is not None and not causes else [])


def _check_claim_change(new: Object, old: Object) -> list[Cause]:
    spec, before = new.get("spec") or {}, old.get("spec") or {}
    bound = (old.get("status") or {}).get("phase") == "Bound"
    free = {"resources", "volumeAttributesClassName"} if bound else set()
    if not before.get("volumeName"):
        free |= {"volumeName"}
    if before.get("storageClassName") is None:
        free |= {"storageClassName"}
    fields = (spec.keys() | before.keys()) - free
    causes = []
    if any(spec.get(field) != before.get(field) for field in fields):
        causes.append(forbidden("spec", _CLAIM_FIXED))
    asked = quantity.parse(spec["resources"]["requests"]["storage"])
    held = ((before.get("resources") or {}).get("requests") or {}).get("storage")
    if bound and held is not None and asked < quantity.parse(held):
        causes.append(forbidden("spec.resources.requests.storage", "field can not be less than status.capacity"))
    return causes


def _check_modes(spec: Object) -> list[Cause]:
    modes = spec.get("accessModes") or ()
    if not modes:
        return [required("spec.accessModes", "at least 1 access mode is required")]
    causes = [unsupported("spec.accessModes", mode, ACCESS_MODES) for mode in modes if mode not in ACCESS_MODES]
    if "ReadWriteOncePod" in modes and len(modes) > 1:
        detail = "may not use ReadWriteOncePod with other access modes"
        causes.append(forbidden("spec.accessModes", detail))
    return causes


def _check_storage(amount: str, at: str) -> list[Cause]:
    try:
        fine = quantity.parse(amount) > 0
    except QuantityInvalid as error:
        return [invalid(at, amount, str(error))]
    return [] if fine else [invalid(at, amount, "must be greater than zero")]


def check_storage_class(new: Object, old: Object | None) -> list[Cause]:
    """A StorageClass: what volumes were made by stays as it was."""
    causes = one_of(new, "", "reclaimPolicy", ("Delete", "Retain"))
    causes += one_of(new, "", "volumeBindingMode", ("Immediate", "WaitForFirstConsumer"))
    if not new.get("provisioner"):
        causes.append(required("provisioner"))
    for field in _CLASS_FIXED if old is not None else ():
        if (new.get(field) or None) != ((old or {}).get(field) or None):
            causes.append(forbidden(field, f"updates to {field} are forbidden."))
    return causes
