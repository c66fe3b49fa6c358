"""Change and read sets through netlink, thousands of members in a few calls."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pyk8s.kernel.channel import CREATE as NEW
from pyk8s.kernel.channel import EXCLUSIVE, Channel, Request, channel
from pyk8s.kernel.errors import Absent, Exists, Refused, Unsupported, refused
from pyk8s.kernel.ipset import messages
from pyk8s.kernel.ipset.values import Action, Add, Content, Create, Destroy, Flush, Remove, Set, Transaction

_NETFILTER = 12

_BUSY, _NO_TYPE, _MEMBER, _FULL = 4100, 4098, 4103, 4352
"""Numbers beyond errno that ipset uses. Source: linux/netfilter/ipset/ip_set.h."""


@dataclass(frozen=True, slots=True)
class Sets:
    """The sets of the namespace at path `netns` ("" is the calling thread's)."""

    netns: str = ""

    def run(self, transaction: Transaction) -> None:
        """Carry out `transaction` in its order. Raises Exists, Absent or Refused for the first action that failed, with
        some of those after it done; Unsupported when this kernel has no sets, or none of that kind."""
        if not transaction:
            return
        with self._open() as netlink, _in_words():
            netlink.run(_request(each, netlink) for each in transaction)

    def observe(self, prefix: str = "") -> dict[str, Content]:
        """Every set whose name begins with `prefix` and whose kind is one of ours, by name."""
        sets: dict[str, Set] = {}
        members: dict[str, dict[str, int]] = {}
        with self._open() as netlink:
            for _, payload in netlink.dump(Request(_kind(messages.LIST), messages.head(4), "list sets")):
                # A set with many members comes in several messages, of which only the first says of what kind it is.
                described = messages.read_set(payload)
                if described is not None and described.name.startswith(prefix):
                    sets[described.name] = described
                name = messages.read_name(payload)
                if name in sets:
                    members.setdefault(name, {}).update(messages.read_members(payload, sets[name].kind))
        return {name: Content(held, members[name]) for name, held in sets.items()}

    @contextmanager
    def _open(self) -> Iterator[Channel]:
        with channel(_NETFILTER, self.netns) as netlink:
            try:
                yield netlink
            except Refused as why:
                if why.number == errno.EINVAL and why.action == "list sets":
                    raise Unsupported("this kernel has no sets of addresses: load its module ip_set") from why
                raise


def _kind(command: int) -> int:
    return messages.SUBSYSTEM | command


def _request(action: Action, netlink: Channel) -> Request:
    match action:
        case Create(held):
            newest = _newest(held, netlink)
            return Request(_kind(messages.CREATE), messages.creation(held, newest), action, NEW | EXCLUSIVE)
        case Destroy(name):
            return Request(_kind(messages.DESTROY), messages.name(name), action, EXCLUSIVE)
        case Flush(name):
            return Request(_kind(messages.FLUSH), messages.name(name), action)
        case Add():
            flags = 0 if action.again else EXCLUSIVE
            return Request(_kind(messages.ADD), messages.addition(action), action, flags)
        case Remove(held, member):
            return Request(_kind(messages.REMOVE), messages.entry(held, member), action, EXCLUSIVE)


def _newest(held: Set, netlink: Channel) -> int:
    # A socket of its own: the other one is in the middle of a batch.
    with channel(_NETFILTER) as asking:
        return messages.revision(
            asking.ask(Request(_kind(messages.TYPE), messages.kind(held), f"set kind {held.kind}"))
        )


@contextmanager
def _in_words() -> Iterator[None]:
    """ipset's own numbers in words."""
    try:
        yield
    except Refused as why:
        match why.number, why.action:
            case number, Add() if number == _MEMBER:
                raise Exists(why.action, number, "it is in the set already") from why
            case number, Remove() if number == _MEMBER:
                raise Absent(why.action, number, "it is not in the set") from why
            case number, _ if number == _BUSY:
                raise refused(why.action, errno.EBUSY, "a packet rule uses the set") from why
            case number, _ if number == _NO_TYPE:
                raise Unsupported(
                    f"{why.action}: this kernel has no sets of this kind: load its module ip_set_*"
                ) from why
            case number, _ if number == _FULL:
                raise Refused(why.action, number, "the set is full") from why
        raise
