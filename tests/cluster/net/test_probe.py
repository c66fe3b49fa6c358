"""A real packet: what is said of what came of it."""

import socket
import threading

import pytest

from pyk8s.cluster.net import probe
from pyk8s.kernel.errors import Absent, Unsupported
from pyk8s.kernel.iptables.run import Iptables
from pyk8s.kernel.iptables.values import DROP, Append, Destination, Rule
from pyk8s.kernel.iptables.values import Protocol as OfProtocol
from pyk8s.kernel.netns.run import entered
from pyk8s.proxy.packet import Packet
from tests.features import has_sctp
from tests.kernel.spaces import spaces

pytestmark = pytest.mark.kernel


@pytest.fixture
def netns():
    with spaces(1) as (made,):
        yield made


def to(port, protocol="tcp", address="127.0.0.1", source="127.0.0.1"):
    return Packet(source, address, port, protocol)


def test_who_listens_answers_and_who_does_not_refuses(netns):
    with entered(netns):
        listener = socket.create_server(("127.0.0.1", 7000))
    with listener:
        assert probe.send(to(7000), netns) == "answered"
        assert probe.send(to(7001), netns) == "refused"
        assert probe.send(to(7001, "udp"), netns) == "refused"


def test_udp_is_answered_or_only_sent(netns, monkeypatch):
    monkeypatch.setattr(probe, "SECONDS", 0.2)
    with entered(netns):
        listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        listener.bind(("127.0.0.1", 7000))
    with listener:
        assert probe.send(to(7000, "udp"), netns).startswith("sent; nobody answered")
        listener.recvfrom(100)

        def answer():
            listener.sendto(b"here", listener.recvfrom(100)[1])

        thread = threading.Thread(target=answer)
        thread.start()
        assert probe.send(to(7000, "udp"), netns) == "answered"
        thread.join()


def test_a_packet_that_is_dropped_is_not_answered(netns, monkeypatch):
    monkeypatch.setattr(probe, "SECONDS", 0.2)
    dropped = Rule((OfProtocol("tcp"), Destination("127.0.0.9/32")), DROP)
    Iptables("nft", netns=netns).run((Append("filter", "INPUT", dropped),))
    assert probe.send(to(7000, address="127.0.0.9"), netns) == "no answer"


def test_a_packet_that_cannot_leave_is_said_not_to_be_sent(netns):
    assert probe.send(to(7000, address="192.0.2.1", source="0.0.0.0"), netns) == "not sent: Network is unreachable"
    assert probe.send(to(7000, source="192.0.2.7"), netns).startswith("not sent: Cannot assign")


def test_a_namespace_that_is_not_there_is_told():
    with pytest.raises(Absent):
        probe.send(to(7000), "/run/netns/pyk8s-test-nowhere")


def test_sctp_is_spoken_or_said_to_be_missing(netns):
    if has_sctp():
        assert probe.send(to(7000, "sctp"), netns) == "refused"
        return
    with pytest.raises(Unsupported, match="speaks no sctp"):
        probe.send(to(7000, "sctp"), netns)
