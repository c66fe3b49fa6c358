import pytest

from pyk8s.kernel.errors import Refused
from pyk8s.kernel.iptables.fake import FakeIptables
from pyk8s.kernel.iptables.values import RETURN, Destination, Masquerade, Source
from pyk8s.network.networks import CHAIN, Networks, plan_networks

FOUR, SIX = "10.9.0.0/24", "fd09::/64"


@pytest.fixture
def rules():
    return FakeIptables()


@pytest.fixture
def rules6():
    return FakeIptables()


@pytest.fixture
def networks(tmp_path, rules, rules6):
    return Networks(tmp_path / "masquerade", rules, rules6)


def masqueraded(rules):
    chain = rules.tables["nat"].get(CHAIN, ())
    return [rule.matches[0].range for rule in chain if isinstance(rule.target, Masquerade)]


def test_within_the_subnet_and_to_many_the_source_stays():
    kept = [rule.matches for rule in plan_networks([FOUR]) if rule.target == RETURN]
    assert kept == [(Source(FOUR), Destination(FOUR)), (Source(FOUR), Destination("224.0.0.0/4"))]


def test_a_network_is_masqueraded_while_it_has_pods(networks, rules):
    for pod in "ab":
        networks.join("net", (pod, "eth0"), [FOUR])
    assert masqueraded(rules) == [FOUR]
    networks.leave("net", ("a", "eth0"))
    assert networks.has("net")
    networks.leave("net", ("b", "eth0"))
    assert (masqueraded(rules), networks.has("net")) == ([], False)


def test_leaving_twice_or_without_having_joined_is_no_error(networks, rules):
    networks.leave("net", ("a", "eth0"))
    networks.join("net", ("a", "eth0"), [FOUR])
    networks.leave("net", ("a", "eth0"))
    networks.leave("net", ("a", "eth0"))
    assert masqueraded(rules) == []


def test_a_second_pod_costs_no_rules(networks, rules):
    networks.join("net", ("a", "eth0"), [FOUR])
    before = len(rules.transactions)
    networks.join("net", ("b", "eth0"), [FOUR])
    assert len(rules.transactions) == before


def test_each_family_has_its_own_rules(networks, rules, rules6):
    networks.join("net", ("a", "eth0"), [FOUR, SIX])
    assert (masqueraded(rules), masqueraded(rules6)) == ([FOUR], [SIX])
    assert networks.has("net")


def test_a_network_without_ipv6_leaves_its_rules_alone(networks, rules6):
    networks.join("net", ("a", "eth0"), [FOUR])
    assert rules6.transactions == []


def test_networks_do_not_touch_one_another(networks, rules):
    networks.join("one", ("a", "eth0"), [FOUR])
    networks.join("two", ("a", "eth0"), ["10.8.0.0/24"])
    networks.keep("one", [])
    assert masqueraded(rules) == ["10.8.0.0/24"]


def test_what_the_runtime_still_knows_is_kept(networks, rules):
    networks.join("net", ("a", "eth0"), [FOUR])
    networks.join("net", ("b", "eth0"), [FOUR])
    networks.keep("net", [("b", "eth0")])
    assert networks.has("net")
    networks.leave("net", ("b", "eth0"))
    assert masqueraded(rules) == []


def test_rules_that_somebody_flushed_are_noticed_and_restored(networks, rules):
    networks.join("net", ("a", "eth0"), [FOUR])
    rules.tables["nat"].pop(CHAIN)
    assert not networks.has("net")
    networks.restore()
    assert networks.has("net")


def test_a_jump_that_somebody_removed_is_noticed(networks, rules):
    networks.join("net", ("a", "eth0"), [FOUR])
    rules.tables["nat"]["POSTROUTING"] = ()
    assert not networks.has("net")


def test_a_join_whose_rules_were_refused_can_be_left(networks, rules):
    def refuse(transaction):
        raise Refused("restore", 1)

    run, rules.run = rules.run, refuse
    with pytest.raises(Refused):
        networks.join("net", ("a", "eth0"), [FOUR])
    rules.run = run
    networks.leave("net", ("a", "eth0"))
    networks.join("net", ("b", "eth0"), [FOUR])
    assert masqueraded(rules) == [FOUR]


def test_another_process_takes_away_what_it_did_not_write(networks, tmp_path, rules, rules6):
    networks.join("net", ("a", "eth0"), [FOUR, SIX])
    Networks(tmp_path / "masquerade", rules, rules6).leave("net", ("a", "eth0"))
    assert (masqueraded(rules), masqueraded(rules6)) == ([], [])


def test_nothing_is_restored_where_nothing_was(networks, rules):
    networks.restore()
    assert rules.transactions == []
