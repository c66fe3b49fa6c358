"""The mode "iptables" at work: its rules and the hands that write them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, cast

from pyk8s.kernel.iptables.run import Family, Iptables, probe
from pyk8s.kernel.iptables.values import Survey, Transaction
from pyk8s.proxy.backend import Backend
from pyk8s.proxy.iptables.ruleset import SHARED, Ruleset
from pyk8s.proxy.plan import Settings

TABLES = ("nat", "filter")

Surveys = Mapping[str, Survey]
"""A survey of each table."""


class Hands:
    """Iptables, asked for both tables at once."""

    def __init__(self, rules: Iptables) -> None:
        self.rules = rules

    def run(self, transaction: Transaction) -> None:
        """Carry out `transaction`, each table's part whole or not at all. Raises KernelError."""
        self.rules.run(transaction)

    def survey(self) -> Surveys:
        """What both tables hold, roughly. Raises KernelError."""
        return {table: self.rules.survey(table) for table in TABLES}


def make(settings: Settings, prefer: Literal["legacy", "nft"] | None = None) -> Backend[Transaction, Surveys]:
    """The mode for `settings.family`, on the iptables that this network namespace uses already, else on `prefer`.

    Raises Unsupported when no iptables works here.
    """
    family = cast(Family, settings.family)
    hands = Hands(Iptables(probe(prefer=prefer, family=family), family))
    return Backend("iptables", settings.family, Ruleset(settings), hands, SHARED)
