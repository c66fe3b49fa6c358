"""The sets that the rules look packets up in, by kube-proxy's names where it has them. Pure."""

from __future__ import annotations

from typing import Literal

from pyk8s.kernel.ipset.values import NAME_LIMIT, Kind, Set

LOOP_BACK = "KUBE-LOOP-BACK"
CLUSTER_IP = "KUBE-CLUSTER-IP"
EXTERNAL_IP, EXTERNAL_IP_LOCAL = "KUBE-EXTERNAL-IP", "KUBE-EXTERNAL-IP-LOCAL"
BALANCER, BALANCER_LOCAL, BALANCER_FENCED = "KUBE-LOAD-BALANCER", "KUBE-LOAD-BALANCER-LOCAL", "KUBE-LOAD-BALANCER-FW"
SOURCE_RANGE, SOURCE_ADDRESS = "KUBE-LOAD-BALANCER-SOURCE-CIDR", "KUBE-LOAD-BALANCER-SOURCE-IP"
ADDRESSES = "KUBE-IPVS-IPS"

NODE_PORTS = {"tcp": "KUBE-NODE-PORT-TCP", "udp": "KUBE-NODE-PORT-UDP", "sctp": "KUBE-NODE-PORT-SCTP-HASH"}
NODE_PORTS_LOCAL = {
    "tcp": "KUBE-NODE-PORT-LOCAL-TCP",
    "udp": "KUBE-NODE-PORT-LOCAL-UDP",
    "sctp": "KUBE-NODE-PORT-LOCAL-SCTP-HASH",
}

NO_ENDPOINTS, NO_LOCAL_ENDPOINTS = "KUBE-NO-ENDPOINTS", "KUBE-NO-LOCAL-ENDPOINTS"
"""Addresses and ports that nobody serves: refused, or dropped because others are served elsewhere. kube-proxy's ipvs
mode has none of these: it sends to nobody, or to everybody."""

SHORT_CUT = "KUBE-SHORT-CUT"
"""Addresses and ports whose outside clients keep their source address; packets of this cluster take the short cut to
all endpoints, by the mark that the set gives them."""

_FRONTS = (CLUSTER_IP, EXTERNAL_IP, EXTERNAL_IP_LOCAL, BALANCER, BALANCER_LOCAL, BALANCER_FENCED, NO_ENDPOINTS,
           NO_LOCAL_ENDPOINTS, SHORT_CUT, NODE_PORTS["sctp"], NODE_PORTS_LOCAL["sctp"])  # fmt: skip
_PORTS = tuple(names[each] for names in (NODE_PORTS, NODE_PORTS_LOCAL) for each in ("tcp", "udp"))
_KINDS: dict[str, Kind] = {
    LOOP_BACK: "hash:ip,port,ip",
    SOURCE_RANGE: "hash:ip,port,net",
    SOURCE_ADDRESS: "hash:ip,port,ip",
    ADDRESSES: "hash:ip",
    **dict.fromkeys(_FRONTS, "hash:ip,port"),
    **dict.fromkeys(_PORTS, "bitmap:port"),
}

LIMIT = 1 << 20
"""How many members a set may have: three for each of a hundred thousand services, and more."""


def name_in(family: int, name: str) -> str:
    """What the set `name` is called for addresses of `family`: one set cannot hold both."""
    return name if family == 4 else f"KUBE-6-{name.removeprefix('KUBE-')}"[:NAME_LIMIT]


def made_for(family: Literal[4, 6]) -> dict[str, Set]:
    """Every set of one address family, by the name it has for IPv4."""
    return {
        name: Set(
            name_in(family, name),
            kind,
            0 if kind == "bitmap:port" else family,
            marks=name == SHORT_CUT,
            limit=65536 if kind == "bitmap:port" else LIMIT,
        )
        for name, kind in _KINDS.items()
    }
