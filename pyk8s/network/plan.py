"""What an attachment of a pod to a bridge is made of: names, links, addresses, routes; and the CNI result of it.

Source: CNI specification, "Success"; the shape of the network is that of the reference plugin "bridge".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from ipaddress import ip_address, ip_interface, ip_network

from pyk8s.kernel.link.values import Link, Peer
from pyk8s.kernel.route.values import Route
from pyk8s.kernel.vlan.values import DEFAULT, Join, Leave, Membership
from pyk8s.kernel.vlan.values import Transaction as VlanTransaction
from pyk8s.network.bridge import Bridge
from pyk8s.network.calls import Call
from pyk8s.network.conf import NetConf
from pyk8s.network.ipam.values import Address, Pool
from pyk8s.network.results import Dns, Interface, Ip, Result, RouteTo

EVERYWHERE = {4: "0.0.0.0/0", 6: "::/0"}

_POD = 2
"""The pod's end among a result's interfaces, after the bridge and the host's end."""


def host_link(container: str, link: str) -> str:
    """The name of the host's end of a pair: the same for the same attachment, so that DEL finds it without a record."""
    return f"veth{sha256(f'{container}/{link}'.encode()).hexdigest()[:11]}"


def shaper_link(container: str, link: str) -> str:
    """The name of the link that shapes what a pod sends."""
    return f"bwp{sha256(f'{container}/{link}'.encode()).hexdigest()[:12]}"


def alias_of(network: str, container: str, link: str) -> str:
    """What a host's end says of itself, `ip link` shows and GC reads."""
    return f"pyk8s-cni {network} {container} {link}"


def read_alias(alias: str) -> tuple[str, tuple[str, str]] | None:
    """The network and the attachment that an alias names, or None when it is not ours."""
    words = alias.split(" ")
    return (words[1], (words[2], words[3])) if len(words) == 4 and words[0] == "pyk8s-cni" else None


def mac_of(address: Address) -> str:
    """A locally administered MAC that follows from the address: whoever gets an address that was in use a moment ago
    answers under the MAC that neighbours still remember."""
    return ":".join(f"{byte:02x}" for byte in (0x0A, 0x58, *address.packed[-4:]))


def host_mac(name: str) -> str:
    """A locally administered MAC for the host's end of a pair."""
    return ":".join(f"{byte:02x}" for byte in (0x0A, 0x59, *sha256(name.encode()).digest()[:4]))


def plan_bridge(
    name: str, pools: Sequence[Pool], *, mtu: int = 0, is_gateway: bool = True, promiscuous: bool = False
) -> Link:
    """The bridge of a node, holding the gateway of each range when it `is_gateway`.

    Its MAC follows from the first gateway: left to itself a bridge takes its lowest port's, and changes it with each
    pod that comes and goes.
    """
    gateways = tuple(dict.fromkeys(f"{pool.gateway}/{pool.subnet.prefixlen}" for pool in pools)) if is_gateway else ()
    mac = mac_of(pools[0].gateway) if pools else ""
    return Link(name, "bridge", mtu=mtu, mac=mac, addresses=gateways, promiscuous=promiscuous)


def complete(given: Result, conf: NetConf) -> Result:
    """What IPAM gave, with the gateways and default routes that the configuration asks for, and its DNS part."""
    ips = tuple(
        Ip(each.address, _POD, each.gateway or (_first_of(each.address) if conf.is_gateway else ""))
        for each in given.ips
    )
    routes = list(given.routes)
    for each in ips if conf.is_default_gateway else ():
        everywhere = EVERYWHERE[each.family]
        if not any(route.dst == everywhere and route.gw for route in routes):
            routes.append(RouteTo(everywhere, each.gateway))
    return replace(given, ips=ips, routes=tuple(routes), dns=given.dns if conf.dns == Dns() else conf.dns)


def _first_of(address: str) -> str:
    return str(ip_interface(address).network.network_address + 1)


def gateways_of(result: Result) -> tuple[str, ...]:
    """The addresses that the bridge of a gateway network must hold, "10.244.1.1/24"."""
    found = (f"{each.gateway}/{each.address.partition('/')[2]}" for each in result.ips if each.gateway)
    return tuple(dict.fromkeys(found))


