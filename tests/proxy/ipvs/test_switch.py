"""From ipvs to iptables and back, in one kernel of fakes: nothing is left of the mode before."""

import pytest

from pyk8s.proxy.iptables.backend import TABLES
from pyk8s.proxy.iptables.ruleset import SHARED
from pyk8s.proxy.iptables.ruleset import Ruleset as IptablesRuleset
from pyk8s.proxy.ipvs.ruleset import Ruleset
from tests.proxy.ipvs.changes import meaning
from tests.proxy.ipvs.node import fake_hands, settings

SERVICES = meaning(1, 2, node_port=30001) | meaning(2, 0) | meaning(3, 1, externalTrafficPolicy="Local")


class IptablesHands:
    """The mode iptables over a fake."""

    def __init__(self, rules):
        self.run, self._rules = rules.run, rules

    def survey(self):
        return {table: self._rules.survey(table) for table in TABLES}


def in_any_order(tables):
    """Jumps of the built-in chains may stand in another order."""
    return {table: {name: sorted(map(repr, rules)) for name, rules in held.items()} for table, held in tables.items()}


def modes(hands):
    """Both modes over one kernel, by name: ruleset, hands, chains."""
    ipvs, others = Ruleset(settings()), IptablesRuleset(settings())
    held = {"ipvs": (ipvs, hands, ipvs.chains), "iptables": (others, IptablesHands(hands.rules), SHARED)}
    for ruleset, _, _ in held.values():
        ruleset.change(SERVICES)
    return held


def alone(mode):
    hands = fake_hands()
    ruleset, own, _ = modes(hands)[mode]
    own.run(ruleset.whole(own.survey()))
    return hands


@pytest.mark.parametrize(("before", "after"), [("ipvs", "iptables"), ("iptables", "ipvs")])
def test_a_switch_leaves_nothing_of_the_mode_before(before, after):
    hands = alone(before)
    new, new_hands, chains = modes(hands)[after]
    old, old_hands, _ = modes(hands)[before]
    new_hands.run(new.whole(new_hands.survey()))
    old_hands.run(old.nothing(old_hands.survey(), chains))
    assert new.stands(new_hands.survey())
    fresh = alone(after)
    assert in_any_order(hands.rules.tables) == in_any_order(fresh.rules.tables)
    seen, expected = hands.survey(), fresh.survey()
    assert (seen.servers, seen.sets, seen.addresses) == (expected.servers, expected.sets, expected.addresses)
