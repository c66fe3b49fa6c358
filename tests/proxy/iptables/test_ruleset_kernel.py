"""Differences and whole writes end in the same rules, also in real kernels: as iptables-save shows them."""

import random

import pytest

from pyk8s.kernel.iptables.run import Iptables
from pyk8s.proxy.iptables.backend import Hands
from pyk8s.proxy.iptables.ruleset import Ruleset
from tests.kernel.spaces import spaces
from tests.proxy.flows import intents, settings

pytestmark = pytest.mark.kernel


def some_changes(seed, family):
    """A sequence of changes of the table's services: they come, go, and mean what they mean elsewhere."""
    chance = random.Random(seed)
    meanings = [intents(family, protocol, node) for protocol in ("tcp", "udp", "sctp") for node in ("here", "there")]
    keys = list(meanings[0])
    for _ in range(12):
        chosen = chance.sample(keys, chance.randint(1, 12))
        yield {key: () if chance.random() < 0.3 else chance.choice(meanings)[key] for key in chosen}


@pytest.mark.parametrize("backend", ["nft", "legacy"])
@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("seed", [1, 2])
def test_any_sequence_of_differences_gives_the_rules_that_a_whole_write_gives(backend, family, seed):
    with spaces(2) as (step_by_step, at_once):
        hands, ruleset, held = Hands(Iptables(backend, family, step_by_step)), Ruleset(settings(family)), {}
        hands.run(ruleset.whole(hands.survey()))
        for change in some_changes(seed, family):
            if transaction := ruleset.change(change):
                hands.run(transaction)
            held |= change
            assert ruleset.stands(hands.survey())
        other, whole = Hands(Iptables(backend, family, at_once)), Ruleset(settings(family))
        whole.change(held)
        other.run(whole.whole(other.survey()))
        assert hands.rules.observe("nat", "filter") == other.rules.observe("nat", "filter")
        hands.run(ruleset.nothing(hands.survey()))
        assert not [name for each in hands.survey().values() for name in each.counts if name.startswith("KUBE-")]
