"""The loopback, which the kernel routes for node ports: nobody else gets at what listens there alone."""

import socket

import pytest

from pyk8s.kernel.iptables.run import Iptables
from pyk8s.kernel.netns.run import entered
from pyk8s.proxy.iptables.backend import Hands
from pyk8s.proxy.iptables.ruleset import Ruleset
from pyk8s.proxy.packet import Packet
from tests.kernel.spaces import inside
from tests.proxy.flows import OUTSIDE, SELF, intents, settings
from tests.proxy.world import world

pytestmark = pytest.mark.kernel


def datagrams(netns):
    with entered(netns):
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.settimeout(0.4)
    return made


@pytest.mark.parametrize("backend", ["nft", "legacy"])
def test_a_neighbour_that_routes_the_loopback_to_the_node_reaches_nothing_there(backend):
    with world() as made, datagrams(made.node) as private, datagrams(made.node) as own:
        neighbour = made.places[OUTSIDE]
        for route in ("127.0.0.0/8", "127.0.0.1"):
            inside(neighbour, "ip", "route", "del", "local", route, "dev", "lo", "table", "local")
        inside(neighbour, "ip", "route", "add", "127.0.0.0/8", "via", SELF)
        private.bind(("127.0.0.1", 0))

        def reached_by(caller):
            caller.sendto(b"x", private.getsockname())
            try:
                return private.recv(10) == b"x"
            except TimeoutError:
                return False

        with datagrams(neighbour) as caller:
            caller.bind((OUTSIDE, 0))
            assert reached_by(caller)
            hands, ruleset = Hands(Iptables(backend, 4, made.node)), Ruleset(settings())
            ruleset.change(intents())
            hands.run(ruleset.whole(hands.survey()))
        with datagrams(neighbour) as caller:
            caller.bind((OUTSIDE, 0))
            assert not reached_by(caller)
        assert reached_by(own)
        assert made.connect(Packet("127.0.0.1", "127.0.0.1", 30080)).what == "goes"
