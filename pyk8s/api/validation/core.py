"""Config maps, secrets, nodes, quotas and events. Source: pkg/apis/core/validation."""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Iterable, Mapping
from typing import Any, Final

import orjson

from pyk8s.api import syntax
from pyk8s.api.errors import Cause
from pyk8s.api.objectmeta import Object, metadata_of
from pyk8s.api.validation.causes import duplicate, each, forbidden, immutable, invalid, one_of, required, too_long
from pyk8s.api.validation.resources import amount_problem
from pyk8s.api.validation.scheduling import EFFECTS

_LARGEST: Final = 1024 * 1024
_ACCOUNT: Final = "kubernetes.io/service-account.name"
_NEEDED_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "kubernetes.io/dockercfg": (".dockercfg",),
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
}
_JSON_KEYS: Final = (".dockercfg", ".dockerconfigjson")
_LIMIT_TYPES: Final = ("Container", "PersistentVolumeClaim", "Pod")
_SCOPES: Final = ("BestEffort", "CrossNamespacePodAffinity", "NotBestEffort", "NotTerminating", "PriorityClass",
                  "Terminating", "VolumeAttributesClass")  # fmt: skip


def check_config_map(new: Object, old: Object | None) -> list[Cause]:
    """A ConfigMap: keys that are file names, each once, and 1 MiB in all at most."""
    data, binary = new.get("data") or {}, new.get("binaryData") or {}
    causes = _check_keys(data, "data") + _check_keys(binary, "binaryData")
    causes += [invalid(f"data[{key}]", key, "duplicate of key present in binaryData") for key in data if key in binary]
    size = sum(len(value.encode()) for value in data.values()) + sum(len(_decoded(one)) for one in binary.values())
    return causes + ([too_long("", _LARGEST)] if size > _LARGEST else [])


def check_secret(new: Object, old: Object | None) -> list[Cause]:
    """A Secret: keys, size, and what its type promises to hold."""
    data, type_ = new.get("data") or {}, new.get("type") or "Opaque"
    plain = new.get("stringData") or {}
    causes = _check_keys(data, "data") + _check_keys(plain, "stringData")
    if sum(len(_decoded(value)) for value in data.values()) > _LARGEST:
        causes.append(too_long("data", _LARGEST))
    if type_ == "kubernetes.io/service-account-token" and not (metadata_of(new).get("annotations") or {}).get(_ACCOUNT):
        causes.append(required(f"metadata.annotations[{_ACCOUNT}]"))
    if type_ == "kubernetes.io/basic-auth" and not {"username", "password"} & (data.keys() | plain.keys()):
        causes += [required("data[username]"), required("data[password]")]
    for key in _NEEDED_KEYS.get(type_, ()):
        if key not in data and key not in plain:
            causes.append(required(f"data[{key}]"))
        elif key in _JSON_KEYS and not _is_json(plain.get(key) or _decoded(data.get(key, ""))):
            causes.append(invalid(f"data[{key}]", "<secret contents redacted>", "must be JSON"))
    if old is not None:
        causes += immutable("type", new.get("type"), old.get("type"))
    return causes


def _check_keys(data: Mapping[str, Any], at: str) -> list[Cause]:
    return [cause for key in data for cause in each(f"{at}[{key}]", key, syntax.config_key(key))]


def _decoded(text: str) -> bytes:
    try:
        return b64decode(text)
    except (binascii.Error, ValueError):
        return b""


def _is_json(text: str | bytes) -> bool:
    try:
        return isinstance(orjson.loads(text), dict)
    except orjson.JSONDecodeError:
        return False


def check_namespace(new: Object, old: Object | None) -> list[Cause]:
    """A Namespace: finalizers that are qualified names."""
    finalizers = (new.get("spec") or {}).get("finalizers") or ()
    return [cause for name in finalizers for cause in each("spec.finalizers", name, syntax.qualified_name(name))]


