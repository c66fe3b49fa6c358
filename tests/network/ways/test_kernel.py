"""Ways between nodes on real namespaces: each family over each way, changed while packets travel, mended by notices."""

import json
import socket
import threading
from contextlib import contextmanager

import pytest

from pyk8s.kernel.link.run import observe as observe_links
from pyk8s.kernel.netns.run import entered, set_sysctl
from pyk8s.kernel.route.run import observe as observe_routes
from pyk8s.network import agent, waykeeper
from pyk8s.network.ways.values import PROTOCOL
from pyk8s.network.ways.vxlan import PREFIXES, is_vtep, mac_of_vtep
from tests.kernel.spaces import inside
from tests.kernel.waiting import eventually
from tests.network.ground import FAMILIES, OUTSIDE, OUTSIDE6, answering, ask, ground

pytestmark = pytest.mark.kernel


def ours(node):
    return {route.destination: route for route in observe_routes(node.netns) if route.protocol == PROTOCOL}


def start(made, backend="host-gw"):
    """Two nodes that know each other, and have told where their VXLAN links are."""
    for node in made.nodes:
        if backend != "host-gw":
            node.choose(backend)
        for number in (1, 2):
            vtep = mac_of_vtep(f"n{number}") if backend == "vxlan" and number != node.number else ""
            node.create(number, vtep=vtep)
        node.start()
    for node in made.nodes:
        eventually(node.conflist.exists)
        eventually(lambda node=node: len(ours(node)) == len(FAMILIES[node.families]))


@pytest.mark.parametrize(("backend", "families", "mtu"), [
    ("host-gw", "6", 1450),
    ("host-gw", "46", 1450),
    ("vxlan", "4", 1400),
    ("vxlan", "6", 1380),
    ("vxlan", "46", 1380),
])  # fmt: skip
def test_pods_of_two_nodes_reach_each_other_as_themselves(tmp_path, backend, families, mtu):
    with ground(tmp_path, nodes=2, pods=2, families=families) as made:
        start(made, backend)
        first, second = (node.add_all("c", pod) for node, pod in zip(made.nodes, made.pods, strict=True))
        assert len(first) == len(FAMILIES[families])
        with answering(made.pods[1]), answering(made.outside):
            for here, there in zip(first, second, strict=True):
                assert ask(made.pods[0], there) == here
                ask(made.nodes[0].netns, there)
                world = OUTSIDE6 if ":" in here else OUTSIDE
                assert ask(made.pods[0], world) in made.nodes[0].config["nodeIP"].split(",")
        assert f"mtu {mtu}" in inside(made.pods[0], "ip", "link", "show", "eth0")
        vxlans = {link.name for link in observe_links(made.nodes[0].netns).values() if link.kind == "vxlan"}
        assert bool(vxlans) == (backend == "vxlan")


def test_nodes_on_two_links_find_each_other_through_vxlan(tmp_path):
    """No route leads from one to the other's pods before each has heard of the other's VXLAN link."""
    with ground(tmp_path, nodes=2, pods=2) as made:
        put_a_router_between(made)
        for node, other in (made.nodes, made.nodes[::-1]):
            node.choose("vxlan")
            node.create(node.number)
            node.create(other.number)
            node.start()
        for node, other in (made.nodes, made.nodes[::-1]):
            other.announced(node.number, eventually(node.vtep))
        for node in made.nodes:
            eventually(node.conflist.exists)
            eventually(lambda node=node: {route.device for route in ours(node).values()} == {"pyk8s.1"})
        first, second = (node.add("c", pod) for node, pod in zip(made.nodes, made.pods, strict=True))
        with answering(made.pods[1]):
            assert ask(made.pods[0], second) == first


