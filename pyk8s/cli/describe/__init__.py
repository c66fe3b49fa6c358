"""`describe`: an object and what belongs to it, as text for a person. Pure functions: objects in, text out.

`describe(object, related, now)` picks the function for the kind; a kind without one is shown field by field.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from importlib import import_module
from typing import Any

from pyk8s.cli.describe.layout import Related

BY_KIND: Mapping[str, str] = {
    "Pod": "pod:describe_pod",
    "Deployment": "workload:describe_workload",
    "ReplicaSet": "workload:describe_workload",
    "StatefulSet": "workload:describe_workload",
    "DaemonSet": "workload:describe_workload",
    "Service": "service:describe_service",
    "Node": "node:describe_node",
    "ConfigMap": "data:describe_config_map",
    "Secret": "data:describe_secret",
}
"""Which function describes a kind."""


def describe(value: Mapping[str, Any], related: Related, now: datetime) -> str:
    """The text for `value`; `related` holds the events and objects that belong to it."""
    module, _, name = BY_KIND.get(str(value.get("kind")), "generic:describe_any").partition(":")
    function: Callable[..., str] = getattr(import_module(f"{__name__}.{module}"), name)
    return function(value, related, now)
