"""The packet table, walked over iptables rules as values."""

from functools import cache
from itertools import product

import pytest

from pyk8s.kernel.iptables.fake import FakeIptables
from pyk8s.proxy.iptables.ruleset import Ruleset
from pyk8s.proxy.iptables.trace import trace
from pyk8s.proxy.packet import fates
from tests.proxy.flows import GROUND, THERE_GROUND, ground, intents, journey, settings, table

EVERY = [row for family, protocol in product((4, 6), ("tcp", "udp", "sctp")) for row in table(family, protocol)]
GROUNDS = {"here": GROUND, "there": THERE_GROUND}


@cache
def tables(family, protocol, node):
    """The tables of a kernel that was given everything, and then every service once more as a difference."""
    kernel, ruleset = FakeIptables(), Ruleset(settings(family))
    held = intents(family, protocol, node)
    ruleset.change(held)
    kernel.run(ruleset.whole({table: kernel.survey(table) for table in ("nat", "filter")}))
    for key, meaning in held.items():
        kernel.run(ruleset.change({key: ()}))
        kernel.run(ruleset.change({key: meaning}))
    return kernel.tables


@pytest.mark.parametrize(("packet", "fate"), EVERY)
def test_flow(packet, fate):
    def walk(packet, node):
        rules = tables(packet.family, packet.protocol, node)
        return fates(trace(rules, packet, ground(packet.family, GROUNDS[node])))

    assert journey(walk, packet) == fate
