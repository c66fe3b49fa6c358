"""Security contexts. Source: pkg/apis/core/validation, ValidateSecurityContext and validatePodSpecSecurityContext."""

from __future__ import annotations

from typing import Final

from pyk8s.api.errors import Cause
from pyk8s.api.objectmeta import Object
from pyk8s.api.validation.causes import forbidden, invalid, one_of, required

_LARGEST: Final = 2**31 - 1
_PROFILES: Final = ("Localhost", "RuntimeDefault", "Unconfined")
_CONFINED: Final = "must be between 0 and 2147483647, inclusive"


def check_container_security(security: Object, at: str) -> list[Cause]:
    """What one container may do and as whom."""
    causes = _check_ids(security, at, "runAsUser", "runAsGroup")
    causes += _check_profiles(security, at)
    causes += one_of(security, at, "procMount", ("Default", "Unmasked"))
    if security.get("allowPrivilegeEscalation") is False:
        if security.get("privileged"):
            detail = "cannot set `allowPrivilegeEscalation` to false and `privileged` to true"
            causes.append(invalid(at, security, detail))
        if "CAP_SYS_ADMIN" in ((security.get("capabilities") or {}).get("add") or ()):
            detail = "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN"
            causes.append(invalid(at, security, detail))
    return causes


def check_pod_security(spec: Object, at: str) -> list[Cause]:
    """What holds for all containers of a pod."""
    security = spec.get("securityContext") or {}
    here = f"{at}.securityContext"
    causes: list[Cause] = []
    if security:
        causes += _check_ids(security, here, "runAsUser", "runAsGroup", "fsGroup")
        for index, group in enumerate(security.get("supplementalGroups") or ()):
            if not 0 <= group <= _LARGEST:
                causes.append(invalid(f"{here}.supplementalGroups[{index}]", group, _CONFINED))
        causes += one_of(security, here, "fsGroupChangePolicy", ("Always", "OnRootMismatch"))
        causes += _check_profiles(security, here)
        causes += _check_sysctls(security, here)
    if spec.get("shareProcessNamespace") and spec.get("hostPID"):
        detail = "ShareProcessNamespace and HostPID cannot both be enabled"
        causes.append(invalid(f"{at}.shareProcessNamespace", True, detail))
    return causes


def _check_ids(security: Object, at: str, *fields: str) -> list[Cause]:
    return [
        invalid(f"{at}.{field}", security[field], _CONFINED)
        for field in fields
        if security.get(field) is not None and not 0 <= security[field] <= _LARGEST
    ]


def _check_profiles(security: Object, at: str) -> list[Cause]:
    causes: list[Cause] = []
    for field in ("seccompProfile", "appArmorProfile"):
        profile = security.get(field)
        if profile is None:
            continue
        here = f"{at}.{field}"
        causes += one_of(profile, here, "type", _PROFILES, needed=True)
        local = profile.get("type") == "Localhost"
        if local and not profile.get("localhostProfile"):
            causes.append(required(f"{here}.localhostProfile", "must be set when seccomp type is Localhost"))
        if not local and profile.get("localhostProfile") is not None:
            detail = "can only be set when seccomp type is Localhost"
            causes.append(invalid(f"{here}.localhostProfile", profile["localhostProfile"], detail))
    return causes


def _check_sysctls(security: Object, at: str) -> list[Cause]:
    causes: list[Cause] = []
    names: set[str] = set()
    for index, sysctl in enumerate(security.get("sysctls") or ()):
        here, name = f"{at}.sysctls[{index}].name", sysctl.get("name") or ""
        if not name:
            causes.append(required(here))
        elif name in names:
            causes.append(forbidden(here, f'sysctl "{name}" is set more than once'))
        names.add(name)
    return causes
