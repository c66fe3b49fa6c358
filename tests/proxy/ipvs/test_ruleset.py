import pytest
from hypothesis import given
from hypothesis import settings as how
from hypothesis import strategies as some

from pyk8s.kernel.ipset.values import Add, Content, Create, Flush, Set
from pyk8s.kernel.iptables.values import Insert, Jump, Put, Rule
from pyk8s.kernel.ipvs.values import Add as AddServer
from pyk8s.kernel.ipvs.values import AddReal, ChangeReal, Front, Place, Real, Remove, RemoveReal
from pyk8s.kernel.link.values import RemoveAddress
from pyk8s.proxy.ipvs import sets
from pyk8s.proxy.ipvs.backend import tend
from pyk8s.proxy.ipvs.chains import plan_tables
from pyk8s.proxy.ipvs.ruleset import Ruleset
from pyk8s.proxy.ipvs.state import LINK, Change
from pyk8s.proxy.plan import plan_service
from tests.proxy.ipvs.changes import STEPS, carry_out, meaning
from tests.proxy.ipvs.node import fake_hands, settings, state
from tests.proxy.services import service

WEB = Front("tcp", "10.96.1.1", 80)


def kernel_with(services):
    hands, ruleset = fake_hands(), Ruleset(settings())
    ruleset.change(services)
    hands.run(ruleset.whole(hands.survey()))
    return hands, ruleset


@how(deadline=None)
@given(STEPS)
def test_any_sequence_of_differences_gives_the_kernel_that_a_whole_write_gives(steps):
    hands, ruleset = kernel_with({})
    held = carry_out(steps, ruleset, hands)
    assert state(hands) == state(kernel_with(held)[0])
    assert ruleset.stands(hands.survey())


@how(deadline=None)
@given(STEPS, some.integers(0, 2**16))
def test_any_kernel_is_made_whole(steps, seed):
    hands, ruleset = kernel_with({})
    held = carry_out(steps, ruleset, hands)
    another = Ruleset(settings())
    kept = {key: intents for number, (key, intents) in enumerate(held.items()) if seed >> number & 1}
    another.change(kept)
    hands.run(another.whole(hands.survey()))
    tend(another, hands)
    assert state(hands) == state(kernel_with(kept)[0])


@how(deadline=None)
@given(STEPS)
def test_nothing_is_left_of_anything(steps):
    hands, ruleset = kernel_with({})
    empty = state(fake_hands())
    carry_out(steps, ruleset, hands)
    hands.run(ruleset.nothing(hands.survey()))
    assert state(hands) == empty


def test_a_change_of_nothing_writes_nothing():
    ruleset = Ruleset(settings())
    ruleset.change(meaning(1))
    assert not ruleset.change(meaning(1))
    assert not ruleset.change({"shop/unknown": ()})
    assert ruleset.change({}) == Change()


def test_an_endpoint_that_came_is_one_real_server_and_no_rule():
    _, ruleset = kernel_with(meaning(1) | meaning(2))
    changed = ruleset.change(meaning(1, 2))
    assert changed.servers == (AddReal(WEB, Place("10.244.0.2", 8080), Real()),)
    assert (changed.rules, changed.comes, changed.goes, changed.ends) == ((), (), (), ())


def test_no_change_of_services_ever_touches_a_rule():
    hands, ruleset = kernel_with({})
    before = hands.rules.transactions[:]
    carry_out([{number: (2, {"node_port": 30000 + number})} for number in range(5)], ruleset, hands)
    assert hands.rules.transactions == before


def test_an_address_of_two_services_goes_with_the_last():
    shared = {"externalIPs": ["198.51.100.7"]}
    _, ruleset = kernel_with(meaning(1, 1, **shared) | meaning(2, 1, port=81, **shared))
    assert ruleset.change({"shop/s1": ()}).goes == ("10.96.1.1/32",)
    assert set(ruleset.change({"shop/s2": ()}).goes) == {"10.96.1.2/32", "198.51.100.7/32"}


def test_a_port_that_two_services_claim_goes_to_the_first_and_then_to_the_other():
    shared = {"externalIPs": ["198.51.100.7"]}
    hands, ruleset = kernel_with(meaning(2, 1, **shared) | meaning(1, 2, **shared))
    front = Front("tcp", "198.51.100.7", 80)
    assert len(hands.survey().servers[front].reals) == 2
    hands.run(ruleset.change({"shop/s1": ()}))
    tend(ruleset, hands)
    assert len(hands.survey().servers[front].reals) == 1


def test_an_endpoint_with_connections_is_kept_until_they_end():
    hands, ruleset = kernel_with(meaning(1, 2))
    gone = Place("10.244.0.2", 8080)
    hands.servers.connect(WEB, gone, active=1)
    hands.run(ruleset.change(meaning(1, 1)))
    assert tend(ruleset, hands) == 1.0
    assert hands.survey().servers[WEB].reals[gone] == Real(0)
    assert ruleset.stands(hands.survey())
    hands.run(ruleset.change(meaning(1, 2)))
    assert hands.survey().servers[WEB].reals[gone] == Real()
    assert tend(ruleset, hands) is None


def test_what_another_proxy_retired_is_removed_when_nobody_is_connected():
    hands, ruleset = kernel_with(meaning(1))
    gone = Place("10.244.0.9", 8080)
    hands.servers.run((AddReal(WEB, gone, Real(0)),))
    hands.run(ruleset.whole(hands.survey()))
    assert gone in hands.survey().servers[WEB].reals
    tend(ruleset, hands)
    assert gone not in hands.survey().servers[WEB].reals


