"""The mode "ipvs" at work: its rules and the hands that carry them out in four parts of the kernel."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_interface
from typing import Literal, Protocol, cast

from pyk8s.kernel.errors import Absent, Exists, Refused, Unsupported
from pyk8s.kernel.ipset import values as ipset
from pyk8s.kernel.ipset.run import Sets
from pyk8s.kernel.iptables import values as iptables
from pyk8s.kernel.iptables.run import Family, Iptables, probe
from pyk8s.kernel.ipvs import values as ipvs
from pyk8s.kernel.ipvs.run import Ipvs
from pyk8s.kernel.ipvs.run import probe as probe_ipvs
from pyk8s.kernel.link import values as link
from pyk8s.kernel.link.addresses import Addresses
from pyk8s.kernel.link.run import run as run_links
from pyk8s.kernel.netns.run import set_sysctl
from pyk8s.proxy.backend import Backend
from pyk8s.proxy.ipvs.chains import TABLES
from pyk8s.proxy.ipvs.ruleset import Ruleset
from pyk8s.proxy.ipvs.state import LINK, Change, Seen
from pyk8s.proxy.ipvs.sysctls import plan_sysctls
from pyk8s.proxy.plan import Settings

UNUSED_MARK = 0xFFFFFFFF
"""A mark that no service has: theirs lack a bit or two."""


class Servers(Protocol):
    """The virtual servers of this node."""

    def run(self, transaction: ipvs.Transaction) -> None: ...
    def observe(self, family: int = 0) -> ipvs.Table: ...
    def loads(self, key: ipvs.Key) -> dict[ipvs.Place, ipvs.Load]: ...


class Places(Protocol):
    """The link of this node that holds the services' addresses."""

    def observe(self, link: str) -> frozenset[str]: ...
    def run(self, actions: Iterable[link.AddAddress | link.RemoveAddress]) -> None: ...
    def make(self, link: str) -> None: ...
    def remove(self, link: str) -> None: ...


class SetsOfAddresses(Protocol):
    """The sets of this node."""

    def run(self, transaction: ipset.Transaction) -> None: ...
    def observe(self, prefix: str = "") -> dict[str, ipset.Content]: ...


class Rules(Protocol):
    """The packet rules of this node."""

    def run(self, transaction: iptables.Transaction) -> None: ...
    def survey(self, table: str) -> iptables.Survey: ...


@dataclass(frozen=True, slots=True)
class ServiceLink:
    """The link in the namespace at path `netns`."""

    netns: str = ""

    def observe(self, link: str) -> frozenset[str]:
        """Its addresses; raises Absent when there is no such link."""
        return Addresses(self.netns).observe(link)

    def run(self, actions: Iterable[link.AddAddress | link.RemoveAddress]) -> None:
        """Give it addresses, or take them."""
        Addresses(self.netns).run(actions)

    def make(self, name: str) -> None:
        """Make the link: a dummy one, which is never up, so that nobody is told of its addresses."""
        try:
            run_links((link.Add(link.Link(name, "dummy", up=False)),), self.netns)
        except Refused as why:
            if why.number == errno.EOPNOTSUPP:
                raise Unsupported(f"{why}: the kernel module dummy is needed (`modprobe dummy`)") from why
            raise

    def remove(self, name: str) -> None:
        """Remove the link."""
        run_links((link.Remove(name),), self.netns)


