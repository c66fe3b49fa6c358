"""The commands of the CNI specification: each takes a call and a configuration and returns what to print.

ADD arranges the undoing of each step the moment it has done it; DEL succeeds on what is not there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from pyk8s.kernel.errors import Absent, Exists
from pyk8s.kernel.link.values import Add, Change, Link, Remove, Transaction, plan_link
from pyk8s.kernel.route.values import Put, Route
from pyk8s.kernel.route.values import Transaction as RouteTransaction
from pyk8s.network import portmap
from pyk8s.network.calls import VERSIONS, Call, NetConf
from pyk8s.network.errors import CniError, Code, RangeFull
from pyk8s.network.ipam.store import Store
from pyk8s.network.ipam.values import Address, Pool
from pyk8s.network.plan import Attachment, host_link, plan_attachment, tell_attachment, tell_loopback

Answer = dict[str, Any] | None
"""What to print, or None for nothing."""


class Links(Protocol):
    """The links of a kernel."""

    def observe(self, netns: str = "") -> Mapping[str, Link]:
        """All of them."""
        ...

    def index(self, name: str, netns: str = "") -> int:
        """The number of one of them, 0 when it is not there."""
        ...

    def run(self, transaction: Transaction, netns: str = "") -> None:
        """Change them."""
        ...


class Routes(Protocol):
    """The routes of a kernel."""

    def observe(self, netns: str = "") -> tuple[Route, ...]:
        """All of them."""
        ...

    def run(self, transaction: RouteTransaction, netns: str = "") -> None:
        """Change them."""
        ...


class Loopbacks(Protocol):
    """The loopback link of a namespace."""

    def switch(self, netns: str, up: bool) -> None:
        """On or off."""
        ...

    def is_up(self, netns: str) -> bool:
        """Whether it is on."""
        ...


@dataclass(slots=True)
class Hands:
    """What a command changes things with.

    `inside` enters a namespace once for several changes; `isolated` masquerades for a network of its own, where no
    agent does it for the node; `bridges` are those known to be as they should, by wish and number, with their MACs.
    """

    links: Links
    routes: Routes
    ports: portmap.HostPorts
    loopbacks: Loopbacks
    inside: Callable[[str], AbstractContextManager[object]]
    isolated: Callable[[NetConf], None]
    sysctl: Callable[[str, str], None]
    bridges: dict[tuple[Link, int], str] = field(default_factory=dict)


def add(call: Call, conf: NetConf, hands: Hands) -> Answer:
    """Attach the pod. Raises CniError; what was done until then is undone."""
    if not call.netns:
        raise CniError(Code.INVALID_ENVIRONMENT, "the network namespace cannot be opened", call.netns_name)
    owner = (call.container, call.link)
    store = Store(conf.data_folder, conf.name)
    with ExitStack() as undo:
        undo.callback(store.release, owner)
        given = _reserve(store, owner, conf)
        attachment = plan_attachment(call, conf, given)
        mac = _ensure_bridge(attachment.bridge, hands)
        undo.callback(_remove_link, hands, attachment.pair.name)
        _make_pair(attachment, hands)
        _configure(attachment, call, hands)
        if conf.host_ports:
            undo.callback(hands.ports.drop, "/".join(owner))
            _map_ports(conf, owner, given, hands)
        if conf.masquerade:
            hands.isolated(conf)
        undo.pop_all()
    return tell_attachment(call, conf, given, attachment, mac)


def _reserve(store: Store, owner: tuple[str, str], conf: NetConf) -> list[tuple[Address, Pool]]:
    try:
        return store.reserve(owner, conf.pools)
    except RangeFull as why:
        raise CniError(Code.RANGE_FULL, "the range of addresses is full", str(why)) from why


def _ensure_bridge(wish: Link, hands: Hands) -> str:
    """Make the bridge, or put it right the first time it is seen; its MAC. One seen before costs one cheap question."""
    known = (wish, hands.links.index(wish.name))
    if known in hands.bridges:
        return hands.bridges[known]
    with suppress(Exists):  # two first pods at once
        hands.links.run(plan_link(wish, hands.links.observe().get(wish.name)))
    if wish.addresses:
        hands.sysctl("net/ipv4/ip_forward", "1")
        hands.sysctl(f"net/ipv4/conf/{wish.name}/route_localnet", "1")
    made = hands.links.observe()[wish.name]
    hands.bridges[wish, hands.links.index(wish.name)] = made.mac
    return made.mac


def _make_pair(attachment: Attachment, hands: Hands) -> None:
    actions: Transaction = (Add(attachment.pair),)
    if attachment.pair.hairpin:
        actions = (*actions, Change(attachment.pair.name, hairpin=True))
    try:
        hands.links.run(actions)
    except Exists:
        # Left by an ADD that was killed: the name is this attachment's alone.
        _remove_link(hands, attachment.pair.name)
        hands.links.run(actions)


def _configure(attachment: Attachment, call: Call, hands: Hands) -> None:
    found = Link(call.link, up=False)
    with hands.inside(call.netns):
        hands.links.run(plan_link(attachment.pod, found), call.netns)
        hands.routes.run(tuple(Put(route) for route in attachment.routes), call.netns)


def _map_ports(conf: NetConf, owner: tuple[str, str], given: list[tuple[Address, Pool]], hands: Hands) -> None:
    address = next((str(each) for each, _ in given if each.version == 4), "")
    ports = tuple(port for port in conf.host_ports if port.port)
    if address and ports:
        hands.ports.put(portmap.Mapping("/".join(owner), address, ports))


def _remove_link(hands: Hands, name: str) -> None:
    with suppress(Absent):
        hands.links.run((Remove(name),))


def delete(call: Call, conf: NetConf, hands: Hands) -> Answer:
    """Detach the pod: the link, then the host ports, then the address, which nobody gets before the link is gone."""
    owner = (call.container, call.link)
    _remove_link(hands, host_link(*owner))
    hands.ports.drop("/".join(owner))
    Store(conf.data_folder, conf.name).release(owner)
    return None


def check(call: Call, conf: NetConf, hands: Hands) -> Answer:
    """Raise CniError 101, which says what, when the attachment is not as ADD left it."""
    owner = (call.container, call.link)
    held = {str(address) for address, who in Store(conf.data_folder, conf.name).held().items() if who == owner}
    expected = [each["address"] for each in (conf.previous or {}).get("ips") or ()]
    for wrong in _differences(call, conf, hands, held, expected):
        raise CniError(Code.CHECK_FAILED, f"{call.container}/{call.link} is not as it was made", wrong)
    return None


def _differences(call: Call, conf: NetConf, hands: Hands, held: set[str], expected: list[str]) -> Iterator[str]:
    if not held:
        yield "no address is reserved for it"
    missing = [address for address in expected if address.split("/")[0] not in held]
    if missing:
        yield f"{', '.join(missing)} is not reserved for it"
    try:
        with hands.inside(call.netns):
            pod = hands.links.observe(call.netns).get(call.link)
            routes = {route.destination for route in hands.routes.observe(call.netns)}
    except Absent as why:
        yield str(why)
        return
    if pod is None or not pod.up:
        yield f"{call.link} is {'missing' if pod is None else 'down'} in its namespace"
    elif absent := held - {address.split("/")[0] for address in pod.addresses}:
        yield f"{call.link} lacks {', '.join(sorted(absent))}"
    for destination, _ in conf.routes:
        if destination not in routes and any((":" in destination) == (":" in each) for each in held):
            yield f"the route to {destination} is missing"
    host = hands.links.observe().get(host_link(call.container, call.link))
    if host is None or host.master != conf.bridge:
        yield f"the host's end of the pair is {'missing' if host is None else 'not on'} {conf.bridge}"


def collect(call: Call, conf: NetConf, hands: Hands) -> Answer:
    """GC: let go of everything whose attachment the runtime no longer knows."""
    store = Store(conf.data_folder, conf.name)
    for owner in sorted(set(store.held().values()) - set(conf.valid)):
        delete(Call("DEL", owner[0], link=owner[1]), conf, hands)
    return None


def status(call: Call, conf: NetConf, hands: Hands) -> Answer:
    """STATUS: raise CniError 50 when an ADD could not succeed."""
    if not conf.pools:
        raise CniError(Code.UNAVAILABLE, "the network has no range of addresses", conf.name)
    folder = Path(conf.data_folder)
    if not any(each.is_dir() for each in (folder, *folder.parents)):
        raise CniError(Code.UNAVAILABLE, "the folder of addresses cannot be made", conf.data_folder)
    return None


def versions(asked: str) -> dict[str, Any]:
    """VERSION: what is spoken here, told in the form of the version that was `asked` for."""
    return {"cniVersion": asked if asked in VERSIONS else VERSIONS[-1], "supportedVersions": list(VERSIONS)}


def loopback(call: Call, conf: NetConf, hands: Hands) -> Answer:
    """The loopback plugin: `lo` up on ADD, down on DEL."""
    if call.command == "DEL":
        if call.netns:
            with suppress(Absent):
                hands.loopbacks.switch(call.netns, False)
        return None
    if call.command == "ADD":
        hands.loopbacks.switch(call.netns, True)
        return dict(conf.previous) if conf.previous is not None else tell_loopback(conf.version, call.netns_name)
    if call.command == "CHECK" and not hands.loopbacks.is_up(call.netns):
        raise CniError(Code.CHECK_FAILED, "lo is down", call.netns_name)
    return None


COMMANDS: dict[str, Callable[[Call, NetConf, Hands], Answer]] = {
    "ADD": add,
    "DEL": delete,
    "CHECK": check,
    "GC": collect,
    "STATUS": status,
}
