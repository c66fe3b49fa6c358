"""The packet table, as the plan's own interpreter has it."""

from itertools import chain, product

import pytest

from pyk8s.proxy.packet import fates
from pyk8s.proxy.trace import trace
from tests.proxy.flows import GROUND, THERE_GROUND, ground, intents, journey, settings, table

EVERY = [row for family, protocol in product((4, 6), ("tcp", "udp", "sctp")) for row in table(family, protocol)]
GROUNDS = {"here": GROUND, "there": THERE_GROUND}


@pytest.mark.parametrize(("packet", "fate"), EVERY)
def test_flow(packet, fate):
    family = packet.family

    def interpreter(packet, node):
        held = chain.from_iterable(intents(family, packet.protocol, node).values())
        return fates(trace(held, packet, ground(family, GROUNDS[node]), settings(family)))

    assert journey(interpreter, packet) == fate
