"""What every `Connections` promises: the kernel's, in a namespace of the test, and the fake."""

import socket
from contextlib import contextmanager

import pytest

from pyk8s.kernel.conntrack.fake import FakeConntrack
from pyk8s.kernel.conntrack.run import Conntrack
from pyk8s.kernel.conntrack.values import Flow
from pyk8s.kernel.iptables.run import Iptables
from pyk8s.kernel.iptables.values import Append, Destination, DestinationPort, Dnat, Protocol, Rule
from pyk8s.kernel.link.run import run
from pyk8s.kernel.link.values import AddAddress
from pyk8s.kernel.netns.run import entered
from tests.kernel.spaces import spaces

ASKED, ANSWERER, BESIDE = ("127.9.0.1", 5300), ("127.9.0.2", 53), ("127.9.0.3", 53)


@contextmanager
def kernel():
    """A namespace in which a datagram to ASKED goes to ANSWERER, and two were sent."""
    with spaces(1) as (netns,):
        run((AddAddress("lo", "127.9.0.1/32"), AddAddress("lo", "127.9.0.2/32")), netns)
        to_asked = (Protocol("udp"), Destination("127.9.0.1/32"), DestinationPort("udp", 5300))
        Iptables("nft", netns=netns).run((Append("nat", "OUTPUT", Rule(to_asked, Dnat("127.9.0.2:53"))),))
        with entered(netns), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.bind(("127.0.0.1", 0))
            sender.sendto(b"x", ASKED)
            sender.sendto(b"x", BESIDE)
            yield Conntrack(netns), sender.getsockname()


@contextmanager
def fake():
    asker = ("127.0.0.1", 4444)
    yield FakeConntrack(Flow("udp", asker, ASKED, ANSWERER), Flow("udp", asker, BESIDE, BESIDE)), asker


@pytest.fixture(params=[pytest.param(kernel, marks=pytest.mark.kernel), fake], ids=["kernel", "fake"])
def tracked(request):
    with request.param() as made:
        yield made


def test_a_translated_connection_tells_who_answers(tracked):
    connections, asker = tracked
    assert Flow("udp", asker, ASKED, ANSWERER) in connections.observe("udp")
    assert Flow("udp", asker, BESIDE, BESIDE) in connections.observe("udp")
    assert connections.observe("tcp") == ()


def test_what_is_forgotten_is_gone_and_the_rest_stays(tracked):
    connections, asker = tracked
    stale = Flow("udp", asker, ASKED, ANSWERER)
    connections.forget([stale])
    connections.forget([stale])
    asked = {flow.asked for flow in connections.observe("udp")}
    assert ASKED not in asked
    assert BESIDE in asked
