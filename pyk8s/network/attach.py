"""ADD: attach a pod to its network. Each step arranges its undoing the moment it has done it."""

from __future__ import annotations

import errno
from contextlib import ExitStack, suppress
from dataclasses import replace
from ipaddress import ip_interface

from pyk8s.kernel.errors import Absent, Exists, Refused, Unsupported
from pyk8s.kernel.link.values import Add, Change, Link, Remove, Transaction, plan_link
from pyk8s.kernel.portguard.values import Guard, Release
from pyk8s.kernel.qdisc.values import Bucket, Redirect
from pyk8s.kernel.qdisc.values import Put as PutQdisc
from pyk8s.kernel.route.values import Put
from pyk8s.kernel.vlan.values import Separate
from pyk8s.network import addresses
from pyk8s.network.bridge import Bridge, BridgeTaken, plan_addresses, plan_change
from pyk8s.network.calls import Call
from pyk8s.network.conf import NetConf
from pyk8s.network.errors import CniError, Code
from pyk8s.network.interface import Answer, Hands
from pyk8s.network.plan import (
    complete,
    gateways_of,
    plan_pair,
    plan_routes,
    plan_vlan_gateway,
    plan_vlans,
    pod_mac,
    shaper_link,
    tell_interfaces,
    wish_bridge,
)
from pyk8s.network.portmap import Mapping
from pyk8s.network.results import Interface, Result, ResultInvalid, join, read_result, tell_result


def add(call: Call, conf: NetConf, hands: Hands) -> Answer:
    """Attach the pod. Raises CniError or KernelError; what was done until then is undone."""
    previous = read_previous(conf)
    check_namespace(call, hands, free=True)
    with ExitStack() as undo:
        # Another plugin may need the pod's link to find an address (DHCP); ours needs the address to choose a MAC.
        given = Result() if conf.ipam.delegated else _take(call, conf, hands, undo)
        bridge_mac = _ensure_bridge(conf, given, hands)
        pair = plan_pair(call, conf, pod_mac(call, conf, given.ips))
        _make_pair(pair, call, conf, hands)
        undo.callback(remove_link, hands, pair.name)
        if conf.ipam.delegated:
            given = _take(call, conf, hands, undo)
            bridge_mac = _ensure_bridge(conf, given, hands)
        interfaces = (*tell_interfaces(call, conf, pair, bridge_mac), *_bring_vlans(conf, pair, given, hands))
        _configure(call, given, hands)
        interfaces += _shape(call, conf, pair, hands, undo)
        _guard(conf, pair, hands, undo)
        _open(call, conf, given, hands, undo)
        undo.pop_all()
    return tell_result(join(previous, replace(given, interfaces=interfaces)), conf.version)


def read_previous(conf: NetConf) -> Result:
    """What the plugins before this one have made, as the configuration tells. Raises CniError 7."""
    try:
        return read_result({"cniVersion": conf.version, **conf.previous}) if conf.previous is not None else Result()
    except ResultInvalid as why:
        raise CniError(Code.INVALID_CONFIG, "prevResult is no result", str(why)) from why


def check_namespace(call: Call, hands: Hands, *, free: bool) -> None:
    """Raise CniError 3 when the pod's namespace is gone, 4 when it is none or the host's own, INTERNAL when the link is
    there already that should be `free`."""
    check_own(call, hands)
    try:
        with hands.inside(call.netns):
            there = hands.links.index(call.link, call.netns)
    except Absent as why:
        raise _gone(call) from why
    except Refused as why:
        if why.number != errno.EINVAL:
            raise
        details = f"CNI_NETNS is {call.netns_name!r}, no network namespace: {why}"
        raise CniError(Code.INVALID_ENVIRONMENT, "invalid environment", details) from why
    if there and free:
        raise CniError(Code.INTERNAL, f"{call.link} is there already", f"in {call.netns_name}: DEL comes before ADD")


def check_own(call: Call, hands: Hands) -> None:
    """Raise CniError 3 when the pod's namespace is gone, 4 when it is the host's own."""
    if not call.netns:
        raise _gone(call)
    if hands.own(call.netns):
        why = f"CNI_NETNS is {call.netns_name!r}, the host's own network namespace"
        raise CniError(Code.INVALID_ENVIRONMENT, "invalid environment", why)


