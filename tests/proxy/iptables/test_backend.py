"""The mode's hands: the loopback is open for node ports only while it is guarded."""

from pathlib import Path

import pytest

from pyk8s.kernel.errors import Refused
from pyk8s.kernel.iptables.run import Iptables
from pyk8s.kernel.iptables.shown import read
from pyk8s.kernel.iptables.values import DROP, Survey
from pyk8s.kernel.netns.run import entered
from pyk8s.proxy import metrics
from pyk8s.proxy.iptables.backend import LOCALNET, Hands
from pyk8s.proxy.iptables.ruleset import Ruleset
from pyk8s.proxy.plan import Settings
from tests.kernel.spaces import spaces

pytestmark = pytest.mark.kernel


@pytest.fixture
def netns():
    with spaces(1) as (made,):
        yield made


def routed(netns):
    with entered(netns):
        return Path("/proc/thread-self/net").exists() and Path("/proc/sys", LOCALNET).read_text().strip() == "1"


def test_the_loopback_is_routed_while_the_mode_is_at_work(netns):
    hands, ruleset = Hands(Iptables("nft", 4, netns)), Ruleset(Settings())
    hands.run(ruleset.whole(hands.survey()))
    assert routed(netns)
    hands.run(ruleset.nothing(hands.survey()))
    assert not routed(netns)
    assert not [name for survey in hands.survey().values() for name in survey.counts if name.startswith("KUBE-")]


def test_it_is_not_routed_when_node_ports_are_not_to_answer_there(netns):
    hands, ruleset = Hands(Iptables("nft", 4, netns)), Ruleset(Settings(localhost=False))
    hands.run(ruleset.whole(hands.survey()))
    assert not routed(netns)


def test_rules_that_are_refused_open_nothing(netns, monkeypatch):
    hands, ruleset = Hands(Iptables("nft", 4, netns)), Ruleset(Settings())
    transaction = ruleset.whole(hands.survey())

    def refuse(*_, **__):
        raise Refused("restore", 1)

    monkeypatch.setattr(Iptables, "run", refuse)
    with pytest.raises(Refused):
        hands.run(transaction)
    assert not routed(netns)


class Dropping:
    """A kernel's rules, of which some say how many packets they have dropped; a chain written anew begins at 0."""

    family, packets = 4, 0

    def survey(self, table):
        return Survey({"KUBE-FORWARD": 3}, {})

    def count(self, table):
        text = f"*filter\n[{self.packets}:0] -A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP\n"
        return read(text + "[7:0] -A KUBE-FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n")


def dropped():
    return metrics.INVALID_DROPPED._value.get()


def test_what_was_dropped_is_counted_from_look_to_look():
    rules, before = Dropping(), dropped()
    hands = Hands(rules)
    told = []
    for rules.packets in (5, 9, 9, 2, 3):
        hands.survey()
        told.append(dropped() - before)
    assert told == [0, 4, 4, 6, 7]


def test_the_dropping_rule_of_a_real_kernel_is_found(netns):
    rules, ruleset = Iptables("nft", 4, netns), Ruleset(Settings())
    hands = Hands(rules)
    hands.run(ruleset.whole(hands.survey()))
    counted = rules.count("filter")["filter"]["KUBE-FORWARD"]
    assert [each.packets for each in counted if each.rule is not None and each.rule.target == DROP] == [0]
