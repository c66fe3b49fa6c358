"""The mode "iptables" looked at: its chains as planned beside those of a kernel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, cast

from pyk8s.kernel.iptables import shown
from pyk8s.kernel.iptables.run import Family, Iptables, probe
from pyk8s.kernel.iptables.values import BUILT_IN, Jump, Rule, Tables
from pyk8s.kernel.shown import Shown
from pyk8s.proxy.iptables.ruleset import Ruleset, is_ours
from pyk8s.proxy.iptables.shared import JUMPS
from pyk8s.proxy.iptables.trace import trace
from pyk8s.proxy.packet import Ground, Packet, Way
from pyk8s.proxy.plan import Intent, Key, Settings

TABLES = ("nat", "filter")


class View:
    """See `pyk8s.proxy.sight.View`."""

    mode = "iptables"

    def __init__(
        self,
        settings: Settings,
        intents: Mapping[Key, tuple[Intent, ...]],
        netns: str = "",
        prefer: Literal["legacy", "nft"] | None = None,
    ) -> None:
        ruleset = Ruleset(settings)
        ruleset.change(intents)
        self._tables = ruleset.tables()
        self._family = cast(Family, settings.family)
        self._netns, self._prefer = netns, prefer
        self._seen: shown.Seen = {}

    def planned(self) -> Shown:
        """The chains, and the jumps to them."""
        return shown.planned(self._tables, JUMPS)

    def observe(self) -> Shown:
        """Those of the kernel. Blocks; raises KernelError."""
        backend = probe(self._netns, prefer=self._prefer, family=self._family)
        self._seen = Iptables(backend, self._family, self._netns).count(*TABLES)
        return shown.found(self._seen, is_ours)

    def trace_plan(self, packet: Packet, ground: Ground) -> frozenset[Way]:
        """Every way by the plan."""
        return trace(with_built_in(self._tables), packet, ground)

    def trace_kernel(self, packet: Packet, ground: Ground) -> frozenset[Way]:
        """Every way by the chains of ours that the kernel has."""
        seen = {table: _only_ours(table, chains) for table, chains in shown.tables_of(self._seen).items()}
        return trace(seen, packet, ground)


def with_built_in(tables: Tables) -> Tables:
    """The chains with those that the kernel begins in."""
    return {
        table: {
            **{chain: JUMPS.get((table, chain), ()) for chain in BUILT_IN[table]},
            **tables[table],
        }
        for table in TABLES
    }


def _only_ours(table: str, chains: Mapping[str, tuple[Rule, ...]]) -> dict[str, tuple[Rule, ...]]:
    """`chains` without rules of built-in ones that lead elsewhere."""
    found = {}
    for chain, rules in chains.items():
        if chain in BUILT_IN[table]:
            found[chain] = tuple(
                each for each in rules if isinstance(each.target, Jump) and is_ours(table, each.target.chain)
            )
        elif is_ours(table, chain):
            found[chain] = rules
    return found
