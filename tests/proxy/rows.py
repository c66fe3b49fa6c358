"""The rows of the packet table: who asks for what, and what becomes of it. See `tests.proxy.flows`."""

from pyk8s.proxy.packet import Packet
from tests.proxy.flows import (
    DROPPED,
    GUEST,
    IP,
    LOCAL,
    NODE,
    OTHER,
    OUTSIDE,
    PASSES,
    POD,
    REJECTED,
    REMOTE,
    SELF,
    Flow,
    goes,
)

ANY = goes(LOCAL, REMOTE)
AS_NODE = goes(LOCAL, REMOTE, masqueraded=True)


def row(text, source, destination, port, fate, **only):
    return Flow(text, Packet(source, destination, port), fate, **only)


def cluster(number):
    return f"10.96.0.{number}"


CLUSTER_IPS = [
    row("a pod reaches a service as itself", POD, cluster(20), 80, ANY),
    row(
        "an endpoint reaches itself through its service",
        LOCAL,
        cluster(20),
        80,
        goes(REMOTE) | goes(LOCAL, masqueraded=True),
    ),
    row("the node reaches a service", SELF, cluster(20), 80, AS_NODE),
    row("somebody outside who knows the cluster IP", OUTSIDE, cluster(20), 80, AS_NODE),
    row("a port that the service has not", POD, cluster(20), 81, REJECTED),
    row("a port that the service has not, from the node", SELF, cluster(20), 81, REJECTED),
    row("no endpoints, from a pod", POD, cluster(23), 80, REJECTED),
    row("no endpoints, from the node", SELF, cluster(23), 80, REJECTED),
    row("no endpoints, from outside", OUTSIDE, cluster(23), 80, REJECTED),
    row("an endpoint that is the node itself", POD, cluster(49), 80, goes(NODE)),
    row("internal Local: this node's endpoints only", POD, cluster(24), 80, goes(LOCAL)),
    row("internal Local: the node has no others either", SELF, cluster(24), 80, goes(LOCAL, masqueraded=True)),
    row("internal Local without a local endpoint: dropped", POD, cluster(25), 80, DROPPED),
    row("internal Local without a local endpoint, from the node", SELF, cluster(25), 80, DROPPED),
    row("internal Local: an endpoint that is not ready is none", POD, cluster(45), 80, DROPPED),
    row("external Local means nothing to a cluster IP", POD, cluster(22), 80, goes(REMOTE)),
    row("only terminating endpoints: they serve on", POD, cluster(29), 80, goes(LOCAL)),
    row("a terminating endpoint among ready ones: not used", POD, cluster(30), 80, goes(REMOTE)),
    row("a terminating endpoint that serves no more is none", POD, cluster(37), 80, REJECTED),
    row("an endpoint that is not ready is none", POD, cluster(31), 80, REJECTED),
    row("hints: the endpoint of this zone", POD, cluster(38), 80, goes(LOCAL)),
    row("hints that not every endpoint has mean nothing", POD, cluster(39), 80, ANY),
    row("hints for other zones only mean nothing", POD, cluster(40), 80, ANY),
    row("hints for nodes come before those for zones", POD, cluster(41), 80, goes(LOCAL)),
    row("one of several ports", POD, cluster(42), 80, ANY),
    row("another of several ports, by name", POD, cluster(42), 81, goes(LOCAL, REMOTE, port=9090)),
    row("slices of two makers that overlap", POD, cluster(43), 80, ANY),
    row("a headless service: straight to an endpoint there", POD, REMOTE, 8080, PASSES),
    row("a headless service: straight to an endpoint here", POD, LOCAL, 8080, PASSES),
    row("straight to an endpoint, from outside", OUTSIDE, REMOTE, 8080, PASSES),
    row("straight to an endpoint, from the node", SELF, LOCAL, 8080, PASSES),
]