def wish_bridge(conf: NetConf, result: Result) -> Bridge:
    """The bridge that an attachment with `result` needs; with a VLAN, the gateway has a link of its own."""
    gateways = gateways_of(result) if conf.is_gateway else ()
    pools = [pool for pools in conf.ipam.sets for pool in pools]
    siblings = tuple(f"{pool.gateway}/{pool.subnet.prefixlen}" for pool in pools)
    mac = mac_of(ip_interface(gateways[0]).ip) if gateways else host_mac(conf.bridge)
    own = () if conf.vlan else gateways
    return Bridge(conf.bridge, conf.mtu, mac, conf.promiscuous, own, siblings, conf.force_address)


def plan_pair(call: Call, conf: NetConf, mac: str) -> Link:
    """The pair: the host's end a port of the bridge, the pod's end born in its namespace under `mac`."""
    host = host_link(*call.owner)
    return Link(
        host,
        "veth",
        mtu=conf.mtu,
        mac=host_mac(host),
        master=conf.bridge,
        hairpin=conf.hairpin,
        alias=alias_of(conf.name, *call.owner),
        peer=Peer(call.link, call.netns, mac),
    )


def pod_mac(call: Call, conf: NetConf, ips: Sequence[Ip]) -> str:
    """The MAC of the pod's end: the one asked for, else one that follows from its address, else from its name."""
    if conf.mac:
        return conf.mac
    return mac_of(ip_interface(ips[0].address).ip) if ips else host_mac("/".join((*call.owner, conf.name)))


def plan_routes(call: Call, result: Result) -> tuple[Route, ...]:
    """The pod's routes: the first for a destination counts."""
    first = {each.family: each.gateway for each in reversed(result.ips)}
    found: dict[tuple[str, int, int], Route] = {}
    for each in result.routes:
        destination = str(ip_network(each.dst))
        route = Route(
            destination,
            each.gw or first.get(each.family, ""),
            call.link,
            table=each.table or 254,
            metric=each.priority,
            mtu=each.mtu,
            advmss=each.advmss,
            scope=each.scope,
        )
        found.setdefault((destination, route.table, route.metric), route)
    return tuple(found.values())


def plan_vlans(conf: NetConf, port: str) -> VlanTransaction:
    """The VLANs of the port: an access port sends and gets one untagged, a trunk many tagged."""
    if not conf.vlan_aware:
        return ()
    leave: VlanTransaction = () if conf.keep_default_vlan else (Leave(port, DEFAULT),)
    if conf.vlan:
        return (*leave, Join(Membership(port, conf.vlan, primary=True, untagged=True)))
    return (*leave, *(Join(Membership(port, number)) for number in conf.vlan_trunk))


def plan_vlan_gateway(conf: NetConf) -> Link:
    """The pair that carries a VLAN's gateway: one end named "cni0.10", the other an access port of the bridge."""
    name = f"{conf.bridge}.{conf.vlan}"
    port = f"vlan{sha256(name.encode()).hexdigest()[:11]}"
    return Link(port, "veth", mtu=conf.mtu, master=conf.bridge, peer=Peer(name, "", host_mac(name)))


def tell_interfaces(call: Call, conf: NetConf, pair: Link, bridge_mac: str) -> tuple[Interface, ...]:
    """The bridge, the host's end and the pod's end, as a result tells them."""
    peer = pair.peer
    return (
        Interface(conf.bridge, bridge_mac),
        Interface(pair.name, pair.mac),
        Interface(call.link, peer.mac if peer else "", conf.mtu, call.netns_name),
    )


def loopback_result(netns: str) -> Result:
    """The result of the loopback plugin."""
    interfaces = (Interface("lo", "00:00:00:00:00:00", sandbox=netns),)
    return Result(interfaces, (Ip("127.0.0.1/8", 0), Ip("::1/128", 0)))


def check_ip(each: Ip) -> None:
    """Raise ValueError for an address, or a gateway, that is none."""
    ip_interface(each.address)
    if each.gateway:
        ip_address(each.gateway)
