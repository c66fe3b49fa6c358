"""Volumes of a pod. Source: pkg/apis/core/validation, ValidateVolumes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from pyk8s.api import quantity, syntax
from pyk8s.api.errors import Cause
from pyk8s.api.objectmeta import Object
from pyk8s.api.quantity import QuantityInvalid
from pyk8s.api.validation.causes import (
    duplicate,
    each,
    forbidden,
    invalid,
    one_of,
    required,
    unsupported,
)
from pyk8s.api.validation.containers import check_field_path, check_local_path, check_resource_path

HOST_PATH_TYPES: Final = ("", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate",
                          "Socket")  # fmt: skip
FILE_FIELDS: Final = frozenset(
    {"metadata.name", "metadata.namespace", "metadata.labels", "metadata.annotations", "metadata.uid"}
)
_LARGEST_MODE: Final = 0o777
_SHORTEST_TOKEN: Final = 600
_LONGEST_TOKEN: Final = 1 << 32
_MODE: Final = "must be a number between 0 and 0777 (octal), both inclusive"


def check_volumes(volumes: Iterable[Object], at: str) -> tuple[dict[str, Object], list[Cause]]:
    """The volumes by name, and what is wrong with them: each has a name of its own and exactly one source."""
    found: dict[str, Object] = {}
    causes: list[Cause] = []
    for index, volume in enumerate(volumes):
        here, name = f"{at}[{index}]", volume.get("name") or ""
        if not name:
            causes.append(required(f"{here}.name"))
        else:
            causes += [invalid(f"{here}.name", name, problem) for problem in syntax.dns_label(name)]
            if name in found:
                causes.append(duplicate(f"{here}.name", name))
        found[name] = volume
        sources = [key for key, source in volume.items() if key != "name" and source is not None]
        if not sources:
            causes.append(required(here, "must specify a volume type"))
        causes += [forbidden(f"{here}.{extra}", "may not specify more than 1 volume type") for extra in sources[1:]]
        for kind in sources[:1]:
            if check := _CHECKS.get(kind):
                causes += check(volume[kind], f"{here}.{kind}")
    return found, causes


def _needs(*fields: str) -> Callable[[Object, str], list[Cause]]:
    def check(source: Object, at: str) -> list[Cause]:
        return [required(f"{at}.{field}") for field in fields if not source.get(field)]

    return check


def check_host_path(source: Object, at: str) -> list[Cause]:
    """A path on the node, never up, of a known type."""
    path = source.get("path") or ""
    causes = [] if path else [required(f"{at}.path")]
    if ".." in path.split("/"):
        causes.append(invalid(f"{at}.path", path, "must not contain '..'"))
    if source.get("type", "") not in HOST_PATH_TYPES:
        causes.append(unsupported(f"{at}.type", source["type"], HOST_PATH_TYPES))
    return causes


def _empty_dir(source: Object, at: str) -> list[Cause]:
    limit = source.get("sizeLimit")
    try:
        if limit is None or quantity.parse(limit) >= 0:
            return []
    except QuantityInvalid:
        pass
    return [forbidden(f"{at}.sizeLimit", "SizeLimit field must be a valid resource quantity")]


def _mode(source: Object, at: str, field: str) -> list[Cause]:
    mode = source.get(field)
    return [] if mode is None or 0 <= mode <= _LARGEST_MODE else [invalid(f"{at}.{field}", mode, _MODE)]


def _keyed(source: Object, at: str) -> list[Cause]:
    causes = _mode(source, at, "defaultMode")
    for index, item in enumerate(source.get("items") or ()):
        here = f"{at}.items[{index}]"
        causes += [] if item.get("key") else [required(f"{here}.key")]
        causes += _file_path(item, here) + _mode(item, here, "mode")
    return causes


def _file_path(item: Object, at: str) -> list[Cause]:
    path = item.get("path") or ""
    if not path:
        return [required(f"{at}.path")]
    causes = check_local_path(path, f"{at}.path")
    if path.startswith("..") and not causes:
        causes.append(invalid(f"{at}.path", path, "must not start with '..'"))
    return causes


def _secret(source: Object, at: str) -> list[Cause]:
    return _needs("secretName")(source, at) + _keyed(source, at)


def _config_map(source: Object, at: str) -> list[Cause]:
    return _needs("name")(source, at) + _keyed(source, at)


def _downward(source: Object, at: str) -> list[Cause]:
    causes = _mode(source, at, "defaultMode")
    for index, item in enumerate(source.get("items") or ()):
        here = f"{at}.items[{index}]"
        causes += _file_path(item, here) + _mode(item, here, "mode")
        field, resource = item.get("fieldRef"), item.get("resourceFieldRef")
        if field is not None and resource is not None:
            detail = "fieldRef and resourceFieldRef can not be specified simultaneously"
            causes.append(invalid(here, "resource", detail))
        elif field is not None:
            causes += check_field_path(field, f"{here}.fieldRef", FILE_FIELDS)
        elif resource is not None:
            if not resource.get("containerName"):
                causes.append(required(f"{here}.resourceFieldRef.containerName"))
            causes += check_resource_path(resource, f"{here}.resourceFieldRef")
        else:
            causes.append(required(here, "one of fieldRef and resourceFieldRef is required"))
    return causes


def _token(source: Object, at: str) -> list[Cause]:
    seconds = source.get("expirationSeconds", _SHORTEST_TOKEN)
    causes: list[Cause] = []
    if seconds < _SHORTEST_TOKEN:
        causes.append(invalid(f"{at}.expirationSeconds", seconds, "may not specify a duration less than 10 minutes"))
    if seconds > _LONGEST_TOKEN:
        causes.append(
            invalid(f"{at}.expirationSeconds", seconds, "may not specify a duration larger than 2^32 seconds")
        )
    return causes + ([] if source.get("path") else [required(f"{at}.path")])


def _projected(source: Object, at: str) -> list[Cause]:
    causes = _mode(source, at, "defaultMode")
    for index, part in enumerate(source.get("sources") or ()):
        here = f"{at}.sources[{index}]"
        said = [kind for kind, value in part.items() if value is not None]
        if not said:
            causes.append(required(here, "must specify a volume type"))
        causes += [forbidden(f"{here}.{kind}", "may not specify more than 1 volume type") for kind in said[1:]]
        for kind in said[:1]:
            if check := _PROJECTED.get(kind):
                causes += check(part[kind], f"{here}.{kind}")
    return causes


def _ephemeral(source: Object, at: str) -> list[Cause]:
    template = source.get("volumeClaimTemplate")
    return [required(f"{at}.volumeClaimTemplate")] if template is None else []


def _image(source: Object, at: str) -> list[Cause]:
    causes = _needs("reference")(source, at)
    return causes + one_of(source, at, "pullPolicy", ("Always", "IfNotPresent", "Never"))


def _claim(source: Object, at: str) -> list[Cause]:
    name = source.get("claimName") or ""
    return each(f"{at}.claimName", name, syntax.dns_subdomain(name)) if name else [required(f"{at}.claimName")]


_PROJECTED: Final[dict[str, Callable[[Object, str], list[Cause]]]] = {
    "secret": lambda source, at: _needs("name")(source, at) + _keyed(source, at),
    "configMap": _config_map,
    "downwardAPI": _downward,
    "serviceAccountToken": _token,
}

_CHECKS: Final[dict[str, Callable[[Object, str], list[Cause]]]] = {
    "hostPath": check_host_path,
    "emptyDir": _empty_dir,
    "secret": _secret,
    "configMap": _config_map,
    "downwardAPI": _downward,
    "projected": _projected,
    "persistentVolumeClaim": _claim,
    "ephemeral": _ephemeral,
    "image": _image,
    "nfs": _needs("server", "path"),
    "csi": _needs("driver"),
    "iscsi": _needs("targetPortal", "iqn"),
}
