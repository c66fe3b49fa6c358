"""Packet rules held in a dictionary: all or nothing, like the kernel."""

from __future__ import annotations

import errno
from functools import reduce

from pyk8s.kernel.errors import refused
from pyk8s.kernel.iptables.values import (
    BUILT_IN,
    Action,
    Append,
    Delete,
    Insert,
    Put,
    Remove,
    Rule,
    Survey,
    Tables,
    Transaction,
    Withdraw,
    jumps,
)

EMPTY: dict[str, dict[str, tuple[Rule, ...]]] = {
    table: dict.fromkeys(sorted(chains), ()) for table, chains in BUILT_IN.items()
}


class FakeIptables:
    """Runs transactions on `tables`; when an action is refused, nothing of its transaction is done."""

    def __init__(self) -> None:
        self.tables: Tables = EMPTY
        self.transactions: list[Transaction] = []

    def run(self, transaction: Transaction) -> None:
        """Carry out `transaction`; raises Absent, Exists or Refused."""
        if not transaction:
            return
        declared = [Put(each.table, each.chain, ()) for each in transaction if isinstance(each, Put | Remove)]
        removals = [each for each in transaction if isinstance(each, Remove)]
        changes = [each for each in transaction if not isinstance(each, Remove)]
        result = reduce(_step, [*declared, *changes, *removals], self.tables)
        for chains in result.values():
            for rules in chains.values():
                for missing in jumps(rules) - chains.keys():
                    raise refused(f"jump to {missing}", errno.ENOENT)
        self.tables = result
        self.transactions.append(transaction)

    def observe(self, *tables: str) -> Tables:
        """The chains of `tables`."""
        return {table: self.tables[table] for table in tables}

    def survey(self, table: str) -> Survey:
        """How many rules each chain of `table` has, and the built-in ones in full."""
        chains = self.tables[table]
        built_in = {chain: rules for chain, rules in chains.items() if chain in BUILT_IN[table]}
        return Survey({chain: len(rules) for chain, rules in chains.items()}, built_in)


def _step(tables: Tables, action: Action) -> Tables:
    chains = dict(tables.get(action.table, {}))
    if not isinstance(action, Put) and action.chain not in chains:
        raise refused(action, errno.ENOENT)
    held = chains.get(action.chain, ())
    match action:
        case Put(_, chain, rules):
            chains[chain] = rules
        case Insert(_, chain, rule, position):
            if not 1 <= position <= len(held) + 1:
                raise refused(action, errno.EINVAL)
            chains[chain] = (*held[: position - 1], rule, *held[position - 1 :])
        case Append(_, chain, rule):
            chains[chain] = (*held, rule)
        case Delete(_, chain, position):
            if not 1 <= position <= len(held):
                raise refused(action, errno.EINVAL)
            chains[chain] = (*held[: position - 1], *held[position:])
        case Withdraw(_, chain, rule):
            if rule not in held:
                raise refused(action, errno.ENOENT)
            at = held.index(rule)
            chains[chain] = (*held[:at], *held[at + 1 :])
        case Remove(_, chain):
            if chain in BUILT_IN.get(action.table, ()):
                raise refused(action, errno.EINVAL)
            del chains[chain]
    return {**tables, action.table: chains}
