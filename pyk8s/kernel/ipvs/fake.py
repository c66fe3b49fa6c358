"""Virtual servers held in a dictionary: the same transactions, no kernel."""

from __future__ import annotations

import errno
from dataclasses import replace
from functools import reduce

from pyk8s.kernel.errors import Unsupported, refused
from pyk8s.kernel.ipvs.values import (
    SCHEDULERS,
    Action,
    Add,
    AddReal,
    Change,
    ChangeReal,
    Entry,
    Flush,
    Key,
    Load,
    Place,
    Remove,
    RemoveReal,
    Server,
    SetTimeouts,
    Table,
    Transaction,
)


class FakeIpvs:
    """Runs transactions on `table`; `connect` stands for clients."""

    def __init__(self) -> None:
        self.table: dict[Key, Entry] = {}
        self._timeouts = SetTimeouts(900, 120, 300)

    def run(self, transaction: Transaction) -> None:
        """Carry out `transaction`; raises what the kernel would, with nothing done."""
        self.table = reduce(_step, transaction, self.table)
        for action in transaction:
            if isinstance(action, SetTimeouts):
                held = self._timeouts
                self._timeouts = SetTimeouts(
                    action.tcp or held.tcp, action.closing or held.closing, action.udp or held.udp
                )

    def timeouts(self) -> SetTimeouts:
        """For how long connections are kept."""
        return self._timeouts

    def observe(self, family: int = 0) -> Table:
        """Every virtual server of one address family (0: both)."""
        return {key: entry for key, entry in self.table.items() if family in (0, key.family)}

    def loads(self, key: Key) -> dict[Place, Load]:
        """The connections of one virtual server; {} when there is no such server."""
        return dict(self.table[key].loads) if key in self.table else {}

    def connect(self, key: Key, place: Place, active: int = 0, inactive: int = 0) -> None:
        """Let so many connections to a real server be there."""
        entry = self.table[key]
        self.table = {**self.table, key: replace(entry, loads={**entry.loads, place: Load(active, inactive)})}


def _step(table: dict[Key, Entry], action: Action) -> dict[Key, Entry]:
    match action:
        case Flush():
            return {}
        case SetTimeouts():
            return table
        case Add(key, server):
            if key in table:
                raise refused(action, errno.EEXIST)
            return {**table, key: Entry(_known(key, server))}
    if action.key not in table:
        raise refused(action, errno.ESRCH)
    held = table[action.key]
    match action:
        case Change(key, server):
            return {**table, key: replace(held, server=_known(key, server))}
        case Remove(key):
            return {each: entry for each, entry in table.items() if each != key}
        case AddReal(key, place, real):
            if place in held.reals:
                raise refused(action, errno.EEXIST)
            return {**table, key: Entry(held.server, {**held.reals, place: real}, {**held.loads, place: Load()})}
    if action.place not in held.reals:
        raise refused(action, errno.ENOENT)
    match action:
        case ChangeReal(key, place, real):
            return {**table, key: replace(held, reals={**held.reals, place: real})}
        case RemoveReal(key, place):
            reals = {each: real for each, real in held.reals.items() if each != place}
            return {
                **table,
                key: Entry(held.server, reals, {each: held.loads[each] for each in reals if each in held.loads}),
            }


def _known(key: Key, server: Server) -> Server:
    if server.scheduler not in SCHEDULERS:
        raise Unsupported(f"{key}: this kernel cannot choose by {server.scheduler!r}")
    return server
