"""The packet table, sent through real kernels by iptables rules: both backends, both families, every protocol."""

from itertools import product

import pytest

from pyk8s.kernel.iptables.run import Iptables
from pyk8s.proxy.iptables.ruleset import Ruleset
from tests.proxy.flows import intents, settings, table
from tests.proxy.sending import see
from tests.proxy.world import protocols, world

pytestmark = pytest.mark.kernel


@pytest.fixture(scope="module", params=product(("nft", "legacy"), (4, 6)), ids=lambda each: f"{each[0]}-{each[1]}")
def ground(request):
    """A world whose nodes have the rules of all services, whole and then service by service."""
    backend, family = request.param
    with world(family) as made:
        for node, netns in (("here", made.node), ("there", made.there)):
            rules, ruleset = Iptables(backend, family, netns), Ruleset(settings(family))
            held = [intents(family, protocol, node) for protocol in protocols()]
            every = {f"{key}-{number}": meaning for number, each in enumerate(held) for key, meaning in each.items()}
            ruleset.change(dict(list(every.items())[::2]))
            rules.run(ruleset.whole({name: rules.survey(name) for name in ("nat", "filter")}))
            rules.run(ruleset.change(every))
            assert ruleset.stands({name: rules.survey(name) for name in ("nat", "filter")})
        yield made


@pytest.mark.parametrize("protocol", protocols())
def test_every_packet_of_the_table(ground, protocol):
    seen = {row.id: see(ground, *row.values) for row in table(ground.family, protocol)}
    assert seen == {row.id: row.values[1] for row in table(ground.family, protocol)}