def drop_a_jump(hands):
    tables = {table: dict(chains) for table, chains in hands.rules.tables.items()}
    tables["nat"]["OUTPUT"] = ()
    hands.rules.tables = tables


DAMAGES = {
    "a jump": drop_a_jump,
    "a rule": lambda hands: hands.rules.run((Put("nat", "KUBE-SERVICES", ()),)),
    "a set's members": lambda hands: hands.sets.run((Flush(sets.CLUSTER_IP),)),
    "a member too many": lambda hands: hands.sets.run(
        (Add(hands.survey().sets[sets.CLUSTER_IP].set, "10.96.9.9,tcp:80"),)
    ),
    "a set too many": lambda hands: hands.sets.run((Create(Set("KUBE-OLD", "hash:ip")),)),
    "a virtual server": lambda hands: hands.servers.run((Remove(WEB),)),
    "a real server": lambda hands: hands.servers.run((RemoveReal(WEB, Place("10.244.0.1", 8080)),)),
    "a weight": lambda hands: hands.servers.run((ChangeReal(WEB, Place("10.244.0.1", 8080), Real(7)),)),
    "an address": lambda hands: hands.places.run([RemoveAddress(LINK, "10.96.1.1/32")]),
    "the link": lambda hands: hands.places.remove(LINK),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_damage_is_seen_and_mended(damage):
    hands, ruleset = kernel_with(meaning(1))
    before = state(hands)
    assert ruleset.stands(hands.survey())
    damage(hands)
    assert not ruleset.stands(hands.survey())
    hands.run(ruleset.whole(hands.survey()))
    assert state(hands) == before
    assert ruleset.stands(hands.survey())


def test_rules_sets_and_servers_of_others_stay():
    hands = fake_hands()
    hands.rules.run((Put("nat", "DOCKER", ()), Insert("nat", "PREROUTING", Rule((), Jump("DOCKER")))))
    theirs = Content(Set("theirs", "hash:ip"))
    hands.sets.run((Create(theirs.set),))
    ruleset = Ruleset(settings())
    ruleset.change(meaning(1))
    hands.run(ruleset.whole(hands.survey()))
    hands.run(ruleset.nothing(hands.survey()))
    assert hands.rules.tables["nat"]["PREROUTING"] == (Rule((), Jump("DOCKER")),)
    assert hands.sets.observe("theirs") == {"theirs": theirs}


def test_virtual_servers_in_excluded_ranges_stay():
    hands, ruleset = fake_hands(), Ruleset(settings(excluded=("192.0.2.0/24",)))
    theirs, stale = Front("tcp", "192.0.2.1", 80), Front("tcp", "10.9.9.9", 80)
    hands.servers.run((AddServer(theirs), AddServer(stale)))
    ruleset.change(meaning(1))
    hands.run(ruleset.whole(hands.survey()))
    assert hands.survey().servers.keys() == {WEB, theirs}
    assert ruleset.stands(hands.survey())
    hands.run(ruleset.nothing(hands.survey()))
    assert hands.survey().servers.keys() == {theirs}


def test_chains_that_the_next_mode_uses_are_kept_with_the_jumps_to_them():
    hands, ruleset = kernel_with(meaning(1))
    keep = frozenset({("nat", "KUBE-SERVICES"), ("nat", "KUBE-MARK-MASQ")})
    hands.rules.run((Put("nat", "KUBE-SERVICES", ()),))  # the next mode has written it already
    hands.run(ruleset.nothing(hands.survey(), keep))
    assert {"KUBE-SERVICES", "KUBE-MARK-MASQ"} < hands.rules.tables["nat"].keys()
    assert "KUBE-POSTROUTING" not in hands.rules.tables["nat"]
    assert [rule.target for rule in hands.rules.tables["nat"]["OUTPUT"]] == [Jump("KUBE-SERVICES")]


def test_where_it_lingers_open_connections_are_served_to_their_end():
    hands, ruleset = kernel_with(meaning(1) | meaning(2))
    hands.servers.connect(WEB, Place("10.244.0.1", 8080), active=1)
    ruleset.linger()
    hands.run(ruleset.nothing(hands.survey()))
    seen = hands.survey()
    assert (seen.servers.keys(), seen.addresses, seen.sets) == ({WEB}, {"10.96.1.1/32"}, {})
    assert tend(ruleset, hands) is not None
    hands.servers.connect(WEB, Place("10.244.0.1", 8080))
    ruleset.draining.waits = {key: wait.__class__(0.0, 0.0) for key, wait in ruleset.draining.waits.items()}
    assert tend(ruleset, hands) is None
    assert state(hands) == state(fake_hands())


def test_both_families_share_the_link_and_the_last_one_removes_it():
    four, six = fake_hands(4), fake_hands(6)
    six.servers, six.sets, six.places = four.servers, four.sets, four.places
    rulesets = {4: Ruleset(settings(4)), 6: Ruleset(settings(6))}
    for hands in (four, six):
        rulesets[hands.family].change(meaning(1, family=hands.family))
        hands.run(rulesets[hands.family].whole(hands.survey()))
    assert all(rulesets[hands.family].stands(hands.survey()) for hands in (four, six))
    four.run(rulesets[4].nothing(four.survey()))
    assert rulesets[6].stands(six.survey())
    six.run(rulesets[6].nothing(six.survey()))
    assert six.survey().addresses is None


def test_a_headless_service_needs_nothing():
    ruleset = Ruleset(settings())
    assert not ruleset.change({"shop/s": plan_service(service("s", "None", clusterIPs=["None"]), [], "here")})


def test_every_chain_is_said_to_be_this_modes():
    ruleset = Ruleset(settings())
    assert ruleset.chains == {(table, chain) for table, chains in plan_tables(settings()).items() for chain in chains}
