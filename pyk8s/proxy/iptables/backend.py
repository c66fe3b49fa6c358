"""The mode "iptables" at work: its rules and the hands that write them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, cast

from pyk8s.kernel.errors import KernelError
from pyk8s.kernel.iptables.run import Family, Iptables, probe
from pyk8s.kernel.iptables.values import DROP, Action, Append, Insert, Put, Remove, Survey, Transaction
from pyk8s.kernel.netns.run import set_sysctl
from pyk8s.observe import logs
from pyk8s.proxy import metrics
from pyk8s.proxy.backend import Backend
from pyk8s.proxy.iptables.rules import FIREWALL, FORWARD
from pyk8s.proxy.iptables.ruleset import SHARED, Ruleset
from pyk8s.proxy.plan import Settings

log = logs.get("proxy")

TABLES = ("nat", "filter")

Surveys = Mapping[str, Survey]
"""A survey of each table."""


LOCALNET = "net/ipv4/conf/all/route_localnet"


class Hands:
    """Iptables, asked for both tables at once; and the kernel's leave to route 127.0.0.1, where node ports answer too.

    With that leave, whoever is on the same link could reach what listens on the loopback alone: it is given after the
    rules of KUBE-FIREWALL stand, and taken before they go.
    """

    def __init__(self, rules: Iptables) -> None:
        self.rules = rules
        self._dropped: int | None = None

    def run(self, transaction: Transaction) -> None:
        """Carry out `transaction`, each table's part whole or not at all. Raises KernelError."""
        guarded = _guarded(transaction) if self.rules.family == 4 else None
        if guarded is False:
            self._route_localnet("0")
        self.rules.run(transaction)
        if guarded:
            self._route_localnet("1")
        label = metrics.NAMES[self.rules.family]
        for table in TABLES:
            written = sum(_size(action) for action in transaction if action.table == table)
            metrics.RULES_LAST.labels(label, table).set(written)

    def _route_localnet(self, value: str) -> None:
        try:
            set_sysctl(LOCALNET, value, self.rules.netns)
        except KernelError as why:
            log.warning("whether node ports answer at 127.0.0.1 could not be set", wanted=value, why=why)

    def survey(self) -> Surveys:
        """What both tables hold, roughly. Raises KernelError."""
        found = {table: self.rules.survey(table) for table in TABLES}
        for table, survey in found.items():
            ours = sum(count for name, count in survey.counts.items() if name.startswith("KUBE-"))
            metrics.RULES.labels(metrics.NAMES[self.rules.family], table).set(ours)
        if FORWARD in found["filter"].counts:
            self._count_dropped()
        return found

    def _count_dropped(self) -> None:
        """Count what was dropped since the last look. A chain that was written since begins at 0 again."""
        try:
            chain = self.rules.count("filter")["filter"].get(FORWARD, ())
        except KernelError as why:
            log.warning("what was dropped could not be counted", why=why)
            return
        now = sum(each.packets for each in chain if each.rule is not None and each.rule.target == DROP)
        if self._dropped is not None:
            metrics.INVALID_DROPPED.inc(now - self._dropped if now >= self._dropped else now)
        self._dropped = now


def make(settings: Settings, prefer: Literal["legacy", "nft"] | None = None) -> Backend[Transaction, Surveys]:
    """The mode for `settings.family`, on the iptables that this network namespace uses already, else on `prefer`.

    Raises Unsupported when no iptables works here.
    """
    family = cast(Family, settings.family)
    hands = Hands(Iptables(probe(prefer=prefer, family=family), family))
    return Backend("iptables", settings.family, Ruleset(settings), hands, SHARED)


def _size(action: Action) -> int:
    return len(action.rules) if isinstance(action, Put) else isinstance(action, Insert | Append)


def _guarded(transaction: Transaction) -> bool | None:
    """Whether the rules that guard the loopback are there after `transaction`; None when it does not concern them."""
    found = None
    for action in transaction:
        if (action.table, action.chain) == ("filter", FIREWALL) and isinstance(action, Put | Remove):
            if isinstance(action, Put) and not action.rules:
                continue  # of a family, or with settings, that never had them
            found = isinstance(action, Put)
    return found
