"""Change queueing disciplines through rtnetlink."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from pyk8s.kernel.errors import Absent, Refused, Unsupported
from pyk8s.kernel.link.run import index_of
from pyk8s.kernel.netlink import Netlink, load, translated
from pyk8s.kernel.qdisc.values import Action, Bucket, Put, Qdisc, Redirect, Remove, Transaction

_ROOT, _INGRESS = 0xFFFFFFFF, 0xFFFF0000
_HANDLE, _CLASS = 0x10000, 0x10001
_EVERY_PROTOCOL = 0x3  # ETH_P_ALL
_LARGEST_RATE = _LARGEST_LIMIT = (1 << 32) - 1
_LONGEST_BURST = 270
"""Seconds of its rate that a burst may last: the kernel counts them in 32 bits of a fifteenth of a microsecond."""


class Qdiscs:
    """The queueing disciplines of this namespace's links, through one `Netlink`, in that one's thread."""

    def __init__(self, netlink: Netlink) -> None:
        self._netlink = netlink

    def observe(self, link: str) -> tuple[Qdisc, ...]:
        """The bucket and the redirection of `link`; raises Absent when there is no such link."""
        number = index_of(link)
        with self._netlink.within() as route, translated(f"list qdiscs of {link}"):
            messages = [each for each in route.get_qdiscs(index=number) if each["index"] == number]
            filters = route.get_filters(index=number, parent=_INGRESS) if _has(messages, "ingress") else ()
            buckets = [_read_bucket(link, each) for each in messages if each.get("TCA_KIND") == "tbf"]
            redirects = [Redirect(link, _name(target)) for each in filters for target in _targets(each)]
        return (*buckets, *redirects)

    def run(self, transaction: Transaction) -> None:
        """Carry out `transaction`, action by action; raises Absent, Refused, or Unsupported for a kernel without it."""
        with self._netlink.within() as route:
            for action in transaction:
                with _able(action), translated(action):
                    _run_one(route, action)


@contextmanager
def _able(action: Action) -> Iterator[None]:
    """The refusal of a kernel that lacks a kind of qdisc, as Unsupported: it says ENOENT where its link is there."""
    try:
        yield
    except Refused as why:
        link = action.link if isinstance(action, Remove) else action.qdisc.link
        if why.number == errno.EOPNOTSUPP or (why.number == errno.ENOENT and index_of(link)):
            raise Unsupported(
                f"{action}: this kernel cannot (it needs sch_tbf, sch_ingress, cls_u32, act_mirred)"
            ) from why
        raise


def _run_one(route: Any, action: Action) -> None:
    match action:
        case Put(Bucket(link, rate, burst) as bucket):
            number = index_of(link)
            # pyroute2 takes bits a second as text, and bytes.
            held = min(rate, _LARGEST_RATE)
            most = min(burst, held * _LONGEST_BURST)
            limit = min(bucket.limit, _LARGEST_LIMIT)
            route.tc("replace", "tbf", index=number, handle=_HANDLE, rate=f"{held * 8}bit", burst=most, limit=limit)
        case Put(Redirect(link, to)):
            number, target = index_of(link), index_of(to)
            with suppress(Absent, Refused), translated(action):
                route.tc("del", "ingress", index=number, handle=_INGRESS)
            route.tc("add", "ingress", index=number, handle=_INGRESS)
            mirror = {"kind": "mirred", "direction": "egress", "action": "redirect", "ifindex": target}
            everything = {"protocol": _EVERY_PROTOCOL, "target": _CLASS, "keys": ["0x0/0x0+0"]}
            route.tc("add-filter", "u32", index=number, parent=_INGRESS, prio=1, action=mirror, **everything)
        case Remove(link):
            number = index_of(link)
            kinds = {each.get("TCA_KIND") for each in route.get_qdiscs(index=number) if each["index"] == number}
            if "tbf" in kinds:
                route.tc("del", None, index=number, handle=_HANDLE, parent=_ROOT)
            if "ingress" in kinds:
                route.tc("del", "ingress", index=number, handle=_INGRESS)


def _has(messages: list[Any], kind: str) -> bool:
    return any(each.get("TCA_KIND") == kind for each in messages)


def _read_bucket(link: str, message: Any) -> Bucket:
    parameters = message.get("TCA_OPTIONS").get("TCA_TBF_PARMS")
    rate = parameters["rate"]
    # The kernel holds the burst as the time it takes, in ticks of its packet scheduler.
    ticks = load("pyroute2.netlink.rtnl.tcmsg.common").tick_in_usec
    return Bucket(link, rate, round(parameters["buffer"] / ticks * rate / 1_000_000))


def _targets(message: Any) -> Iterator[int]:
    """The links that the redirecting actions of a filter lead to."""
    options = message.get("TCA_OPTIONS")
    actions = options.get("TCA_U32_ACT") if options is not None and message.get("TCA_KIND") == "u32" else None
    for _, action in actions["attrs"] if actions is not None else ():
        if action.get("TCA_ACT_KIND") == "mirred":
            yield action.get("TCA_ACT_OPTIONS").get("TCA_MIRRED_PARMS")["ifindex"]


def _name(number: int) -> str:
    try:
        return socket.if_indextoname(number)
    except OSError:
        return ""