def _gone(call: Call) -> CniError:
    return CniError(Code.UNKNOWN_CONTAINER, "the container's network namespace is not there", call.netns_name)


def _take(call: Call, conf: NetConf, hands: Hands, undo: ExitStack) -> Result:
    if conf.ipam.delegated:
        # Whatever it says to ADD, it may have done something (specification, "Plugin Delegation").
        undo.callback(_take_back, call, conf, hands)
        return complete(addresses.take(call, conf, hands.programs), conf)
    # Ours does all or nothing; an owner that it refuses may have addresses of before, which stay.
    given = addresses.take(call, conf, hands.programs)
    undo.callback(addresses.give_back, call, conf, hands.programs)
    return complete(given, conf)


def _take_back(call: Call, conf: NetConf, hands: Hands) -> None:
    """Let another plugin undo its ADD; that it cannot is no news to who is told already what went wrong."""
    with suppress(CniError):
        addresses.give_back(call, conf, hands.programs)


def _ensure_bridge(conf: NetConf, given: Result, hands: Hands) -> str:
    """Make the bridge, or put it right the first time it is seen; its MAC. One seen before costs one cheap question."""
    wish = wish_bridge(conf, given)
    known = ((wish, conf.vlan_aware), hands.links.index(wish.name))
    if known in hands.bridges:
        return hands.bridges[known]
    try:
        with suppress(Exists):  # two first pods at once
            hands.links.run(plan_change(wish, hands.links.observe().get(wish.name)))
        # What the other one of the two did not do is done now.
        hands.links.run(plan_change(wish, hands.links.observe().get(wish.name)))
    except BridgeTaken as why:
        raise CniError(Code.INVALID_CONFIG, f"the bridge {wish.name} cannot be used", str(why)) from why
    _allow_forwarding(wish.addresses, hands)
    with suppress(Absent):
        hands.sysctl(f"net/ipv6/conf/{wish.name}/accept_ra", "0")
    if conf.vlan_aware:
        _separate(conf, hands)
    made = hands.links.observe()[wish.name]
    hands.bridges[known[0], hands.links.index(wish.name)] = made.mac
    return made.mac


def _allow_forwarding(gateways: tuple[str, ...], hands: Hands) -> None:
    if any(":" not in each for each in gateways):
        hands.sysctl("net/ipv4/ip_forward", "1")
    if any(":" in each for each in gateways):
        hands.sysctl("net/ipv6/conf/all/forwarding", "1")


def _separate(conf: NetConf, hands: Hands) -> None:
    try:
        hands.vlans.run((Separate(conf.bridge),))
    except Unsupported as why:
        field = f"vlan {conf.vlan}" if conf.vlan else f"vlanTrunk {list(conf.vlan_trunk)}"
        raise CniError(Code.UNSUPPORTED_FIELD, f"{field} is not supported here", str(why)) from why


def _make_pair(pair: Link, call: Call, conf: NetConf, hands: Hands) -> None:
    actions: Transaction = (Add(pair),)
    if pair.hairpin:
        actions = (*actions, Change(pair.name, hairpin=True))
    if conf.ipam.delegated or not conf.ipam.type:
        # No record of ours tells of it: GC finds it by what it says of itself.
        actions = (*actions, Change(pair.name, alias=pair.alias))
    try:
        hands.links.run(actions)
    except Exists as why:
        details = f"{pair.name} belongs to {call.container}/{call.link}: DEL comes before ADD"
        raise CniError(Code.INTERNAL, "the attachment is there already", details) from why


def remove_link(hands: Hands, name: str) -> None:
    """Remove the link; one that is not there is no error."""
    with suppress(Absent):
        hands.links.run((Remove(name),))


def _bring_vlans(conf: NetConf, pair: Link, given: Result, hands: Hands) -> tuple[Interface, ...]:
    """Put the port into its VLANs, and make the link that holds the gateway of one; that link."""
    hands.vlans.run(plan_vlans(conf, pair.name))
    gateways = gateways_of(given) if conf.is_gateway else ()
    if not conf.vlan or not gateways:
        return ()
    port = plan_vlan_gateway(conf)
    assert port.peer is not None
    name = port.peer.name
    with suppress(Exists):
        hands.links.run((Add(port),))
    hands.vlans.run(plan_vlans(conf, port.name))
    wish = Bridge(name, addresses=gateways, siblings=wish_bridge(conf, given).siblings, force=conf.force_address)
    seen = hands.links.observe()[name]
    try:
        hands.links.run((*plan_link(Link(name), seen), *plan_addresses(wish, seen)))
    except BridgeTaken as why:
        raise CniError(Code.INVALID_CONFIG, f"the VLAN's gateway {name} cannot be used", str(why)) from why
    _allow_forwarding(gateways, hands)
    return (Interface(name, seen.mac),)


