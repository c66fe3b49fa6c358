"""The packet table, sent through a real kernel, on both backends."""

import pytest

from pyk8s.kernel.iptables.run import Iptables
from pyk8s.proxy.iptables.ruleset import Ruleset
from pyk8s.proxy.plan import Settings
from tests.proxy.flows import CLUSTER, FLOWS, INTENTS
from tests.proxy.world import world

pytestmark = pytest.mark.kernel

TRIES = 24
"""Connections to see every endpoint of two: the chance to miss one is 1 in 8 million."""


@pytest.fixture(scope="module", params=["nft", "legacy"])
def ground(request):
    """A world whose node has the rules of all services, whole and then service by service."""
    with world() as made:
        rules, ruleset = Iptables(request.param, netns=made.node), Ruleset(Settings(cluster_ranges=(CLUSTER,)))
        half = dict(list(INTENTS.items())[::2])
        ruleset.change(half)
        rules.run(ruleset.whole({table: rules.survey(table) for table in ("nat", "filter")}))
        for key, intents in INTENTS.items():
            rules.run(ruleset.change({key: intents}))
        assert ruleset.stands({table: rules.survey(table) for table in ("nat", "filter")})
        yield made


@pytest.mark.parametrize(("packet", "fate"), FLOWS)
def test_flow(ground, packet, fate):
    tries = TRIES if len(fate) > 1 else 2
    assert {ground.connect(packet) for _ in range(tries)} == fate
