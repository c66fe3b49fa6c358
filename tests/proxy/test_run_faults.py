"""What a running proxy must not notice, or must mend: on real namespaces."""

import fcntl
import socket
import threading
from contextlib import contextmanager

import pytest

from pyk8s.kernel.netns.run import entered
from pyk8s.proxy.packet import Packet
from tests.kernel.running import inside_loop
from tests.kernel.spaces import inside
from tests.kernel.waiting import eventually
from tests.proxy.flows import LOCAL, OUTSIDE, POD, REMOTE, goes, in_family
from tests.proxy.running import SHOP_SERVICES, SHOP_SLICES, SLICE, Running
from tests.proxy.services import at, service_body, slice_body
from tests.proxy.world import world

pytestmark = pytest.mark.kernel

PACKET = Packet(POD, "10.96.0.20", 80)


@contextmanager
def at_work(family=4, **options):
    """A proxy on a world of one family, with the service "web"."""
    with world(family) as made, inside_loop(made.node) as loop:
        running = Running(made, loop, **options)
        try:
            running.create(SHOP_SERVICES, service_body("web", in_family("10.96.0.20", family), node_port=30080))
            yield running
        finally:
            running.stop()


def places(family, *addresses):
    return slice_body(
        "web",
        *(at(in_family(each, family), "here" if each == LOCAL else "there") for each in addresses),
        family=f"IPv{family}",
    )


class Callers:
    """Somebody who connects again and again, and somebody who stays connected; `errors` is what they met."""

    def __init__(self, made, packet):
        self._made, self._packet = made, packet
        self.errors, self.served, self._over = [], 0, threading.Event()
        self._thread = threading.Thread(target=self._call)

    def _call(self):
        while not self._over.is_set():
            fate = self._made.connect(self._packet)
            self.served += 1
            if fate.what != "goes":
                self.errors.append(fate)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join(30)


@contextmanager
def stream(made):
    """A long TCP connection from a pod through the service's second port to a program that echoes."""
    with entered(made.places[REMOTE]):
        listener = socket.create_server((REMOTE, 7070))

    def echo():
        caller, _ = listener.accept()
        with caller:
            while data := caller.recv(1000):
                caller.sendall(data)

    thread = threading.Thread(target=echo, daemon=True)
    thread.start()
    with entered(made.places[POD]):
        caller = socket.socket()
    caller.settimeout(10)
    with listener, caller:
        eventually(lambda: caller.connect_ex(("10.96.0.21", 81)) == 0)
        yield lambda: (caller.sendall(b"still there?"), caller.recv(100))[1]
    thread.join(10)


def test_calls_and_a_long_stream_survive_every_change_of_the_mode_and_a_restart():
    with at_work() as running:
        running.create(SHOP_SLICES, places(4, LOCAL, REMOTE))
        running.create(SHOP_SERVICES, service_body("long", "10.96.0.21", 81))
        running.create(SHOP_SLICES, slice_body("long", at(REMOTE, "there"), port=7070))
        eventually(lambda: running.world.connect(PACKET).what == "goes")
        running.configure("iptables", first=True)
        with stream(running.world) as ask, Callers(running.world, PACKET) as callers:
            assert ask() == b"still there?"
            for mode in ("nftables", "iptables", "nftables"):
                running.configure(mode)
                eventually(lambda mode=mode: has(running, "nftables") == (mode == "nftables"))
                eventually(lambda mode=mode: has(running, "iptables") == (mode == "iptables"))
                assert ask() == b"still there?"
            running.restart()
            running.update(SLICE, places(4, REMOTE))
            eventually(lambda: {running.world.connect(PACKET)} == goes(REMOTE))
            assert ask() == b"still there?"
        assert callers.errors == []
        assert callers.served > 100


def has(running, mode):
    """Whether anything of `mode` is in the kernel of the node."""
    if mode == "nftables":
        return "kube-proxy" in inside(running.world.node, "nft", "list", "tables")
    return "KUBE-" in inside(running.world.node, "iptables-nft-save")


def test_rules_that_are_flushed_by_hand_come_back(monkeypatch):
    monkeypatch.setattr("pyk8s.proxy.config.RESYNC_SECONDS", 0.2)
    with at_work() as running:
        running.create(SHOP_SLICES, places(4, LOCAL))
        for table in ("nat", "filter"):
            eventually(lambda: {running.world.connect(PACKET)} == goes(LOCAL))
            inside(running.world.node, "iptables-nft", "-t", table, "-F")
        eventually(lambda: {running.world.connect(PACKET)} == goes(LOCAL))
        eventually(lambda: "KUBE-FORWARD" in inside(running.world.node, "iptables-nft-save", "-t", "filter"))


@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("mode", ["iptables", "nftables"])
def test_a_udp_client_that_keeps_sending_follows_its_service(family, mode):
    """Without forgetting, its packets would go to the endpoint that is gone for as long as it sends."""
    udp = [{"name": "", "port": 8080, "protocol": "UDP"}]
    kind = socket.AF_INET if family == 4 else socket.AF_INET6

    def meaning(address):
        return places(family, address) | {"ports": udp}

    with at_work(family, mode=mode) as running:
        front = in_family("10.96.0.30", family)
        running.create(SHOP_SERVICES, service_body("dns", front, ports=[{"port": 53, "protocol": "UDP"}]))
        body = meaning(LOCAL)
        body["metadata"] = {"namespace": "shop", "name": "dns-1", "labels": {"kubernetes.io/service-name": "dns"}}
        running.create(SHOP_SLICES, body)
        with entered(running.world.places[in_family(POD, family)]):
            client = socket.socket(kind, socket.SOCK_DGRAM)
        with client:
            client.settimeout(0.1)

            def answerer():
                client.sendto(b"who?", (front, 53))
                try:
                    return client.recv(100).decode().split()[0]
                except (TimeoutError, ConnectionRefusedError):
                    return ""

            eventually(lambda: in_family(LOCAL, family) in answerer())
            body = meaning(REMOTE) | {"metadata": body["metadata"]}
            running.update(SHOP_SLICES.of("dns-1"), body)
            eventually(lambda: in_family(REMOTE, family) in answerer())


def test_a_cluster_of_ipv6_alone_has_all_of_it():
    with at_work(6) as running:
        running.create(SHOP_SLICES, places(6, LOCAL))
        packet = Packet(in_family(OUTSIDE, 6), "fd30::2", 30080)
        eventually(lambda: running.world.connect(packet).what == "goes")
        assert "KUBE-" not in inside(running.world.node, "iptables-nft-save")


@contextmanager
def locked(path):
    """Somebody else holds the xtables lock."""
    with open(path, "w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


@pytest.mark.parametrize("patience", [5, 1], ids=["shorter than the wait", "longer than the wait"])
def test_another_program_that_holds_the_lock_delays_and_loses_nothing(tmp_path, monkeypatch, patience):
    lock = tmp_path / "lock"
    monkeypatch.setenv("XTABLES_LOCKFILE", str(lock))
    monkeypatch.setattr("pyk8s.kernel.iptables.run.LOCK_SECONDS", patience)
    with at_work(iptablesBackend="legacy") as running:
        running.create(SHOP_SLICES, places(4, LOCAL))
        eventually(lambda: {running.world.connect(PACKET)} == goes(LOCAL))
        with locked(lock):
            running.update(SLICE, places(4, REMOTE))
            for _ in range(3 if patience == 1 else 1):
                assert {running.world.connect(PACKET) for _ in range(20)} == goes(LOCAL)
                threading.Event().wait(0.5)
        eventually(lambda: {running.world.connect(PACKET)} == goes(REMOTE))
