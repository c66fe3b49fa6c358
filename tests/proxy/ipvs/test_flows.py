"""The packet table, walked over virtual servers, sets and rules as values."""

from functools import cache
from itertools import product

import pytest

from pyk8s.proxy.ipvs.ruleset import Ruleset
from pyk8s.proxy.ipvs.trace import trace
from pyk8s.proxy.packet import fates
from tests.proxy.flows import GROUND, PASSES, THERE_GROUND, ground, intents, journey, table
from tests.proxy.ipvs.node import fake_hands, served, settings, values

GROUNDS = {"here": GROUND, "there": THERE_GROUND}
EVERY = [row for family, protocol in product((4, 6), ("tcp", "udp", "sctp")) for row in table(family, protocol)]


@cache
def held(family, protocol, node):
    """What a kernel has that was given everything, and then every service once more as a difference."""
    kernel, ruleset = fake_hands(family), Ruleset(settings(family, node))
    meanings = intents(family, protocol, node)
    ruleset.change(meanings)
    kernel.run(ruleset.whole(kernel.survey()))
    for key, meaning in meanings.items():
        kernel.run(ruleset.change({key: ()}))
        kernel.run(ruleset.change({key: meaning}))
    assert ruleset.stands(kernel.survey())
    return values(kernel)


@pytest.mark.parametrize(("packet", "fate"), EVERY)
def test_flow(packet, fate):
    def walk(packet, node):
        return fates(trace(held(packet.family, packet.protocol, node), packet, ground(packet.family, GROUNDS[node])))

    assert journey(walk, packet) == served(packet, fate, PASSES)
