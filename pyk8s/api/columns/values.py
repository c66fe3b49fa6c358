"""What cells are made of: ages, lists that are cut, selectors, and the rows of the printers' table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias

from pyk8s.api.objectmeta import Object, metadata_of, parse_time
from pyk8s.api.resources import Column
from pyk8s.api.selectors import SelectorInvalid, from_object

Cells: TypeAlias = list[Any]

NONE: Final = "<none>"
UNSET: Final = "<unset>"
UNKNOWN: Final = "<unknown>"
_SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class Printer:
    """How one kind is printed. `cells` gives the row of an object, one cell for each column, at a time."""

    columns: tuple[Column, ...]
    cells: Callable[[Object, datetime], Cells]


def columns(*names: str) -> tuple[Column, ...]:
    """Columns by name. A name may end in ":integer" or ":boolean" for its type, and start with "+" for wide output."""
    made = []
    for text in names:
        name, _, type_ = text.lstrip("+").partition(":")
        made.append(
            Column(
                name,
                type=type_ or "string",
                format="name" if name == "Name" else "",
                priority=1 if text.startswith("+") else 0,
                description=_DESCRIPTIONS.get(name, ""),
            )
        )
    return tuple(made)


_DESCRIPTIONS: Final = {
    "Name": "The name of the object, unique in its namespace.",
    "Age": "The time since the object was made.",
    "Created At": "The time at which the object was made, in UTC.",
    "Containers": "The names of the containers.",
    "Images": "The images of the containers.",
    "Selector": "The labels by which pods are chosen.",
    "Status": "The state of the object as a whole.",
    "Ready": "How many are ready, of how many.",
    "Restarts": "How often containers were restarted, and when last.",
    "IP": "The address of the pod.",
    "Node": "The node it belongs to.",
}


def age(obj: Mapping[str, Any], now: datetime) -> str:
    """How long the object has been there."""
    return since(metadata_of(obj).get("creationTimestamp"), now)


def since(moment: str | None, now: datetime) -> str:
    """How long ago `moment` (RFC 3339) was, in short: "5m", "3d4h"; "<unknown>" when there is none."""
    if not moment:
        return UNKNOWN
    return human_duration((now - parse_time(moment)).total_seconds())


def created_at(obj: Mapping[str, Any]) -> str:
    """When the object was made, RFC 3339."""
    return metadata_of(obj).get("creationTimestamp") or UNKNOWN


def human_duration(length: float) -> str:
    """`length` seconds with two or three significant figures. Source: apimachinery, pkg/util/duration."""
    seconds = int(length)
    if seconds < -1:
        return "<invalid>"
    seconds = max(seconds, 0)
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if seconds < 120:
        return f"{seconds}s"
    if minutes < 10:
        return _two(minutes, "m", seconds % 60, "s")
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return _two(hours, "h", minutes % 60, "m")
    if hours < 48:
        return f"{hours}h"
    if hours < 192:
        return _two(days, "d", hours % 24, "h")
    if days < 730:
        return f"{days}d"
    if days < 2920:
        return _two(days // 365, "y", days % 365, "d")
    return f"{days // 365}y"


def _two(large: int, unit: str, small: int, fraction: str) -> str:
    return f"{large}{unit}{small}{fraction}" if small else f"{large}{unit}"


def labels(pairs: Mapping[str, str] | None) -> str:
    """ "a=1,b=2", "<none>" when there are none."""
    return ",".join(f"{key}={value}" for key, value in sorted((pairs or {}).items())) or NONE


def selector(obj: Mapping[str, Any] | None) -> str:
    """A LabelSelector object as text, "<none>" when it chooses by nothing."""
    if obj is None:
        return NONE
    try:
        return str(from_object(obj)) or NONE
    except SelectorInvalid:
        return "<error>"


def container_cells(spec: Mapping[str, Any] | None) -> Cells:
    """The names and the images of the containers of a pod spec."""
    containers = (spec or {}).get("containers") or ()
    return [",".join(c.get("name", "") for c in containers), ",".join(c.get("image", "") for c in containers)]


def template_spec(obj: Mapping[str, Any]) -> Mapping[str, Any]:
    """The pod spec in the template of a workload, {} when there is none."""
    found: Mapping[str, Any] = (spec_of(obj).get("template") or {}).get("spec") or {}
    return found


def spec_of(obj: Mapping[str, Any]) -> Mapping[str, Any]:
    """The spec of an object, {} when there is none."""
    return obj.get("spec") or {}


def status_of(obj: Mapping[str, Any]) -> Mapping[str, Any]:
    """The status of an object, {} when there is none."""
    return obj.get("status") or {}


def shortened(items: Iterable[str], nothing: str) -> str:
    """The first three items and how many more there are; `nothing` when there are none."""
    listed = list(items)
    shown = ",".join(listed[:_SHOWN])
    if len(listed) > _SHOWN:
        return f"{shown} + {len(listed) - _SHOWN} more..."
    return shown or nothing


def with_port(address: str, port: int) -> str:
    """Address and port, an IPv6 address in brackets."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
