"""A node, another node, two pods and somebody outside, as network namespaces, with programs that answer."""

import errno
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from pyk8s.kernel.link.run import run as run_links
from pyk8s.kernel.link.values import Add, AddAddress, Change, Link, Peer
from pyk8s.kernel.netns.run import entered, set_sysctl
from pyk8s.kernel.route.run import run as run_routes
from pyk8s.kernel.route.values import Put, Route
from pyk8s.proxy.packet import Fate, Packet
from tests.kernel.spaces import spaces
from tests.proxy.flows import LOCAL, OUTSIDE, POD, REMOTE

PATIENCE = 0.4
"""Seconds after which a connection that is not answered counts as dropped."""


class World:
    """Namespaces by the address of whoever lives there."""

    def __init__(self, node: str, there: str, pod: str, local: str, outside: str) -> None:
        self.node = node
        self.places = {POD: pod, LOCAL: local, OUTSIDE: outside}
        self.there = there

    def connect(self, packet: Packet) -> Fate:
        """Send `packet` for real, and tell what became of it."""
        with entered(self.places.get(packet.source, self.node)):
            caller = socket.socket()
        with caller:
            caller.settimeout(PATIENCE)
            try:
                caller.bind((packet.source, 0))
                caller.connect((packet.destination, packet.port))
                name, seen = caller.recv(100).decode().split()
            except ConnectionRefusedError:
                return Fate("rejected")
            except TimeoutError:
                return Fate("dropped")
            except OSError as why:
                if why.errno != errno.EHOSTUNREACH:
                    raise
                return Fate("unreachable")
        if name == f"{packet.destination}:{packet.port}":
            return Fate("passes")
        return Fate("goes", name, seen != packet.source)


@contextmanager
def world() -> Iterator[World]:
    """The world, with a program on port 8080 of each endpoint that says its own name and whom it sees."""
    with spaces(5) as (node, there, pod, local, outside), ExitStack() as stack:
        _connect(node, there, pod, local, outside)
        for address, place in ((LOCAL, local), (REMOTE, there)):
            stack.enter_context(_answering(address, place))
        yield World(node, there, pod, local, outside)


def _connect(node: str, there: str, pod: str, local: str, outside: str) -> None:
    links = [Add(Link("cni0", "bridge")), AddAddress("cni0", "10.244.0.1/24")]
    for name, place in (("pod", pod), ("local", local)):
        links += [Add(Link(name, "veth", master="cni0", peer=Peer("eth0", place))), Change(name, hairpin=True)]
    links += [Add(Link("peer", "veth", peer=Peer("eth0", there))), AddAddress("peer", "172.30.0.2/24")]
    links += [Add(Link("world", "veth", peer=Peer("eth0", outside))), AddAddress("world", "203.0.113.1/24")]
    run_links(tuple(links), node)
    _settle(pod, f"{POD}/24", "10.244.0.1")
    _settle(local, f"{LOCAL}/24", "10.244.0.1")
    _settle(there, "172.30.0.3/24", "172.30.0.2")
    _settle(outside, f"{OUTSIDE}/24", "203.0.113.1")
    run_links((AddAddress("lo", f"{REMOTE}/32"),), there)
    run_routes((Put(Route("10.244.1.0/24", "172.30.0.3")),), node)
    # What the addresses of balancers stand for: somewhere beyond, so that they are routed at all.
    run_routes((Put(Route("198.51.100.0/24", OUTSIDE)), Put(Route("10.96.0.0/16", OUTSIDE))), node)
    # Refusals are rate-limited otherwise, and a test that follows another looks dropped.
    for name, value in (("ip_forward", "1"), ("conf/all/route_localnet", "1"), ("icmp_ratelimit", "0")):
        set_sysctl(f"net/ipv4/{name}", value, node)
    set_sysctl("net/bridge/bridge-nf-call-iptables", "1", node)


def _settle(place: str, address: str, gateway: str) -> None:
    run_links((Change("eth0", up=True), AddAddress("eth0", address)), place)
    run_routes((Put(Route("0.0.0.0/0", gateway)),), place)


@contextmanager
def _answering(address: str, place: str) -> Iterator[None]:
    with entered(place):
        listener = socket.create_server((address, 8080))

    def answer() -> None:
        while True:
            try:
                caller, (seen, _) = listener.accept()
            except OSError:
                return
            with caller:
                caller.sendall(f"{address}:8080 {seen}".encode())

    thread = threading.Thread(target=answer)
    thread.start()
    try:
        yield
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
        listener.close()
