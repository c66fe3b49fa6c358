"""A figure, and the JSON line it becomes."""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value: `raw` is what the raw thing took in the same run, `target` what is to be reached."""

    name: str
    value: float
    unit: str
    raw: float | None = None
    target: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)

    def line(self) -> str:
        """The figure as one JSON object."""
        out: dict[str, Any] = {"bench": self.name, "value": round(self.value, 3), "unit": self.unit}
        if self.raw is not None:
            out |= {"raw": round(self.raw, 3), "ratio": round(self.value / self.raw, 3) if self.raw else None}
        if self.target:
            out["target"] = self.target
        return json.dumps(out | dict(self.detail))


def spread(values: Sequence[float], scale: float = 1.0) -> dict[str, float]:
    """Minimum, median, 99th percentile and maximum of `values` times `scale`."""
    ordered = sorted(values)
    last = len(ordered) - 1
    return {
        "min": round(ordered[0] * scale, 2),
        "p50": round(statistics.median(ordered) * scale, 2),
        "p99": round(ordered[min(last, int(0.99 * len(ordered)))] * scale, 2),
        "max": round(ordered[last] * scale, 2),
    }
