"""Packets and their fates: one table for the rules as values and for the rules in a kernel.

The node is "here"; LOCAL is an endpoint on it, REMOTE one on another node. POD is a client on the node, OUTSIDE one
beyond it, and the node itself is a client too.
"""

import pytest

from pyk8s.proxy.packet import Fate, Ground, Packet
from pyk8s.proxy.plan import plan_service
from tests.proxy.services import at, endpoint_slice, service

NODE, POD, OUTSIDE = "172.30.0.2", "10.244.0.7", "203.0.113.9"
SELF = "203.0.113.1"
"""The node as a client: an address that no link towards an endpoint has, so that masquerading shows."""
LOCAL, REMOTE = "10.244.0.5", "10.244.1.6"
CLUSTER = "10.244.0.0/16"
GROUND = Ground(frozenset({NODE, "10.244.0.1", "203.0.113.1"}))


def goes(*places, masqueraded=False):
    return frozenset(Fate("goes", f"{place}:8080", masqueraded) for place in places)


REJECTED, DROPPED, PASSES = (frozenset({Fate(what)}) for what in ("rejected", "dropped", "passes"))

BOTH = (at(LOCAL), at(REMOTE, "there"))
FAR = (at(REMOTE, "there"),)
BALANCER = {"loadBalancer": {"ingress": [{"ip": "198.51.100.8"}]}}
FENCED = {"loadBalancer": {"ingress": [{"ip": "198.51.100.9"}]}}
GOING = {"ready": False, "serving": True, "terminating": True}

SERVICES = [
    (service("web", "10.96.0.20", node_port=30080), BOTH),
    (service("own", "10.96.0.21", node_port=30081, externalTrafficPolicy="Local"), BOTH),
    (service("far", "10.96.0.22", node_port=30082, externalTrafficPolicy="Local"), FAR),
    (service("none", "10.96.0.23", node_port=30083, externalIPs=["198.51.100.3"]), ()),
    (service("near", "10.96.0.24", internalTrafficPolicy="Local"), BOTH),
    (service("nowhere-near", "10.96.0.25", internalTrafficPolicy="Local"), FAR),
    (service("known", "10.96.0.26", externalIPs=["198.51.100.7"]), BOTH),
    (service("balanced", "10.96.0.27", node_port=30087, type="LoadBalancer", status=BALANCER), BOTH),
    (
        service(
            "fenced",
            "10.96.0.28",
            node_port=30088,
            type="LoadBalancer",
            status=FENCED,
            loadBalancerSourceRanges=["192.0.2.0/24"],
        ),
        BOTH,
    ),
    (service("going", "10.96.0.29"), (at(LOCAL, **GOING),)),
    (service("half-going", "10.96.0.30"), (at(LOCAL, **GOING), at(REMOTE, "there"))),
    (service("unready", "10.96.0.31"), (at(LOCAL, ready=False),)),
]

INTENTS = {
    f"shop/{each.metadata.name}": plan_service(
        each, [endpoint_slice(each.metadata.name, *endpoints)] if endpoints else [], "here"
    )
    for each, endpoints in SERVICES
}

FLOWS = [
    pytest.param(Packet(POD, "10.96.0.20", 80), goes(LOCAL, REMOTE), id="a pod reaches a service as itself"),
    pytest.param(
        Packet(LOCAL, "10.96.0.20", 80),
        goes(REMOTE) | goes(LOCAL, masqueraded=True),
        id="an endpoint reaches itself through its service",
    ),
    pytest.param(
        Packet(SELF, "10.96.0.20", 80), goes(LOCAL, REMOTE, masqueraded=True), id="the node reaches a service"
    ),
    pytest.param(
        Packet(OUTSIDE, "10.96.0.20", 80),
        goes(LOCAL, REMOTE, masqueraded=True),
        id="somebody outside who knows the cluster IP",
    ),
    pytest.param(Packet(OUTSIDE, NODE, 30080), goes(LOCAL, REMOTE, masqueraded=True), id="a node port, from outside"),
    pytest.param(Packet(POD, NODE, 30080), goes(LOCAL, REMOTE, masqueraded=True), id="a node port, from a pod"),
    pytest.param(
        Packet(SELF, NODE, 30080), goes(LOCAL, REMOTE, masqueraded=True), id="a node port, from the node itself"
    ),
    pytest.param(
        Packet("127.0.0.1", "127.0.0.1", 30080),
        goes(LOCAL, REMOTE, masqueraded=True),
        id="a node port, on the node's loopback",
    ),
    pytest.param(Packet(OUTSIDE, NODE, 30081), goes(LOCAL), id="external Local: the client keeps its address"),
    pytest.param(Packet(POD, NODE, 30081), goes(LOCAL, REMOTE), id="external Local: a pod has all endpoints"),
    pytest.param(
        Packet(SELF, NODE, 30081),
        goes(LOCAL, REMOTE, masqueraded=True),
        id="external Local: the node has all endpoints",
    ),
    pytest.param(Packet(OUTSIDE, NODE, 30082), DROPPED, id="external Local without a local endpoint: dropped"),
    pytest.param(Packet(POD, NODE, 30082), goes(REMOTE), id="external Local without a local endpoint, from a pod"),
    pytest.param(Packet(POD, "10.96.0.23", 80), REJECTED, id="no endpoints, from a pod"),
    pytest.param(Packet(SELF, "10.96.0.23", 80), REJECTED, id="no endpoints, from the node"),
    pytest.param(Packet(OUTSIDE, NODE, 30083), REJECTED, id="no endpoints behind a node port"),
    pytest.param(Packet(OUTSIDE, "198.51.100.3", 80), REJECTED, id="no endpoints behind an external IP"),
    pytest.param(Packet(POD, "10.96.0.24", 80), goes(LOCAL), id="internal Local: this node's endpoints only"),
    pytest.param(Packet(POD, "10.96.0.25", 80), DROPPED, id="internal Local without a local endpoint: dropped"),
    pytest.param(
        Packet(OUTSIDE, "198.51.100.7", 80), goes(LOCAL, REMOTE, masqueraded=True), id="an external IP, from outside"
    ),
    pytest.param(
        Packet(POD, "198.51.100.7", 80), goes(LOCAL, REMOTE, masqueraded=True), id="an external IP, from a pod"
    ),
    pytest.param(
        Packet(OUTSIDE, "198.51.100.8", 80),
        goes(LOCAL, REMOTE, masqueraded=True),
        id="a load balancer's address, from outside",
    ),
    pytest.param(Packet(OUTSIDE, "198.51.100.9", 80), DROPPED, id="a load balancer's source ranges keep others out"),
    pytest.param(
        Packet(OUTSIDE, NODE, 30088),
        goes(LOCAL, REMOTE, masqueraded=True),
        id="source ranges are for the balancer's address, not for the node port",
    ),
    pytest.param(Packet(POD, "10.96.0.29", 80), goes(LOCAL), id="only terminating endpoints: they serve on"),
    pytest.param(Packet(POD, "10.96.0.30", 80), goes(REMOTE), id="a terminating endpoint among ready ones: not used"),
    pytest.param(Packet(POD, "10.96.0.31", 80), REJECTED, id="an endpoint that is not ready is none"),
    pytest.param(Packet(OUTSIDE, REMOTE, 8080), PASSES, id="straight to an endpoint"),
]