def put_a_router_between(made):
    """Each node gets a link of its own to the one outside, who passes packets on."""
    inside(made.outside, "ip", "link", "del", "wire")
    set_sysctl("net/ipv4/ip_forward", "1", made.outside)
    for node in made.nodes:
        for words in (f"address add {OUTSIDE}/32 dev n{node.number}", f"route add {node.address} dev n{node.number}"):
            inside(made.outside, "ip", *words.split())
        for words in (
            "address flush dev eth0",
            f"address add {node.address}/32 dev eth0",
            f"route add {OUTSIDE} dev eth0",
            f"route add default via {OUTSIDE}",
        ):
            inside(node.netns, "ip", *words.split())


def test_full_packets_travel_whole_through_vxlan(tmp_path):
    with ground(tmp_path, nodes=2, pods=2, families="46") as made:
        start(made, "vxlan")
        targets = [node.add_all("c", pod) for node, pod in zip(made.nodes, made.pods, strict=True)][1]
        for address, headers in zip(targets, (28, 48), strict=True):
            assert datagram(*made.pods, address, 1380 - headers) == 1380 - headers
            with pytest.raises(OSError, match="Message too long"):
                datagram(*made.pods, address, 1380 - headers + 1)


def test_a_cluster_changes_its_way_and_nothing_is_lost_or_left(tmp_path, monkeypatch):
    monkeypatch.setattr(waykeeper, "LINGER_SECONDS", 0.2)
    with ground(tmp_path, nodes=2, pods=2, families="46") as made:
        start(made)
        targets = [node.add_all("c", pod) for node, pod in zip(made.nodes, made.pods, strict=True)][1]
        failures, ended, asked = [], threading.Event(), []

        def travel():
            while not ended.is_set():
                for address in targets:
                    try:
                        asked.append(ask(made.pods[0], address))
                    except OSError as why:
                        failures.append((address, why))

        with answering(made.pods[1]):
            traveller = threading.Thread(target=travel)
            traveller.start()
            try:
                _to_vxlan(made.nodes)
                _to_hostgw(made.nodes)
                seen = len(asked)
                eventually(lambda: len(asked) > seen + 20)
            finally:
                ended.set()
                traveller.join()
        assert failures == []
        for node in made.nodes:
            assert {"pyk8s.1", "pyk8s-v6.1"} & observe_links(node.netns).keys() == set()
            assert node.vtep() == ""
            assert {route.device for route in ours(node).values()} == {"eth0"}
            assert json.loads(node.conflist.read_bytes())["plugins"][0]["mtu"] == 1450


@pytest.mark.parametrize("families", ["4", "6"])
def test_a_stream_survives_the_change_though_its_packets_no_longer_fit(tmp_path, monkeypatch, families):
    """Pods of before the change send more at once than a VXLAN link carries, until they are told otherwise."""
    monkeypatch.setattr(waykeeper, "LINGER_SECONDS", 0.2)
    with ground(tmp_path, nodes=2, pods=2, families=families) as made:
        start(made)
        (target,) = [node.add_all("c", pod) for node, pod in zip(made.nodes, made.pods, strict=True)][1]
        with streaming(*made.pods, target) as arrived:
            for change in (_to_vxlan, _to_hostgw):
                change(made.nodes)
                before = arrived()
                eventually(lambda before=before: arrived() > before + (8 << 20))
                mtu = json.loads(made.nodes[0].conflist.read_bytes())["plugins"][0]["mtu"]
                for pod in made.pods:
                    eventually(lambda pod=pod, mtu=mtu: f"mtu {mtu}" in inside(pod, "ip", "link", "show", "eth0"))


