"""The mode "ipvs" looked at: virtual servers, sets, rules and addresses as planned beside those of a kernel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from ipaddress import ip_interface
from typing import Literal, cast

from pyk8s.kernel.errors import Absent
from pyk8s.kernel.ipset import shown as ipset
from pyk8s.kernel.ipset.run import Sets
from pyk8s.kernel.iptables import shown
from pyk8s.kernel.iptables.run import Family, Iptables, probe
from pyk8s.kernel.iptables.values import BUILT_IN
from pyk8s.kernel.ipvs import shown as ipvs
from pyk8s.kernel.ipvs.run import Ipvs
from pyk8s.kernel.link.addresses import Addresses
from pyk8s.kernel.shown import Line, Shown
from pyk8s.proxy.ipvs.chains import JUMPS, TABLES
from pyk8s.proxy.ipvs.ruleset import Ruleset
from pyk8s.proxy.ipvs.state import LINK
from pyk8s.proxy.ipvs.trace import Values, trace
from pyk8s.proxy.packet import Ground, Packet, Way
from pyk8s.proxy.plan import Intent, Key, Settings


class View:
    """See `pyk8s.proxy.sight.View`."""

    mode = "ipvs"

    def __init__(
        self,
        settings: Settings,
        intents: Mapping[Key, tuple[Intent, ...]],
        netns: str = "",
        prefer: Literal["legacy", "nft"] | None = None,
    ) -> None:
        self._ruleset = Ruleset(settings)
        self._ruleset.change(intents)
        self._family = cast(Family, settings.family)
        self._netns, self._prefer = netns, prefer
        self._seen: Values = Values({}, {}, {}, frozenset())

    def planned(self) -> Shown:
        """All four parts."""
        ruleset = self._ruleset
        sets = {content.set.name: content for content in ruleset.contents().values()}
        return {
            **shown.planned(ruleset.tables, JUMPS),
            **ipvs.lines(ruleset.servers()),
            **ipset.lines(sets),
            **addresses(ruleset.addresses()),
        }

    def observe(self) -> Shown:
        """The kernel's. Blocks; raises KernelError."""
        backend = probe(self._netns, prefer=self._prefer, family=self._family)
        seen = Iptables(backend, self._family, self._netns).count(*TABLES)
        servers = Ipvs(self._netns)
        held, counts = servers.observe(self._family), servers.count()
        sets = {
            name: content
            for name, content in Sets(self._netns).observe("KUBE-").items()
            if name.startswith("KUBE-6-") == (self._family == 6)
        }
        places = self._addresses()
        self._seen = Values(shown.tables_of(seen), sets, held, places or frozenset())
        found = {**shown.found(seen, self._is_ours), **ipvs.lines(held, counts), **ipset.lines(sets)}
        return found if places is None else {**found, **addresses(places)}

    def trace_plan(self, packet: Packet, ground: Ground) -> frozenset[Way]:
        """Every way by the plan."""
        ruleset = self._ruleset
        tables = {
            table: {**{chain: JUMPS.get((table, chain), ()) for chain in BUILT_IN[table]}, **ruleset.tables[table]}
            for table in TABLES
        }
        sets = {content.set.name: content for content in ruleset.contents().values()}
        return trace(Values(tables, sets, ruleset.servers(), ruleset.addresses()), packet, ground)

    def trace_kernel(self, packet: Packet, ground: Ground) -> frozenset[Way]:
        """Every way by what the kernel has."""
        return trace(self._seen, packet, ground)

    def _is_ours(self, table: str, chain: str) -> bool:
        return (table, chain) in self._ruleset.chains

    def _addresses(self) -> frozenset[str] | None:
        try:
            found = Addresses(self._netns).observe(LINK)
        except Absent:
            return None
        own = (each for each in found if (":" in each) == (self._family == 6))
        return frozenset(each for each in own if not ip_interface(each).is_link_local)


def addresses(held: Iterable[str]) -> Shown:
    """The link of the services' addresses."""
    lines = (Line(f"inet{'6' if ':' in each else ''} {each}", each, key=each) for each in sorted(held))
    return {f"link {LINK}": (Line(f"link {LINK}", "link", key="link"), *lines)}
