"""The whole proxy on real namespaces, fed by an API in memory."""

import socket
import time

import pytest

from pyk8s.kernel.iptables.run import Iptables
from pyk8s.kernel.iptables.values import Put
from pyk8s.kernel.netns.run import entered
from pyk8s.proxy.packet import Fate, Packet
from tests.kernel.running import inside_loop
from tests.kernel.waiting import eventually
from tests.proxy.flows import LOCAL, NODE, OUTSIDE, POD, REMOTE, goes
from tests.proxy.running import SHOP_SERVICES, SHOP_SLICES, SLICE, Running
from tests.proxy.services import at, service_body, slice_body
from tests.proxy.world import world

pytestmark = pytest.mark.kernel

PACKET = Packet(POD, "10.96.0.20", 80)


@pytest.fixture(params=["nft", "legacy"])
def running(request):
    with world() as made, inside_loop(made.node) as loop:
        running = Running(made, loop, iptablesBackend=request.param)
        yield running
        running.stop()


def test_a_service_lives_changes_and_goes(running):
    connect = running.world.connect
    running.create(SHOP_SERVICES, service_body("web", "10.96.0.20", node_port=30080))
    eventually(lambda: connect(PACKET) == Fate("rejected"))
    running.create(SHOP_SLICES, slice_body("web", at(LOCAL)))
    eventually(lambda: {connect(PACKET)} == goes(LOCAL))
    running.update(SLICE, slice_body("web", at(REMOTE, "there")))
    eventually(lambda: {connect(PACKET)} == goes(REMOTE))
    assert {connect(Packet(OUTSIDE, NODE, 30080))} == goes(REMOTE, masqueraded=True)
    running.delete(SHOP_SERVICES.of("web"))
    eventually(lambda: connect(PACKET).what != "goes")
    rules = Iptables(running.backend, netns=running.world.node)
    eventually(lambda: not [name for name in rules.survey("nat").counts if name.startswith("KUBE-SVC-")])


def test_who_tries_again_and_again_is_answered_every_time(running):
    """By ICMP the kernel would fall silent after fifty, and the client would wait a second before it tries again."""
    running.create(SHOP_SERVICES, service_body("web", "10.96.0.20", node_port=30080))
    for packet in (PACKET, Packet(OUTSIDE, NODE, 30080)):
        eventually(lambda packet=packet: running.world.connect(packet) == Fate("rejected"))
        assert [running.world.connect(packet).what for _ in range(100)] == ["rejected"] * 100


def test_an_endpoint_that_is_ready_is_in_the_kernel_at_once(running):
    """From the event to the rule; 50 ms is what a Service has, this bound allows for a busy machine."""
    running.create(SHOP_SERVICES, service_body("web", "10.96.0.20"))
    running.create(SHOP_SLICES, slice_body("web", at(REMOTE, "there")))
    eventually(lambda: {running.world.connect(PACKET)} == goes(REMOTE))
    taken = []
    for endpoint in (at(LOCAL), at(REMOTE, "there")) * 5:
        started = time.perf_counter()
        running.update(SLICE, slice_body("web", endpoint))
        wanted = goes(endpoint["addresses"][0])
        eventually(lambda wanted=wanted: {running.world.connect(PACKET)} == wanted)
        taken.append(time.perf_counter() - started)
    assert sorted(taken)[len(taken) // 2] < 0.25


def test_a_client_with_affinity_stays_where_it_is(running):
    running.create(SHOP_SERVICES, service_body("web", "10.96.0.20", sessionAffinity="ClientIP"))
    running.create(SHOP_SLICES, slice_body("web", at(LOCAL), at(REMOTE, "there")))
    eventually(lambda: running.world.connect(PACKET).what == "goes")
    assert len({running.world.connect(PACKET) for _ in range(20)}) == 1


def test_rules_that_were_flushed_by_hand_are_written_by_the_next_proxy(running):
    running.create(SHOP_SERVICES, service_body("web", "10.96.0.20"))
    running.create(SHOP_SLICES, slice_body("web", at(LOCAL)))
    eventually(lambda: {running.world.connect(PACKET)} == goes(LOCAL))
    running.stop()
    Iptables(running.backend, netns=running.world.node).run((Put("nat", "KUBE-SERVICES", ()),))
    assert running.world.connect(PACKET).what != "goes"
    again = Running(running.world, running.loop, iptablesBackend=running.backend)
    again.create(SHOP_SERVICES, service_body("web", "10.96.0.20"))
    again.create(SHOP_SLICES, slice_body("web", at(LOCAL)))
    eventually(lambda: {running.world.connect(PACKET)} == goes(LOCAL))
    again.stop()


def test_a_udp_client_that_keeps_sending_follows_its_service(running):
    """Without forgetting, its packets would go to the endpoint that is gone for as long as it sends."""
    udp = [{"name": "", "port": 5353, "protocol": "UDP"}]
    ports = [{"port": 53, "protocol": "UDP"}]
    running.create(SHOP_SERVICES, service_body("web", "10.96.0.20", ports=ports))
    running.create(SHOP_SLICES, slice_body("web", at(LOCAL), ports=udp))
    made = running.world
    with entered(made.places[LOCAL]):
        local = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with entered(made.places[REMOTE]):
        remote = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with entered(made.places[POD]):
        client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with local, remote, client:
        local.bind((LOCAL, 5353))
        remote.bind((REMOTE, 5353))
        for receiver in (local, remote):
            receiver.settimeout(0.05)
        client.bind((POD, 0))

        def arrives_at(receiver):
            client.sendto(b"x", ("10.96.0.20", 53))
            try:
                return receiver.recvfrom(10)[1] == client.getsockname()
            except TimeoutError:
                return False

        eventually(lambda: arrives_at(local))
        running.update(SLICE, slice_body("web", at(REMOTE, "there"), ports=udp))
        eventually(lambda: arrives_at(remote))


def test_health_is_told_over_http(running):
    def ask():
        with entered(running.world.node):
            caller = socket.socket()
        with caller:
            caller.settimeout(5)
            try:
                caller.connect(("127.0.0.1", 10256))
            except ConnectionRefusedError:
                return b""
            caller.sendall(b"GET /healthz HTTP/1.1\r\n\r\n")
            return caller.recv(4096)

    eventually(lambda: ask().startswith(b"HTTP/1.1 200 OK"))
