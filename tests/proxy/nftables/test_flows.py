"""The packet table, walked over a table of nftables as values."""

from functools import cache
from itertools import product

import pytest

from pyk8s.kernel.nftables.fake import FakeNftables
from pyk8s.proxy.nftables.ruleset import Ruleset
from pyk8s.proxy.nftables.trace import trace
from pyk8s.proxy.packet import fates
from tests.proxy.flows import GROUND, THERE_GROUND, ground, intents, journey, settings, table

EVERY = [row for family, protocol in product((4, 6), ("tcp", "udp", "sctp")) for row in table(family, protocol)]
GROUNDS = {"here": GROUND, "there": THERE_GROUND}


@cache
def held(family, protocol, node):
    """The table of a kernel that was given everything, and then every service once more as a difference."""
    kernel, ruleset = FakeNftables("ip" if family == 4 else "ip6"), Ruleset(settings(family))
    meanings = intents(family, protocol, node)
    ruleset.change(meanings)
    kernel.run(ruleset.whole(kernel.survey()))
    for key, meaning in meanings.items():
        kernel.run(ruleset.change({key: ()}))
        kernel.run(ruleset.change({key: meaning}))
    return kernel.observe()


@pytest.mark.parametrize(("packet", "fate"), EVERY)
def test_flow(packet, fate):
    def walk(packet, node):
        table = held(packet.family, packet.protocol, node)
        return fates(trace(table, packet, ground(packet.family, GROUNDS[node])))

    assert journey(walk, packet) == fate