def _configure(call: Call, given: Result, hands: Hands) -> None:
    """The pod's end: up, with its addresses and routes."""
    wish = Link(call.link, addresses=tuple(each.address for each in given.ips))
    settings = [(f"net/ipv4/conf/{call.link}/arp_notify", "1")]
    if any(each.family == 6 for each in given.ips):
        # The address is ours to give: nobody has to be asked whether it is in use.
        settings += [(f"net/ipv6/conf/{call.link}/{name}", "0") for name in ("disable_ipv6", "accept_dad")]
    with hands.inside(call.netns):
        for name, value in settings if given.ips else ():
            with suppress(Absent):
                hands.sysctl(name, value)
        hands.links.run(plan_link(wish, Link(call.link, up=False)), call.netns)
        hands.routes.run(tuple(Put(route) for route in plan_routes(call, given)), call.netns)


def _shape(call: Call, conf: NetConf, pair: Link, hands: Hands, undo: ExitStack) -> tuple[Interface, ...]:
    """Slow down what comes to the pod at the host's end, and what leaves it at a link made for that; that link."""
    try:
        if conf.ingress:
            hands.qdiscs.run((PutQdisc(Bucket(pair.name, conf.ingress.rate // 8, conf.ingress.burst // 8)),))
        if not conf.egress:
            return ()
        shaper = shaper_link(*call.owner)
        remove_link(hands, shaper)
        hands.links.run((Add(Link(shaper, "ifb", mtu=conf.mtu)),))
        undo.callback(remove_link, hands, shaper)
        bucket = Bucket(shaper, conf.egress.rate // 8, conf.egress.burst // 8)
        hands.qdiscs.run((PutQdisc(bucket), PutQdisc(Redirect(pair.name, shaper))))
    except (Unsupported, Refused) as why:
        if isinstance(why, Refused) and why.number not in _NO_SUCH_KIND:
            raise
        raise CniError(Code.UNSUPPORTED_FIELD, "bandwidth is not supported here", str(why)) from why
    return (Interface(shaper, hands.links.observe()[shaper].mac),)


_NO_SUCH_KIND = (errno.EOPNOTSUPP,)
"""What a kernel says that has no ifb."""


def _guard(conf: NetConf, pair: Link, hands: Hands, undo: ExitStack) -> None:
    if not conf.check_mac or pair.peer is None:
        return
    try:
        hands.guards.run((Guard(pair.name, pair.peer.mac),))
    except Unsupported as why:
        raise CniError(Code.UNSUPPORTED_FIELD, "macspoofchk true is not supported here", str(why)) from why
    undo.callback(hands.guards.run, (Release(pair.name),))


def _open(call: Call, conf: NetConf, given: Result, hands: Hands, undo: ExitStack) -> None:
    """Lead host ports to the pod, and let it reach the world."""
    if conf.host_ports and given.ips:
        owner = "/".join(call.owner)
        first = {each.family: each.address for each in reversed(given.ips)}
        pod = tuple(first[family] for family in sorted(first))
        undo.callback(hands.ports.drop, owner)
        mapping = Mapping(owner, pod, conf.host_ports, conf.name, conf.port_snat)
        hands.ports.put(mapping)
        if mapping.from_loopback:
            # Packets from 127.0.0.1 to a host port leave by the bridge, which a kernel takes for a forgery otherwise.
            # What guards the node's own addresses against the bridge's other ports stands by now.
            hands.sysctl(f"net/ipv4/conf/{conf.bridge}/route_localnet", "1")
    if conf.masquerade and given.ips:
        undo.callback(hands.networks.leave, conf.name, call.owner)
        hands.networks.join(conf.name, call.owner, [str(ip_interface(each.address).network) for each in given.ips])
