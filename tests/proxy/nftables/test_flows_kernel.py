"""The packet table, sent through real kernels by a table of nftables: both families, every protocol."""

import pytest

from pyk8s.kernel.nftables.run import Nftables
from pyk8s.proxy.nftables.names import TABLE
from pyk8s.proxy.nftables.ruleset import Ruleset
from tests.proxy.flows import intents, settings, table
from tests.proxy.sending import see
from tests.proxy.world import protocols, world

pytestmark = pytest.mark.kernel


@pytest.fixture(scope="module", params=(4, 6), ids=lambda family: f"ipv{family}")
def ground(request):
    """A world whose nodes have the rules of all services, whole and then service by service."""
    family = request.param
    with world(family) as made:
        for node, netns in (("here", made.node), ("there", made.there)):
            rules, ruleset = Nftables(TABLE, "ip" if family == 4 else "ip6", netns), Ruleset(settings(family))
            held = [intents(family, protocol, node) for protocol in protocols()]
            every = {f"{key}-{number}": meaning for number, each in enumerate(held) for key, meaning in each.items()}
            ruleset.change(dict(list(every.items())[::2]))
            rules.run(ruleset.whole(rules.survey()))
            rules.run(ruleset.change(every))
            assert ruleset.stands(rules.survey())
            rules.close()
        yield made


@pytest.mark.parametrize("protocol", protocols())
def test_every_packet_of_the_table(ground, protocol):
    seen = {row.id: see(ground, *row.values) for row in table(ground.family, protocol)}
    assert seen == {row.id: row.values[1] for row in table(ground.family, protocol)}
