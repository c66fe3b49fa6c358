"""What a walk tells beside the fate: the rules and elements passed, and that it does not guess."""

import pytest

from pyk8s.kernel.nftables.values import Chain, Foreign, Held, Hook, Rule
from pyk8s.proxy.nftables.ruleset import Ruleset
from pyk8s.proxy.nftables.trace import trace
from pyk8s.proxy.packet import Fate, Ground, Packet, UnknownRule, fates
from tests.proxy.nftables.meanings import SETTINGS, meaning

GROUND = Ground(frozenset({"172.30.0.2"}))


def held(*services):
    ruleset = Ruleset(SETTINGS)
    for each in services:
        ruleset.change(each)
    return ruleset.held()


def steps(packet, *services, ground=GROUND):
    (way,) = trace(held(*services), packet, ground)
    return way.fate, way.steps


def test_the_element_that_names_the_service_and_the_one_that_names_the_endpoint_are_told():
    fate, told = steps(Packet("10.244.0.9", "10.96.1.1", 80), meaning(1))
    assert fate == Fate("goes", "10.244.0.1:8080")
    assert "services: ip daddr . meta l4proto . th dport vmap @service-ips" in told
    assert '@service-ips { 10.96.1.1 . tcp . 80 comment "shop/s1" : goto choose-cluster-1 }' in told
    assert "@address-endpoint-0 { 10.96.1.1 . tcp . 80 : 10.244.0.1 . 8080 }" in told


def test_a_refusal_ends_with_the_rule_that_refuses():
    fate, told = steps(Packet("10.244.0.9", "10.96.1.1", 80), meaning(1, 0))
    assert fate == Fate("rejected")
    assert told[-2:] == (
        '@no-endpoint-services { 10.96.1.1 . tcp . 80 comment "shop/s1" : goto reject-chain }',
        "reject-chain: meta l4proto tcp reject with tcp reset",
    )


def test_a_client_that_is_remembered_goes_where_it_was():
    packet = Packet("10.244.0.9", "10.96.1.1", 80)
    table = held(meaning(1, 3, sessionAffinity="ClientIP"))
    assert len(fates(trace(table, packet, GROUND))) == 3
    ground = Ground(GROUND.local, frozenset({"10.244.0.2:8080"}))
    assert fates(trace(table, packet, ground)) == {Fate("goes", "10.244.0.2:8080")}


def test_a_map_that_lost_an_element_sends_to_the_first_one():
    table = held(meaning(1, 2))
    changing = Held(table.chains, table.rules, table.sets, {**table.elements, "address-endpoint-1": {}})
    packet = Packet("10.244.0.9", "10.96.1.1", 80)
    assert fates(trace(changing, packet, GROUND)) == {Fate("goes", "10.244.0.1:8080")}


def test_a_rule_of_somebody_else_is_not_guessed_at():
    base = Chain("base", Hook("filter", "prerouting", 0))
    table = Held({"base": base}, {"base": (Rule("base", (Foreign("tcp flags syn"),)),)})
    with pytest.raises(UnknownRule, match="tcp flags syn"):
        trace(table, Packet("10.244.0.9", "10.96.1.1", 80), GROUND)
