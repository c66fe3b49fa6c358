"""Probes and lifecycle hooks. Source: pkg/apis/core/validation, validateProbe and validateHandler."""

from __future__ import annotations

import re
from typing import Final

from pyk8s.api import syntax
from pyk8s.api.errors import Cause
from pyk8s.api.objectmeta import Object
from pyk8s.api.validation.causes import each, forbidden, invalid, not_negative, one_of, required

_TIMES: Final = ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "failureThreshold", "successThreshold")
_PROBE_HANDLERS: Final = ("exec", "httpGet", "tcpSocket", "grpc")
_HOOK_HANDLERS: Final = ("exec", "httpGet", "tcpSocket", "sleep")
_HEADER: Final = re.compile("[-A-Za-z0-9]+")


def check_probes(container: Object, at: str) -> list[Cause]:
    """The probes of one container."""
    causes: list[Cause] = []
    for field in ("livenessProbe", "readinessProbe", "startupProbe"):
        probe = container.get(field)
        if probe is None:
            continue
        here = f"{at}.{field}"
        causes += _check_handler(probe, here, _PROBE_HANDLERS)
        causes += not_negative(probe, here, *_TIMES)
        grace = probe.get("terminationGracePeriodSeconds")
        if field == "readinessProbe":
            if grace is not None:
                causes.append(
                    invalid(f"{here}.terminationGracePeriodSeconds", grace, "must not be set for readinessProbes")
                )
            continue
        if grace is not None and grace <= 0:
            causes.append(invalid(f"{here}.terminationGracePeriodSeconds", grace, "must be greater than 0"))
        if probe.get("successThreshold", 1) != 1:
            causes.append(invalid(f"{here}.successThreshold", probe["successThreshold"], "must be 1"))
    return causes


def check_hooks(lifecycle: Object, at: str) -> list[Cause]:
    """What a container does after its start and before its end."""
    causes: list[Cause] = []
    for field in ("postStart", "preStop"):
        if (hook := lifecycle.get(field)) is not None:
            causes += _check_handler(hook, f"{at}.{field}", _HOOK_HANDLERS)
    return causes


def _check_handler(handler: Object, at: str, known: tuple[str, ...]) -> list[Cause]:
    said = [kind for kind in known if handler.get(kind) is not None]
    if not said:
        return [required(at, "must specify a handler type")]
    causes = [forbidden(f"{at}.{kind}", "may not specify more than 1 handler type") for kind in said[1:]]
    kind = said[0]
    action, here = handler[kind], f"{at}.{kind}"
    match kind:
        case "exec":
            if not action.get("command"):
                causes.append(required(f"{here}.command"))
        case "httpGet":
            causes += _check_request(action, here)
        case "tcpSocket" | "grpc":
            causes += check_port(action.get("port"), f"{here}.port")
        case "sleep":
            causes += not_negative(action, here, "seconds")
    return causes


def _check_request(action: Object, at: str) -> list[Cause]:
    causes = [] if action.get("path") else [required(f"{at}.path")]
    causes += check_port(action.get("port"), f"{at}.port")
    causes += one_of(action, at, "scheme", ("HTTP", "HTTPS"))
    for header in action.get("httpHeaders") or ():
        name = header.get("name") or ""
        if not _HEADER.fullmatch(name):
            detail = (
                "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used"
            )
            causes.append(invalid(f"{at}.httpHeaders", name, f"{detail} for validation is '[-A-Za-z0-9]+')"))
    return causes


def check_port(port: int | str | None, at: str) -> list[Cause]:
    """A port by number, or by the name a container gives it."""
    if isinstance(port, str):
        return each(at, port, syntax.port_name(port))
    return each(at, port or 0, syntax.port_number(port or 0))
