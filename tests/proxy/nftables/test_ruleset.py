import pytest
from hypothesis import given, settings

from pyk8s.kernel.nftables.fake import FakeNftables
from pyk8s.kernel.nftables.run import Nftables
from pyk8s.kernel.nftables.values import (
    DROP,
    NO_TABLE,
    Add,
    Chain,
    Delete,
    Element,
    Flush,
    Goto,
    Hook,
    Map,
    Rule,
    Set,
    Table,
)
from pyk8s.proxy.nftables.names import SERVICE_IPS, TABLE
from pyk8s.proxy.nftables.ruleset import Ruleset
from tests.kernel.spaces import spaces
from tests.proxy.nftables.meanings import SETTINGS, STEPS, change_of, meaning


def kernel_with(services, settings=SETTINGS):
    kernel, ruleset = FakeNftables(), Ruleset(settings)
    ruleset.change(services)
    kernel.run(ruleset.whole(kernel.survey()))
    return kernel


def written(services):
    """A ruleset that knows `services`, and that some kernel has them."""
    ruleset = Ruleset(SETTINGS)
    ruleset.change(services)
    ruleset.whole(NO_TABLE)
    return ruleset


@given(STEPS)
def test_any_sequence_of_differences_gives_the_kernel_that_a_whole_write_gives(steps):
    kernel, ruleset, held = FakeNftables(), Ruleset(SETTINGS), {}
    kernel.run(ruleset.whole(kernel.survey()))
    for step in steps:
        change = change_of(step)
        kernel.run(ruleset.change(change))
        held |= change
    assert kernel.held == kernel_with(held).held == ruleset.held()
    assert ruleset.stands(kernel.survey())


@pytest.mark.kernel
@settings(max_examples=15)
@given(STEPS)
def test_any_sequence_of_differences_gives_the_real_kernel_what_the_fake_one_has(steps):
    with spaces(1) as (netns,):
        kernel, ruleset = Nftables(TABLE, "ip", netns), Ruleset(SETTINGS)
        try:
            kernel.run(ruleset.whole(kernel.survey()))
            for step in steps:
                kernel.run(ruleset.change(change_of(step)))
            wanted = ruleset.held()
            assert kernel.observe(wanted.sets.values()) == wanted
            assert ruleset.stands(kernel.survey())
            kernel.run(ruleset.whole(kernel.survey()))
            assert kernel.observe(wanted.sets.values()) == wanted
            kernel.run(ruleset.nothing(kernel.survey()))
            assert not kernel.survey().exists
        finally:
            kernel.close()


def test_a_change_of_nothing_writes_nothing():
    ruleset = written(meaning(1))
    assert ruleset.change(meaning(1)) == ()
    assert ruleset.change({"shop/unknown": ()}) == ()


def test_before_everything_was_written_there_is_nothing_to_change():
    assert Ruleset(SETTINGS).change(meaning(1)) == ()


def test_a_service_with_as_many_endpoints_as_another_has_moves_elements_only():
    ruleset = written(meaning(1, 2) | meaning(2, 3) | meaning(3, 2))
    for endpoints in (3, 2):
        assert {type(each.thing) for each in ruleset.change(meaning(1, endpoints))} == {Element}


def test_a_new_number_of_endpoints_is_one_chain_more():
    ruleset = written(meaning(1, 2) | meaning(2, 2))
    changed = ruleset.change(meaning(1, 3))
    assert {each.thing.name for each in changed if isinstance(each.thing, Chain)} == {
        "choose-cluster-3",
        "address-endpoint-2",
    }


def test_a_shared_chain_goes_with_its_last_service():
    ruleset = written(meaning(1, 2) | meaning(2, 2))
    assert not any(isinstance(each.thing, Chain) for each in ruleset.change({"shop/s1": ()}))
    chain = Chain("choose-cluster-2")
    assert {Flush(chain), Delete(chain)} <= set(ruleset.change({"shop/s2": ()}))
    assert ruleset.held() == Ruleset(SETTINGS).held()


def test_of_two_services_with_one_external_address_the_first_by_name_has_it():
    ruleset = Ruleset(SETTINGS)
    both = {"externalIPs": ["198.51.100.7"]}
    ruleset.change(meaning(2, 2, **both))
    ruleset.change(meaning(1, 3, **both))
    key = ("198.51.100.7", "tcp", 80)
    assert ruleset.held().elements[SERVICE_IPS.name][key].data == Goto("choose-external-3")
    ruleset.change({"shop/s1": ()})
    assert ruleset.held().elements[SERVICE_IPS.name][key].data == Goto("choose-external-2")


