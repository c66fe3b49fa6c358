"""The mode "nftables" looked at: its table as planned beside that of a kernel."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing

from pyk8s.kernel.nftables.run import Nftables
from pyk8s.kernel.nftables.shown import lines
from pyk8s.kernel.nftables.values import Family, Held, Map
from pyk8s.kernel.shown import Shown
from pyk8s.proxy.nftables.backend import suited
from pyk8s.proxy.nftables.names import TABLE
from pyk8s.proxy.nftables.ruleset import Ruleset
from pyk8s.proxy.nftables.trace import trace
from pyk8s.proxy.packet import Ground, Packet, Way
from pyk8s.proxy.plan import Intent, Key, Settings


class View:
    """See `pyk8s.proxy.sight.View`."""

    mode = "nftables"

    def __init__(self, settings: Settings, intents: Mapping[Key, tuple[Intent, ...]], netns: str = "") -> None:
        ruleset = Ruleset(suited(settings))
        ruleset.change(intents)
        self._held = ruleset.held()
        self._family: Family = "ip" if settings.family == 4 else "ip6"
        self._netns = netns
        self._seen: Held | None = None

    def planned(self) -> Shown:
        """The table."""
        return lines(self._held, self._family)

    def observe(self) -> Shown:
        """The kernel's. Blocks; raises KernelError."""
        with closing(Nftables(TABLE, self._family, self._netns)) as kernel:
            self._seen = kernel.observe(self._held.sets.values())
            if self._seen is None:
                return {}
            counted = [each.name for each in self._seen.sets.values() if isinstance(each, Map) and each.counted]
            return lines(self._seen, self._family, {name: kernel.count(name) for name in counted})

    def trace_plan(self, packet: Packet, ground: Ground) -> frozenset[Way]:
        """Every way by the plan."""
        return trace(self._held, packet, ground)

    def trace_kernel(self, packet: Packet, ground: Ground) -> frozenset[Way]:
        """Every way by the kernel's table."""
        return trace(self._seen or Held(), packet, ground)
