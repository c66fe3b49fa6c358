"""Packets and their fates: ONE table, for the plan's interpreter, for the rules of every mode and for real kernels.

There are two nodes, "here" (NODE) and "there" (OTHER), with the same Services. LOCAL is an endpoint on the one, REMOTE
one on the other. POD is a client on this node, OUTSIDE and GUEST are beyond the nodes, and the node is a client too.
Rows are written for TCP and IPv4; `table(family, protocol)` has them for the other ones.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from pyk8s.proxy.packet import Fate, Ground, Packet, place
from pyk8s.proxy.plan import Intent, Settings, plan_service
from tests.proxy.services import at, endpoint_slice, service

NODE, OTHER, POD, OUTSIDE, GUEST = "172.30.0.2", "172.30.0.3", "10.244.0.7", "203.0.113.9", "192.0.2.9"
SELF = "203.0.113.1"
"""The node as a client: an address that no link towards an endpoint has, so that masquerading shows."""
LOCAL, REMOTE = "10.244.0.5", "10.244.1.6"
BRIDGE, BRIDGE_THERE = "10.244.0.1", "10.244.1.1"
CLUSTER, SERVICE_RANGE = "10.244.0.0/16", "10.96.0.0/16"
UNUSED_CLUSTER = "10.240.0.0/16"
"""A range of pods, before the other, that holds none: who looks at one range alone takes all pods for foreign."""
GROUND = Ground(frozenset({NODE, BRIDGE, SELF}))
THERE_GROUND = Ground(frozenset({OTHER, BRIDGE_THERE}))

IN_SIX = {
    "172.30.0.": "fd30::", "10.244.0.": "fd44::", "10.244.1.": "fd44:0:0:1::", "203.0.113.": "fd20::",
    "192.0.2.": "fd19::", "198.51.100.": "fd98::", "10.96.0.": "fd96::",
}  # fmt: skip
RANGES_IN_SIX = {
    UNUSED_CLUSTER: "fd40::/32",
    CLUSTER: "fd44::/32",
    SERVICE_RANGE: "fd96::/112",
    "192.0.2.77/24": "fd19::77/64",
}


def in_family(text: str, family: int) -> str:
    """An IPv4 address or range of this table, or what stands for it in IPv6."""
    if family == 4 or text == "127.0.0.1":
        return text
    if text in RANGES_IN_SIX:
        return RANGES_IN_SIX[text]
    head, _, tail = text.rpartition(".")
    return IN_SIX[f"{head}."] + tail


def settings(family: int = 4, **more) -> Settings:
    """What the rules of this node depend on."""
    pods = tuple(in_family(each, family) for each in (UNUSED_CLUSTER, CLUSTER))
    ranges = {"cluster_ranges": pods, "service_ranges": (in_family(SERVICE_RANGE, family),)}
    own = {"node_addresses": (in_family(NODE, family),)}
    return Settings(family=family, **(ranges | own | more))


def ground(family: int = 4, of: Ground = GROUND) -> Ground:
    """The addresses of a node in `family`."""
    return Ground(frozenset(in_family(each, family) for each in of.local))


GOING = {"ready": False, "serving": True, "terminating": True}
GONE = {"ready": False, "serving": False, "terminating": True}
HERE, THERE = at(LOCAL), at(REMOTE, "there")
BOTH, FAR = [HERE, THERE], [THERE]
OF_BALANCER = {"type": "LoadBalancer"}
ETP, ITP = {"externalTrafficPolicy": "Local"}, {"internalTrafficPolicy": "Local"}


def balancer(*addresses, mode="VIP"):
    """The status of a Service that has a load balancer."""
    return {"loadBalancer": {"ingress": [{"ip": each, "ipMode": mode} for each in addresses]}}


@dataclass(frozen=True)
class Shop:
    """A Service by the last number of its cluster IP, and its endpoints; in words of the API."""

    number: int
    name: str
    endpoints: tuple
    node_port: bool = False
    spec: tuple = ()
    slices: tuple = ()


def shop(number, name, *endpoints, node_port=False, slices=(), **spec):
    return Shop(number, name, endpoints, node_port, tuple(spec.items()), slices)


def hinted(endpoint, *, zones=(), nodes=()):
    """`endpoint`, meant for zones or nodes."""
    hints = {"forZones": [{"name": each} for each in zones], "forNodes": [{"name": each} for each in nodes]}
    return endpoint | {"hints": {key: value for key, value in hints.items() if value}}


RANGES = {"loadBalancerSourceRanges": ["192.0.2.77/24"]}
TWO = [
    {"name": "web", "port": 80, "protocol": "TCP", "targetPort": "http"},
    {"name": "admin", "port": 81, "protocol": "TCP", "targetPort": "admin"},
]
NAMED = [{"name": "web", "port": 8080, "protocol": "TCP"}, {"name": "admin", "port": 9090, "protocol": "TCP"}]
IP = "198.51.100."

SHOPS = [
    shop(20, "web", *BOTH, node_port=True),
    shop(21, "own", *BOTH, node_port=True, **ETP),
    shop(22, "far", *FAR, node_port=True, **ETP),
    shop(23, "none", node_port=True, externalIPs=[f"{IP}3"]),
    shop(24, "near", *BOTH, **ITP),
    shop(25, "nowhere-near", *FAR, **ITP),
    shop(26, "known", *BOTH, externalIPs=[f"{IP}7"]),
    shop(27, "balanced", *BOTH, node_port=True, status=balancer(f"{IP}8"), **OF_BALANCER),
    shop(28, "fenced", *BOTH, node_port=True, status=balancer(f"{IP}9"), **OF_BALANCER, **RANGES),
    shop(29, "going", at(LOCAL, **GOING)),
    shop(30, "half-going", at(LOCAL, **GOING), THERE),
    shop(31, "unready", at(LOCAL, ready=False)),
    shop(32, "own-balanced", *BOTH, node_port=True, status=balancer(f"{IP}10"), **OF_BALANCER, **ETP),
    shop(33, "far-balanced", *FAR, node_port=True, status=balancer(f"{IP}11"), **OF_BALANCER, **ETP),
    shop(34, "none-balanced", node_port=True, status=balancer(f"{IP}12"), **OF_BALANCER, **RANGES),
    shop(35, "own-external", *BOTH, externalIPs=[f"{IP}13"], **ETP),
    shop(36, "last-here", at(LOCAL, **GOING), THERE, node_port=True, **ETP),
    shop(37, "gone", at(LOCAL, **GONE)),
    shop(38, "zoned", hinted(HERE, zones=["a"]), hinted(THERE, zones=["b"])),
    shop(39, "half-zoned", hinted(HERE, zones=["a"]), THERE),
    shop(40, "foreign-zone", hinted(HERE, zones=["c"]), hinted(THERE, zones=["d"])),
    shop(41, "for-nodes", hinted(HERE, zones=["b"], nodes=["here"]), hinted(THERE, zones=["a"], nodes=["there"])),
    shop(42, "many", *BOTH, ports=TWO, slices=({"ports": NAMED},)),
    shop(43, "two-makers", slices=({"name": "by-hand", "of": [HERE]}, {"name": "by-machine", "of": BOTH})),
    shop(44, "passing", *BOTH, node_port=True, status=balancer(f"{IP}14", mode="Proxy"), **OF_BALANCER),
    shop(45, "only-unready-here", at(LOCAL, ready=False), THERE, **ITP),
    shop(46, "both-policies", *BOTH, node_port=True, **ETP, **ITP),
    shop(47, "zoned-own", hinted(HERE, zones=["b"]), hinted(THERE, zones=["a"]), node_port=True, **ETP),
    shop(48, "headless", *BOTH, clusterIP="None", clusterIPs=["None"]),
    shop(49, "of-the-node", at(NODE), node_port=True),
    shop(50, "own-fenced", *BOTH, node_port=True, status=balancer(f"{IP}15"), **OF_BALANCER, **RANGES, **ETP),
]


def intents(family: int = 4, protocol: str = "tcp", node: str = "here") -> dict[str, tuple[Intent, ...]]:
    """What the Services mean on one of the nodes: "here" is in zone "a", "there" in "b"."""
    zone = {"here": "a", "there": "b"}[node]
    held = {}
    for each in SHOPS:
        made, slices = _objects(each, family, protocol)
        held[f"shop/{each.name}"] = plan_service(made, slices, node, zone=zone, family=family)
    return held


def _objects(each: Shop, family: int, protocol: str):
    spec = dict(each.spec)
    spec["ports"] = [port | {"protocol": protocol.upper()} for port in spec.get("ports", [{"port": 80}])]
    if each.node_port:
        spec["ports"][0]["nodePort"] = 30060 + each.number
        spec.setdefault("type", "NodePort")
    spec = _translated(spec, family)
    made = service(each.name, in_family(f"10.96.0.{each.number}", family), **spec)
    slices = []
    for number, wanted in enumerate(each.slices or ({},) if each.endpoints or each.slices else ()):
        ports = [port | {"protocol": protocol.upper()} for port in wanted.get("ports", [{"name": "", "port": 8080}])]
        endpoints = _translated(list(wanted.get("of", each.endpoints)), family)
        name = wanted.get("name", f"{each.name}-{number}")
        slices.append(endpoint_slice(each.name, *endpoints, name=name, family=f"IPv{family}", ports=ports))
    return made, slices


def _translated(value, family: int):
    """`value` with every address of this table in `family`."""
    if isinstance(value, dict):
        return {key: _translated(each, family) for key, each in value.items()}
    if isinstance(value, list):
        return [_translated(each, family) for each in value]
    if isinstance(value, str) and (value in RANGES_IN_SIX or f"{value.rpartition('.')[0]}." in IN_SIX):
        return in_family(value, family)
    return value


def goes(*places, masqueraded=False, port=8080):
    """One of `places`."""
    return frozenset(Fate("goes", place(each, port), masqueraded) for each in places)


REJECTED, DROPPED, PASSES = (frozenset({Fate(what)}) for what in ("rejected", "dropped", "passes"))


@dataclass(frozen=True)
class Flow:
    """A row. `families` and `protocols` are those that it is true of."""

    id: str
    packet: Packet
    fate: frozenset[Fate]
    families: tuple[int, ...] = (4, 6)


def in_other(flow: Flow, family: int, protocol: str) -> Flow:
    """The row for another family and protocol."""
    packet = replace(
        flow.packet,
        source=in_family(flow.packet.source, family),
        destination=in_family(flow.packet.destination, family),
        protocol=protocol,
    )
    fate = frozenset(_fate_in(each, family) for each in flow.fate)
    return replace(flow, packet=packet, fate=fate)


def _fate_in(fate: Fate, family: int) -> Fate:
    if not fate.to:
        return fate
    address, _, port = fate.to.rpartition(":")
    return replace(fate, to=place(in_family(address, family), int(port)))


def table(family: int = 4, protocol: str = "tcp") -> list:
    """The rows, as parameters `packet` and `fate`."""
    from tests.proxy.rows import ROWS  # written with the words of this module

    held = [each if (family, protocol) == (4, "tcp") else in_other(each, family, protocol) for each in ROWS
            if family in each.families]  # fmt: skip
    return [pytest.param(each.packet, each.fate, id=f"{protocol}-{family}-{each.id}") for each in held]


Tracer = Callable[[Packet, str], frozenset[Fate]]
"""What becomes of a packet on the node "here" or "there", by one of the interpreters."""


def journey(tracer: Tracer, packet: Packet) -> frozenset[Fate]:
    """What becomes of `packet` in the end: what this node lets pass to the other one is judged there too."""
    found = tracer(packet, "here")
    if packet.destination == in_family(OTHER, packet.family) and found == PASSES:
        return tracer(packet, "there")
    return found