def test_what_a_former_proxy_left_is_removed_and_other_tables_stay_untouched():
    stale = (
        Set("cluster-ips", ("daddr", "daddr")),
        Map("service-ips", ("daddr",)),
        Set("old", ("daddr",)),
        Chain("nat-output", Hook("filter", "output", 0)),
        Chain("endpoint-OLD"),
        Rule("nat-output", (), Goto("endpoint-OLD")),
        Element("service-ips", ("10.96.0.1",), Goto("endpoint-OLD")),
    )
    kernel, ruleset = FakeNftables(), Ruleset(SETTINGS)
    kernel.run((Add(Table()), *(Add(each) for each in stale)))
    ruleset.change(meaning(1))
    kernel.run(ruleset.whole(kernel.survey()))
    assert kernel.held == ruleset.held()


@pytest.mark.kernel
def test_a_real_kernel_with_something_stale_is_put_right_in_one_transaction():
    with spaces(1) as (netns,):
        kernel, ruleset = Nftables(TABLE, "ip", netns), Ruleset(SETTINGS)
        stale = Set("service-ips", ("daddr", "daddr")), Chain("nat-output", Hook("filter", "output", 0)), Chain("old")
        kernel.run((Add(Table()), *(Add(each) for each in stale), Add(Rule("nat-output", (), Goto("old")))))
        ruleset.change(meaning(1, 2, sessionAffinity="ClientIP"))
        kernel.run(ruleset.whole(kernel.survey()))
        assert kernel.observe(ruleset.held().sets.values()) == ruleset.held()
        kernel.close()


def test_who_was_sent_where_stays_known_when_everything_is_written_again():
    services = meaning(1, 2, sessionAffinity="ClientIP")
    kernel, ruleset = kernel_with(services), Ruleset(SETTINGS)
    ruleset.change(services)
    kept = next(name for name in kernel.held.sets if name.startswith("affinity-"))
    kernel.run((Add(Element(kept, ("10.244.0.9",))),))
    assert ruleset.stands(kernel.survey())
    kernel.run(ruleset.whole(kernel.survey()))
    assert list(kernel.held.elements[kept]) == [("10.244.0.9",)]


def test_another_time_of_affinity_is_another_set():
    sets = []
    for seconds in (100, 200):
        config = {"clientIP": {"timeoutSeconds": seconds}}
        kernel = kernel_with(meaning(1, 1, sessionAffinity="ClientIP", sessionAffinityConfig=config))
        sets += [each for each in kernel.held.sets.values() if isinstance(each, Set) and each.seconds]
    assert [each.seconds for each in sets] == [100, 200]
    assert sets[0].name != sets[1].name


def flush_a_map(kernel):
    kernel.run((Flush(SERVICE_IPS),))


def delete_an_element(kernel):
    kernel.run((Delete(Element("cluster-ips", ("10.96.1.1",))),))


def delete_a_rule(kernel):
    kernel.run((Flush(Chain("services")),))


def add_a_rule(kernel):
    kernel.run((Add(Rule("services", (), DROP)),))


def add_a_chain(kernel):
    kernel.run((Add(Chain("mine")),))


def drop_everything(kernel):
    kernel.run((Delete(Table()),))


@pytest.mark.parametrize(
    "damage", [flush_a_map, delete_an_element, delete_a_rule, add_a_rule, add_a_chain, drop_everything]
)
def test_damage_is_seen_and_mended(damage):
    ruleset = Ruleset(SETTINGS)
    ruleset.change(meaning(1))
    kernel = FakeNftables()
    kernel.run(ruleset.whole(kernel.survey()))
    assert ruleset.stands(kernel.survey())
    damage(kernel)
    assert not ruleset.stands(kernel.survey())
    kernel.run(ruleset.whole(kernel.survey()))
    assert kernel.held == ruleset.held()


def test_nothing_takes_the_table_away_and_nothing_from_nothing_is_nothing():
    kernel, ruleset = kernel_with(meaning(1)), Ruleset(SETTINGS)
    kernel.run(ruleset.nothing(kernel.survey()))
    assert kernel.held is None
    assert ruleset.nothing(kernel.survey()) == ()
