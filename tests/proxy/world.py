"""A node, another node, two pods and somebody outside, as network namespaces, with programs that answer."""

import errno
import selectors
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

from pyk8s.kernel.link.run import run as run_links
from pyk8s.kernel.link.values import Add, AddAddress, Change, Link, Peer
from pyk8s.kernel.netns.run import entered, set_sysctl
from pyk8s.kernel.route.run import run as run_routes
from pyk8s.kernel.route.values import Put, Route
from pyk8s.proxy.packet import Fate, Packet, place
from tests.features import has_sctp
from tests.kernel.spaces import spaces
from tests.proxy.flows import (
    BRIDGE,
    BRIDGE_THERE,
    GUEST,
    IP,
    LOCAL,
    NODE,
    OTHER,
    OUTSIDE,
    POD,
    REMOTE,
    SELF,
    in_family,
)

PATIENCE = 0.4
"""Seconds after which a connection that is not answered counts as dropped."""

PORTS = (8080, 9090)
"""Where each endpoint answers."""

RECEIVE_ERRORS = {4: (socket.IPPROTO_IP, 11), 6: (socket.IPPROTO_IPV6, 25)}
"""The options IP_RECVERR and IPV6_RECVERR. Source: ip(7)."""

KINDS = {
    "tcp": (socket.SOCK_STREAM, socket.IPPROTO_TCP),
    "udp": (socket.SOCK_DGRAM, socket.IPPROTO_UDP),
    "sctp": (socket.SOCK_STREAM, socket.IPPROTO_SCTP),
}


def protocols() -> tuple[str, ...]:
    """Those that this kernel speaks; `tests.features` says aloud what is missing."""
    return tuple(KINDS) if has_sctp() else ("tcp", "udp")


class World:
    """Namespaces by the address of whoever lives there, of one address family."""

    def __init__(self, family: int, node: str, there: str, pod: str, local: str, remote: str, outside: str) -> None:
        self.family = family
        self.node = node
        self.there = there
        places = {POD: pod, LOCAL: local, REMOTE: remote, OUTSIDE: outside, GUEST: outside}
        self.places = {in_family(address, family): where for address, where in places.items()}

    def connect(self, packet: Packet) -> Fate:
        """Send `packet` for real, and tell what became of it."""
        with entered(self.places.get(packet.source, self.node)):
            caller = _socket(self.family, packet.protocol)
        with caller:
            caller.settimeout(PATIENCE)
            if packet.protocol == "sctp":  # or it would not hear of a refusal, which comes by ICMP
                caller.setsockopt(*RECEIVE_ERRORS[self.family], 1)
            try:
                caller.bind((packet.source, 0))
                caller.connect((packet.destination, packet.port))
                if packet.protocol == "udp":
                    with suppress(PermissionError):  # the kernel refused or dropped our own: the answer tells which
                        caller.send(b"who are you?")
                name, seen = caller.recv(100).decode().split()
            except ConnectionRefusedError:
                return Fate("rejected")
            except TimeoutError:
                return Fate("dropped")
            except OSError as why:
                if why.errno != errno.EHOSTUNREACH:
                    raise
                return Fate("unreachable")
        if name == place(packet.destination, packet.port):
            return Fate("passes")
        return Fate("goes", name, seen != packet.source)


def _socket(family: int, protocol: str) -> socket.socket:
    kind, number = KINDS[protocol]
    return socket.socket(socket.AF_INET if family == 4 else socket.AF_INET6, kind, number)


@contextmanager
def world(family: int = 4) -> Iterator[World]:
    """The world, with programs on PORTS of each endpoint that say their own name and whom they see."""
    with spaces(6) as (node, there, pod, local, remote, outside), ExitStack() as stack:
        for each in (node, there, pod, local, remote, outside):
            _prepare(each, family)
        _connect(family, node, there, pod, local, remote, outside)
        for address, where in ((LOCAL, local), (REMOTE, remote), (NODE, node)):
            stack.enter_context(_answering(in_family(address, family), where, family))
        yield World(family, node, there, pod, local, remote, outside)


