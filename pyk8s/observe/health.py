"""Is this program well? Named checks, told apart into alive and ready.

Source: Kubernetes API health endpoints (/livez, /readyz, with `?verbose`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

Check = Callable[[], str]
"""Returns "" when well, else a sentence that says what is wrong."""


@dataclass(slots=True)
class Health:
    """The checks of one program. `live` ones say whether it works at all, `ready` ones whether to send it work."""

    live: dict[str, Check] = field(default_factory=dict)
    ready: dict[str, Check] = field(default_factory=dict)

    def report(self, kind: str) -> tuple[bool, str]:
        """Whether all checks of `kind` ("live" or "ready") pass, and the verbose text Kubernetes prints for them."""
        checks = self.live | (self.ready if kind == "ready" else {})
        lines, well = [], True
        for name, check in checks.items():
            wrong = check()
            lines.append(f"[-]{name} failed: {wrong}" if wrong else f"[+]{name} ok")
            well = well and not wrong
        lines.append(f"{kind}z check {'passed' if well else 'failed'}")
        return well, "\n".join(lines) + "\n"