NODE_PORTS = [
    row("a node port, from outside", OUTSIDE, NODE, 30080, AS_NODE),
    row("a node port, from a pod", POD, NODE, 30080, AS_NODE),
    row("a node port, from the node itself", SELF, NODE, 30080, AS_NODE),
    row("a node port, at another address of the node", OUTSIDE, SELF, 30080, AS_NODE),
    row("a node port of the other node, from outside", OUTSIDE, OTHER, 30080, AS_NODE),
    row("a node port of the other node, from a pod", POD, OTHER, 30080, AS_NODE),
    row("a node port of the other node, from this node", SELF, OTHER, 30080, AS_NODE),
    row("external Local: the client keeps its address", OUTSIDE, NODE, 30081, goes(LOCAL)),
    row("external Local: a pod has all endpoints", POD, NODE, 30081, ANY),
    row("external Local: the node has all endpoints", SELF, NODE, 30081, AS_NODE),
    row("external Local on the other node: its endpoint", OUTSIDE, OTHER, 30081, goes(REMOTE)),
    row("external Local without a local endpoint: dropped", OUTSIDE, NODE, 30082, DROPPED),
    row("external Local without a local endpoint, from a pod", POD, NODE, 30082, goes(REMOTE)),
    row("external Local without one, from the node", SELF, NODE, 30082, goes(REMOTE, masqueraded=True)),
    row("external Local where the endpoint is", OUTSIDE, OTHER, 30082, goes(REMOTE)),
    row("external Local: the last one here, that terminates", OUTSIDE, NODE, 30096, goes(LOCAL)),
    row("external Local: pods use the ready one elsewhere", POD, NODE, 30096, goes(REMOTE)),
    row("no endpoints behind a node port", OUTSIDE, NODE, 30083, REJECTED),
    row("no endpoints behind a node port, from a pod", POD, NODE, 30083, REJECTED),
    row("no endpoints behind a node port, from the node", SELF, NODE, 30083, REJECTED),
    row("both policies Local: from outside", OUTSIDE, NODE, 30106, goes(LOCAL)),
    row("both policies Local: the cluster IP", POD, cluster(46), 80, goes(LOCAL)),
    row("external Local does not ask for hints", OUTSIDE, NODE, 30107, goes(LOCAL)),
    row("an endpoint that is the node itself, from outside", OUTSIDE, NODE, 30109, goes(NODE)),
    row("an endpoint that is the other node", OUTSIDE, OTHER, 30109, goes(NODE, masqueraded=True)),
    row("the balancer's ranges are not for the node port", OUTSIDE, NODE, 30088, AS_NODE),
]

OUTER_ADDRESSES = [
    row("an external IP, from outside", OUTSIDE, f"{IP}7", 80, AS_NODE),
    row("an external IP, from a pod", POD, f"{IP}7", 80, AS_NODE),
    row("an external IP, from the node", SELF, f"{IP}7", 80, AS_NODE),
    row("no endpoints behind an external IP", OUTSIDE, f"{IP}3", 80, REJECTED),
    row("no endpoints behind an external IP, from a pod", POD, f"{IP}3", 80, REJECTED),
    row("an external IP with external Local, from outside", OUTSIDE, f"{IP}13", 80, goes(LOCAL)),
    row("an external IP with external Local, from a pod", POD, f"{IP}13", 80, ANY),
    row("a load balancer's address, from outside", OUTSIDE, f"{IP}8", 80, AS_NODE),
    row("a load balancer's address, from a pod", POD, f"{IP}8", 80, AS_NODE),
    row("a load balancer's address, from the node", SELF, f"{IP}8", 80, AS_NODE),
    row("a load balancer with external Local, from outside", OUTSIDE, f"{IP}10", 80, goes(LOCAL)),
    row("a load balancer with external Local, from a pod", POD, f"{IP}10", 80, ANY),
    row("a load balancer with external Local, from the node", SELF, f"{IP}10", 80, AS_NODE),
    row("a load balancer with external Local and none here", OUTSIDE, f"{IP}11", 80, DROPPED),
    row("a load balancer with external Local, none here, a pod", POD, f"{IP}11", 80, goes(REMOTE)),
    row("source ranges keep others out", OUTSIDE, f"{IP}9", 80, DROPPED),
    row("source ranges keep pods out", POD, f"{IP}9", 80, DROPPED),
    row("source ranges keep the node out", SELF, f"{IP}9", 80, DROPPED),
    row("source ranges let in whom they hold", GUEST, f"{IP}9", 80, AS_NODE),
    row("source ranges with external Local", GUEST, f"{IP}15", 80, goes(LOCAL)),
    row("source ranges with external Local keep others out", OUTSIDE, f"{IP}15", 80, DROPPED),
    row("no endpoints behind source ranges: refused all the same", OUTSIDE, f"{IP}12", 80, REJECTED),
]

AT_LOOPBACK = [
    row("a node port, on the node's loopback", "127.0.0.1", "127.0.0.1", 30080, AS_NODE, families=(4,)),
    row("external Local, on the node's loopback", "127.0.0.1", "127.0.0.1", 30081, AS_NODE, families=(4,)),
]

ROWS = CLUSTER_IPS + NODE_PORTS + OUTER_ADDRESSES + AT_LOOPBACK
