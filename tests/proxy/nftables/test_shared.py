"""The chains that all services share, by the settings that change them."""

import pytest

from pyk8s.kernel.nftables.values import (
    DROP,
    RETURN,
    ClearMark,
    Destination,
    DestinationLocal,
    Goto,
    Invalid,
    Jump,
    Look,
    Masquerade,
    Source,
    Spread,
    Unmarked,
)
from pyk8s.proxy.nftables.names import Choice, Slot
from pyk8s.proxy.nftables.shared import HOOKS, chains, choosing, sending
from pyk8s.proxy.plan import Settings


def rules(name, **settings):
    return chains(Settings(**settings))[name][1]


def test_every_hook_leads_to_a_chain_that_is_there():
    made = chains(Settings())
    assert {to for _, led in HOOKS.values() for to in led} <= made.keys()
    assert all(made[name][0].hook == hook for name, (hook, _) in HOOKS.items())


def test_a_fence_comes_before_translating_and_refusing_after_it():
    order = {name: hook.priority for name, (hook, _) in HOOKS.items() if hook.at == "output"}
    assert order["filter-output"] < order["nat-output"] < order["filter-output-post-dnat"]


@pytest.mark.parametrize(
    ("settings", "marked"),
    [
        pytest.param({}, [], id="nothing is known to be inside: nobody is foreign"),
        pytest.param(
            {"cluster_ranges": ("10.244.0.0/16", "10.245.0.1/32")},
            [(Source("10.244.0.0/16", negated=True), Source("10.245.0.1", negated=True))],
            id="who is in none of the ranges",
        ),
        pytest.param({"masquerade_all": True, "cluster_ranges": ("10.244.0.0/16",)}, [()], id="everybody"),
    ],
)
def test_whose_packets_to_a_cluster_ip_get_the_nodes_address(settings, marked):
    found = [rule.matches[1:] for rule in rules("services", **settings) if rule.target == Jump("mark-for-masquerade")]
    assert found == marked


@pytest.mark.parametrize(
    ("settings", "where"),
    [
        pytest.param({}, [()], id="every address of the node"),
        pytest.param({"localhost": False}, [(Destination("127.0.0.0/8", negated=True),)], id="but the loopback"),
        pytest.param({"localhost": False, "family": 6}, [()], id="which IPv6 never leads anywhere"),
        pytest.param(
            {"node_port_ranges": ("172.30.0.0/16", "192.0.2.1/32")},
            [(Destination("172.30.0.0/16"),), (Destination("192.0.2.1"),)],
            id="ranges",
        ),
    ],
)
@pytest.mark.parametrize(
    ("chain", "name"),
    [("services", "service-nodeports"), ("nodeport-endpoints-check", "no-endpoint-nodeports")],
)
def test_where_node_ports_answer(chain, name, settings, where):
    found = [rule.matches for rule in rules(chain, **settings) if rule.target == Look(("l4proto", "dport"), name)]
    assert found == [(DestinationLocal(), *each) for each in where]


def test_what_fits_no_connection_is_not_forwarded_untranslated():
    first = rules("filter-forward")[0]
    assert (first.matches, first.target) == ((Invalid(),), DROP)


def test_the_mark_is_the_one_that_was_asked_for():
    assert rules("masquerading", mark=0x80)[1].matches == (Unmarked(0x80),)
    assert rules("masquerading", mark=0x80)[1].target == RETURN
    assert rules("mark-for-masquerade", mark=0x80)[0].target.bits == 0x80


def test_who_is_masqueraded_loses_the_mark_before_or_would_be_masqueraded_twice():
    assert [rule.target for rule in rules("masquerading", mark=0x80)] == [
        Jump("mark-for-masquerade"),
        RETURN,
        ClearMark(0x80),
        Masquerade(),
    ]


def test_a_choice_among_many_draws_and_one_of_one_does_not():
    (drawn,) = choosing(Choice("cluster", 3))
    assert drawn.target == Spread(("address-endpoint-0", "address-endpoint-1", "address-endpoint-2"))
    (sent,) = choosing(Choice("cluster", 1))
    assert sent.target == Goto("address-endpoint-0")


@pytest.mark.parametrize("by", ["address", "nodeport"])
def test_who_finds_nobody_at_a_number_is_sent_to_the_first(by):
    assert [rule.target.map for rule in sending(Slot(by, 2))] == [f"{by}-endpoint-2", f"{by}-endpoint-0"]
    assert [rule.target.map for rule in sending(Slot(by, 0))] == [f"{by}-endpoint-0"]


@pytest.mark.parametrize("entry", ["external", "nodeport"])
def test_a_choice_for_who_came_from_outside_marks_first(entry):
    first, drawn = choosing(Choice(entry, 2))
    assert first.target == Jump("mark-for-masquerade")
    assert isinstance(drawn.target, Spread)