@contextmanager
def streaming(source, target, address):
    """Bytes from one namespace to an address in the other, without an end; how many have arrived, which must be those
    that were sent."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with entered(target):
        listener = socket.create_server((address, 9000), family=family)
    with entered(source):
        sender = socket.socket(family)
    count, ended, chunk = [0], threading.Event(), bytes(range(256)) * 256
    failures = []

    def send():
        with sender:
            sender.settimeout(20)
            try:
                sender.connect((address, 9000))
                while not ended.is_set():
                    sender.sendall(chunk)
            except OSError as why:
                failures.append(why)

    def receive():
        with listener, listener.accept()[0] as caller:
            caller.settimeout(20)
            while part := caller.recv(1 << 16):
                if part[0] != count[0] % 256 or part[-1] != (count[0] + len(part) - 1) % 256:
                    failures.append(f"wrong bytes after {count[0]}")
                count[0] += len(part)

    threads = [threading.Thread(target=each) for each in (receive, send)]
    for thread in threads:
        thread.start()
    try:
        yield lambda: count[0]
    finally:
        ended.set()
        for thread in threads:
            thread.join()
    assert failures == []
    assert count[0] % len(chunk) == 0


def _to_vxlan(nodes):
    """One node after the other; what each tells reaches the other's API as a watch would bring it."""
    for node, other in (nodes, nodes[::-1]):
        node.choose("vxlan")
        mac = eventually(node.vtep)
        other.announced(node.number, mac)
    for node in nodes:
        wanted = {f"{PREFIXES[family]}1" for family in FAMILIES[node.families]}
        eventually(lambda node=node, wanted=wanted: {route.device for route in ours(node).values()} == wanted)


def _to_hostgw(nodes):
    for node, other in (nodes, nodes[::-1]):
        node.forget_choice()
        eventually(lambda node=node: not node.vtep())
        other.announced(node.number, "")
    for node in nodes:
        eventually(lambda node=node: not any(map(is_vtep, observe_links(node.netns).values())))


@pytest.mark.parametrize(("backend", "removals"), [
    ("host-gw", ["route del 10.244.2.0/24"]),
    ("host-gw", ["link del cni0"]),
    ("host-gw", ["link set eth0 down", "link set eth0 up"]),
    ("vxlan", ["route del 10.244.2.0/24"]),
    ("vxlan", ["link del pyk8s.1"]),
    ("vxlan", ["link set pyk8s.1 down"]),
    ("vxlan", ["neigh del 10.244.2.0 dev pyk8s.1"]),
])  # fmt: skip
def test_what_is_removed_by_hand_comes_back_at_once(tmp_path, monkeypatch, backend, removals):
    """By the kernel's notices alone: looking again by the clock is switched off."""
    monkeypatch.setattr(agent, "RESYNC_SECONDS", 3600.0)
    with ground(tmp_path, nodes=2, pods=2) as made:
        start(made, backend)
        first, second = (node.add("c", pod) for node, pod in zip(made.nodes, made.pods, strict=True))
        node = made.nodes[0]
        with answering(made.pods[1]):
            assert ask(made.pods[0], second) == first
            for words in removals:
                inside(node.netns, "ip", *words.split())
            assert eventually(lambda: reaches(made.pods[0], second)) == first


def test_forwarding_entries_that_are_removed_by_hand_come_back(tmp_path, monkeypatch):
    monkeypatch.setattr(agent, "RESYNC_SECONDS", 3600.0)
    with ground(tmp_path, nodes=2, pods=0) as made:
        start(made, "vxlan")
        node = made.nodes[0]
        mac = mac_of_vtep("n2")
        inside(node.netns, "bridge", "fdb", "del", mac, "dev", "pyk8s.1", "dst", "172.30.0.3")
        eventually(lambda: f"{mac} dst 172.30.0.3" in inside(node.netns, "bridge", "fdb", "show", "dev", "pyk8s.1"))


def datagram(source, target, address, size):
    """How long a datagram of `size` bytes, which nobody may cut in pieces, is where it arrives."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    level, option = (socket.IPPROTO_IPV6, 23) if ":" in address else (socket.IPPROTO_IP, 10)
    with entered(target):
        receiver = socket.socket(family, socket.SOCK_DGRAM)
    with entered(source):
        sender = socket.socket(family, socket.SOCK_DGRAM)
    with receiver, sender:
        receiver.settimeout(5)
        receiver.bind((address, 9000))
        sender.setsockopt(level, option, 2)  # IP_MTU_DISCOVER, IP_PMTUDISC_DO
        sender.sendto(b"x" * size, (address, 9000))
        return len(receiver.recv(65536))


def reaches(netns, address):
    try:
        return ask(netns, address)
    except OSError:
        return ""