def _prepare(netns: str, family: int) -> None:
    """Let a namespace forward, and answer every refusal: they are rate-limited otherwise, and a test that follows
    another looks dropped."""
    if family == 4:
        wanted = {"ip_forward": "1", "conf/all/route_localnet": "1", "icmp_ratelimit": "0"}
    else:
        # Addresses are good at once, not after a second of asking whether somebody has them.
        wanted = {"conf/all/accept_dad": "0", "conf/default/accept_dad": "0", "conf/all/forwarding": "1",
                  "icmp/ratelimit": "0"}  # fmt: skip
    for name, value in wanted.items():
        set_sysctl(f"net/ipv{family}/{name}", value, netns)
    if has_sctp():
        # SCTP forgets a refusal that comes while it still sends: the second packet must come before PATIENCE ends.
        for name, value in (("rto_min", "50"), ("rto_initial", "100")):
            set_sysctl(f"net/sctp/{name}", value, netns)


def _connect(family: int, node: str, there: str, pod: str, local: str, remote: str, outside: str) -> None:
    def range_(address: str) -> str:
        return f"{in_family(address, family)}/{24 if family == 4 else 64}"

    def one(address: str) -> str:
        return f"{in_family(address, family)}/{32 if family == 4 else 128}"

    def settle(where: str, address: str, gateway: str) -> None:
        run_links((Change("eth0", up=True), AddAddress("eth0", range_(address))), where)
        everything = "0.0.0.0/0" if family == 4 else "::/0"
        run_routes((Put(Route(everything, in_family(gateway, family))),), where)

    links = [Add(Link("cni0", "bridge")), AddAddress("cni0", range_(BRIDGE))]
    for name, where in (("pod", pod), ("local", local)):
        links += [Add(Link(name, "veth", master="cni0", peer=Peer("eth0", where))), Change(name, hairpin=True)]
    links += [Add(Link("peer", "veth", peer=Peer("eth0", there))), AddAddress("peer", range_(NODE))]
    links += [Add(Link("world", "veth", peer=Peer("eth0", outside))), AddAddress("world", range_(SELF))]
    run_links(tuple(links), node)
    settle(pod, POD, BRIDGE)
    settle(local, LOCAL, BRIDGE)
    settle(there, OTHER, NODE)
    run_links(
        (Add(Link("remote", "veth", peer=Peer("eth0", remote))), AddAddress("remote", range_(BRIDGE_THERE))), there
    )
    settle(remote, REMOTE, BRIDGE_THERE)
    settle(outside, OUTSIDE, SELF)
    run_links((AddAddress("eth0", one(GUEST)),), outside)
    # What the addresses of balancers stand for: somewhere beyond, so that they are routed at all.
    outer = [Put(Route(_net(each, family), in_family(OUTSIDE, family))) for each in (f"{IP}0", GUEST, "10.96.0.0")]
    run_routes((Put(Route(_net(REMOTE, family), in_family(OTHER, family))), *outer), node)
    set_sysctl(f"net/bridge/bridge-nf-call-ip{'' if family == 4 else '6'}tables", "1", node)


def _net(address: str, family: int) -> str:
    """The network that an address of the table is in."""
    if family == 4:
        return f"{address.rpartition('.')[0]}.0/24"
    return f"{in_family(address, 6).rpartition('::')[0]}::/64"


@contextmanager
def _answering(address: str, netns: str, family: int) -> Iterator[None]:
    """Programs on every port and protocol, all in one thread."""
    stop, stopped = socket.socketpair()
    with selectors.DefaultSelector() as chosen, ExitStack() as stack:
        stack.enter_context(stop)
        chosen.register(stack.enter_context(stopped), selectors.EVENT_READ)
        with entered(netns):
            for protocol in protocols():
                for port in PORTS:
                    listener = stack.enter_context(_socket(family, protocol))
                    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    listener.bind((address, port))
                    if protocol != "udp":
                        listener.listen(64)
                    chosen.register(listener, selectors.EVENT_READ, protocol)
        thread = threading.Thread(target=_serve, args=(chosen,))
        thread.start()
        try:
            yield
        finally:
            stop.send(b"x")
            thread.join()


def _serve(chosen: selectors.BaseSelector) -> None:
    while True:
        for key, _ in chosen.select():
            if key.data is None:
                return
            listener: socket.socket = key.fileobj  # type: ignore[assignment]
            name = place(*listener.getsockname()[:2])
            if key.data == "udp":
                _, seen = listener.recvfrom(100)
                listener.sendto(f"{name} {seen[0]}".encode(), seen)
                continue
            caller, seen = listener.accept()
            with caller:
                caller.sendall(f"{name} {seen[0]}".encode())
