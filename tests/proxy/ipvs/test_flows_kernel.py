"""The packet table, sent through real kernels by virtual servers: both families, every protocol."""

import pytest

from pyk8s.proxy.ipvs.backend import open_hands, prepare
from pyk8s.proxy.ipvs.ruleset import Ruleset
from tests.kernel.balancer import needs_ipvs
from tests.proxy.flows import REJECTED, intents, table
from tests.proxy.ipvs.node import served, settings
from tests.proxy.sending import see
from tests.proxy.world import protocols, world

WAYS = [("nft", 4), ("nft", 6), ("legacy", 4)]
"""Of the rules, which are always the same, `test_backend` has every backend and family."""

pytestmark = [pytest.mark.kernel, needs_ipvs]


@pytest.fixture(scope="module", params=WAYS, ids=lambda each: f"{each[0]}-{each[1]}")
def ground(request):
    """A world whose nodes have what all services need, whole and then service by service."""
    backend, family = request.param
    with world(family) as made:
        for node, netns in (("here", made.node), ("there", made.there)):
            held = [intents(family, protocol, node) for protocol in protocols()]
            every = {f"{key}-{number}": meaning for number, each in enumerate(held) for key, meaning in each.items()}
            hands, ruleset = open_hands(settings(family, node), backend, netns), Ruleset(settings(family, node))
            prepare(hands, settings(family, node), netns)
            ruleset.change(dict(list(every.items())[::2]))
            hands.run(ruleset.whole(hands.survey()))
            hands.run(ruleset.change(every))
            assert ruleset.stands(hands.survey())
        yield made


@pytest.mark.parametrize("protocol", protocols())
def test_every_packet_of_the_table(ground, protocol):
    rows = {row.id: (row.values[0], served(*row.values, REJECTED)) for row in table(ground.family, protocol)}
    seen = {name: see(ground, packet, fate) for name, (packet, fate) in rows.items()}
    assert seen == {name: fate for name, (_, fate) in rows.items()}