def check_node(new: Object, old: Object | None) -> list[Cause]:
    """A Node: taints and address ranges that can be read, and amounts that are not negative."""
    spec, status = new.get("spec") or {}, new.get("status") or {}
    causes = check_taints(spec.get("taints") or (), "spec.taints")
    for index, block in enumerate(spec.get("podCIDRs") or ()):
        causes += each(f"spec.podCIDRs[{index}]", block, syntax.cidr(block))
    ranges = spec.get("podCIDRs") or ()
    if ranges and spec.get("podCIDR") and spec["podCIDR"] != ranges[0]:
        causes.append(invalid("spec.podCIDRs[0]", ranges[0], "must match podCIDR"))
    if len(ranges) > 1 and sorted(":" in each_range for each_range in ranges) != [False, True]:
        causes.append(invalid("spec.podCIDRs", ranges, "may specify no more than one CIDR for each IP family"))
    for field in ("capacity", "allocatable"):
        for name, amount in (status.get(field) or {}).items():
            if problem := amount_problem(name, amount):
                causes.append(invalid(f"status.{field}[{name}]", amount, problem))
    return causes


def check_taints(taints: Iterable[Object], at: str) -> list[Cause]:
    """Taints: known effects, and none twice."""
    causes: list[Cause] = []
    seen: set[tuple[str, str]] = set()
    for index, taint in enumerate(taints):
        here = f"{at}[{index}]"
        key, value, effect = taint.get("key") or "", taint.get("value") or "", taint.get("effect") or ""
        causes += each(f"{here}.key", key, syntax.qualified_name(key))
        causes += each(f"{here}.value", value, syntax.label_value(value))
        causes += one_of(taint, here, "effect", EFFECTS, needed=True)
        if (key, effect) in seen:
            causes.append(duplicate(here, taint))
        seen.add((key, effect))
    return causes


def check_limit_range(new: Object, old: Object | None) -> list[Cause]:
    """A LimitRange: the smallest is no larger than the defaults, and these no larger than the largest."""
    causes: list[Cause] = []
    types: set[str] = set()
    for index, item in enumerate((new.get("spec") or {}).get("limits") or ()):
        at, type_ = f"spec.limits[{index}]", item.get("type") or ""
        if type_ and "/" not in type_:
            causes += one_of(item, at, "type", _LIMIT_TYPES)
        if type_ in types:
            causes.append(duplicate(f"{at}.type", type_))
        types.add(type_)
        if type_ == "Pod":
            for field in ("default", "defaultRequest"):
                if item.get(field):
                    causes.append(forbidden(f"{at}.{field}", "may not be specified when `type` is 'Pod'"))
        for field in ("min", "max", "default", "defaultRequest"):
            causes += _check_amounts(item.get(field) or {}, f"{at}.{field}")
    return causes


def check_quota(new: Object, old: Object | None) -> list[Cause]:
    """A ResourceQuota: amounts that are not negative, known scopes."""
    spec = new.get("spec") or {}
    causes = _check_amounts(spec.get("hard") or {}, "spec.hard")
    for index, scope in enumerate(spec.get("scopes") or ()):
        if scope not in _SCOPES:
            causes.append(invalid(f"spec.scopes[{index}]", scope, "unsupported scope"))
    if old is not None and set(spec.get("scopes") or ()) != set((old.get("spec") or {}).get("scopes") or ()):
        causes.append(invalid("spec.scopes", spec.get("scopes"), "field is immutable"))
    return causes


def _check_amounts(amounts: Mapping[str, str], at: str) -> list[Cause]:
    said = ((name, amount, amount_problem("", amount)) for name, amount in amounts.items())
    return [invalid(f"{at}[{name}]", amount, problem) for name, amount, problem in said if problem]


def check_event(new: Object, old: Object | None) -> list[Cause]:
    """An Event of the core group: in the namespace of what it is about."""
    about, namespace = new.get("involvedObject") or {}, metadata_of(new).get("namespace", "")
    where = about.get("namespace") or ""
    if where != namespace and not (where == "" and namespace == "default"):
        return [invalid("involvedObject.namespace", where, "does not match event.namespace")]
    return []