@dataclass(slots=True)
class Hands:
    """The four parts of the kernel together, for one address family."""

    family: Literal[4, 6]
    servers: Servers
    sets: SetsOfAddresses
    rules: Rules
    places: Places

    def run(self, change: Change) -> None:
        """Carry out `change`, part by part in its order. Raises KernelError; what came before is done then."""
        if change.link:
            with suppress(Exists):  # the other family was first
                self.places.make(LINK)
        self.sets.run(change.makes)
        if change.rules:
            self.rules.run(change.rules)
        self.servers.run(change.servers)
        moves = [link.AddAddress(LINK, each) for each in change.comes]
        self.places.run([*moves, *(link.RemoveAddress(LINK, each) for each in change.goes)])
        self.servers.run(change.ends)
        self.sets.run(change.drops)
        if change.link is False:
            self._remove_link()

    def _remove_link(self) -> None:
        """The link is shared by both families: it goes with the last."""
        try:
            held = self.places.observe(LINK)
        except Absent:
            return
        own = [each for each in held if (":" in each) == (self.family == 6)]
        if any(each not in own and not ip_interface(each).is_link_local for each in held):
            self.places.run(link.RemoveAddress(LINK, each) for each in own)
        else:
            self.places.remove(LINK)

    def survey(self) -> Seen:
        """What the kernel has of the mode. Raises KernelError."""
        try:
            found = self.places.observe(LINK)
        except Absent:
            addresses = None
        else:
            own = (each for each in found if (":" in each) == (self.family == 6))
            addresses = frozenset(each for each in own if not ip_interface(each).is_link_local)
        held = {
            name: content
            for name, content in self.sets.observe("KUBE-").items()
            if name.startswith("KUBE-6-") == (self.family == 6)
        }
        surveys = {table: self.rules.survey(table) for table in TABLES}
        return Seen(self.servers.observe(self.family), held, addresses, surveys)

    def loads(self, keys: Iterable[ipvs.Key]) -> dict[ipvs.Key, dict[ipvs.Place, ipvs.Load]]:
        """The connections that the real servers of some virtual ones have."""
        return {key: self.servers.loads(key) for key in keys}


def try_scheduler(hands: Hands, name: str) -> None:
    """Raise Unsupported when this kernel cannot choose as `name` says: before a service is without its server."""
    key = ipvs.Marked(UNUSED_MARK, hands.family)
    with suppress(Exists):  # somebody died between the two
        hands.servers.run((ipvs.Add(key, ipvs.Server(name)),))
    hands.servers.run((ipvs.Remove(key),))


def tend(ruleset: Ruleset, hands: Hands) -> float | None:
    """Remove the endpoints whose connections have ended; seconds until some are to be looked at again."""
    if due := ruleset.draining.due(ruleset.now()):
        hands.run(ruleset.drained(hands.loads(due)))
    return ruleset.draining.wanted_in(ruleset.now())


def open_hands(settings: Settings, prefer: Literal["legacy", "nft"] | None = None, netns: str = "") -> Hands:
    """The hands in the namespace at path `netns` ("" is this one); nothing is changed there. Raises Unsupported."""
    family = cast(Family, settings.family)
    rules = Iptables(probe(netns, prefer=prefer, family=family), family, netns)
    return Hands(family, Ipvs(netns), Sets(netns), rules, ServiceLink(netns))


def prepare(hands: Hands, settings: Settings, netns: str = "") -> None:
    """Set in the kernel what the mode needs to be at work. Raises Unsupported when it has not the scheduler."""
    for name, value in plan_sysctls(settings, os.uname().release).items():
        set_sysctl(name, value, netns)
    try_scheduler(hands, settings.scheduler)
    if any(settings.timeouts):
        hands.servers.run((ipvs.SetTimeouts(*settings.timeouts),))


def make(settings: Settings, prefer: Literal["legacy", "nft"] | None = None) -> Backend[Change, Seen]:
    """The mode for `settings.family` in this network namespace.

    Raises Unsupported, saying which module is missing and what to do.
    """
    probe_ipvs()
    hands = open_hands(settings, prefer)
    prepare(hands, settings)
    return over(hands, settings)


def find(settings: Settings, prefer: Literal["legacy", "nft"] | None = None) -> Backend[Change, Seen] | None:
    """The mode to take away what it left here, with nothing changed before; None when there is nothing of the family.

    The link is not the only sign: whoever takes one family away takes it along. Raises KernelError.
    """
    if not _left(settings.family, Sets(), ServiceLink()):
        return None
    return over(open_hands(settings, prefer), settings)


def _left(family: int, sets: SetsOfAddresses, places: Places) -> bool:
    with suppress(Absent):
        places.observe(LINK)
        return True
    try:
        found = sets.observe("KUBE-")
    except Unsupported:
        return False
    return any(name.startswith("KUBE-6-") == (family == 6) for name in found)


def over(hands: Hands, settings: Settings) -> Backend[Change, Seen]:
    """The mode with these hands."""
    # Not the loop's clock: rules are written in threads, which have none.
    ruleset = Ruleset(settings, time.monotonic)
    return Backend(
        "ipvs", settings.family, ruleset, hands, ruleset.chains, lambda: tend(ruleset, hands), ruleset.linger
    )
