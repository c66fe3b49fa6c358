"""What an attachment of a pod to a bridge is made of: names, links, addresses, routes; and the CNI result of it.

Source: CNI specification, "Success"; the shape of the network is that of the reference plugin "bridge".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from pyk8s.kernel.link.values import Link, Peer
from pyk8s.kernel.route.values import Route
from pyk8s.network.calls import Call, NetConf
from pyk8s.network.ipam.values import Address, Pool
from pyk8s.network.ipam.values import Network as Range


@dataclass(frozen=True, slots=True)
class Attachment:
    """The bridge as it should be, the pair as it is made, the pod's end as it should be, the pod's routes."""

    bridge: Link
    pair: Link
    pod: Link
    routes: tuple[Route, ...]


def host_link(container: str, link: str) -> str:
    """The name of the host's end of a pair: the same for the same attachment, so that DEL finds it without a record."""
    return f"veth{sha256(f'{container}/{link}'.encode()).hexdigest()[:11]}"


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
    """The bridge of a network, holding the gateway of each range when it `is_gateway`.

    Its MAC follows from the first gateway: left to itself a bridge takes its lowest port's, and changes it with each
    pod that comes and goes.
    """
    gateways = tuple(dict.fromkeys(f"{pool.gateway}/{pool.subnet.prefixlen}" for pool in pools)) if is_gateway else ()
    mac = mac_of(pools[0].gateway) if pools else ""
    return Link(name, "bridge", mtu=mtu, mac=mac, addresses=gateways, promiscuous=promiscuous)


def plan_attachment(call: Call, conf: NetConf, given: Sequence[tuple[Address, Pool]]) -> Attachment:
    """Everything that connects `call`'s namespace to the bridge under the addresses `given`."""
    host = host_link(call.container, call.link)
    peer = Peer(call.link, call.netns, mac_of(given[0][0]) if given else "")
    pair = Link(host, "veth", mtu=conf.mtu, mac=host_mac(host), master=conf.bridge, hairpin=conf.hairpin, peer=peer)
    pools = [pool for ranges in conf.pools for pool in ranges]
    return Attachment(
        bridge=plan_bridge(conf.bridge, pools, mtu=conf.mtu, is_gateway=conf.is_gateway, promiscuous=conf.promiscuous),
        pair=pair,
        pod=Link(call.link, addresses=tuple(f"{address}/{pool.subnet.prefixlen}" for address, pool in given)),
        routes=tuple(
            Route(destination, gateway or str(pool.gateway), call.link)
            for destination, gateway in conf.routes
            for _, pool in given
            if (":" in destination) == (pool.subnet.version == 6)
        ),
    )


def tell_attachment(
    call: Call, conf: NetConf, given: Sequence[tuple[Address, Pool]], attachment: Attachment, bridge_mac: str
) -> dict[str, Any]:
    """The CNI result for `attachment`, in the form of the configuration's version."""
    peer = attachment.pair.peer
    interfaces = [
        {"name": conf.bridge, "mac": bridge_mac},
        {"name": attachment.pair.name, "mac": attachment.pair.mac},
        {"name": call.link, "mac": peer.mac if peer else "", "sandbox": call.netns_name},
    ]
    old = conf.version < "1"
    addresses = [
        ({"version": str(pool.subnet.version)} if old else {})
        | {"interface": 2, "address": f"{address}/{pool.subnet.prefixlen}", "gateway": str(pool.gateway)}
        for address, pool in given
    ]
    routes = [{"dst": destination} | ({"gw": gateway} if gateway else {}) for destination, gateway in conf.routes]
    result: dict[str, Any] = {"cniVersion": conf.version, "interfaces": interfaces, "ips": addresses}
    if routes:
        result["routes"] = routes
    return result | {"dns": dict(conf.dns)}


def tell_loopback(version: str, netns: str, mac: str = "00:00:00:00:00:00") -> dict[str, Any]:
    """The CNI result of the loopback plugin."""
    old = version < "1"
    ips = [
        ({"version": family} if old else {}) | {"interface": 0, "address": address}
        for family, address in (("4", "127.0.0.1/8"), ("6", "::1/128"))
    ]
    interfaces = [{"name": "lo", "mac": mac, "sandbox": netns}]
    return {"cniVersion": version, "interfaces": interfaces, "ips": ips, "dns": {}}


def ranges_of(pools: Sequence[Sequence[Pool]]) -> tuple[Range, ...]:
    """The subnets that addresses come from."""
    return tuple(dict.fromkeys(pool.subnet for ranges in pools for pool in ranges))
