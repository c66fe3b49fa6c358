import pytest

from pyk8s.kernel.ipset.values import Content, Set
from pyk8s.kernel.iptables.values import (
    ACCEPT,
    RETURN,
    Chance,
    Dnat,
    InSet,
    Jump,
    Protocol,
    Rule,
    SetMark,
)
from pyk8s.kernel.ipvs.values import Entry, Front, Place, Real, Server
from pyk8s.proxy.ipvs.trace import Values, trace
from pyk8s.proxy.packet import Fate, Ground, Packet, UnknownRule, fates

POD, VIP = "10.244.0.7", "10.96.0.20"
WEB = Front("tcp", VIP, 80)
ONE, TWO = Place("10.244.0.5", 8080), Place("10.244.1.6", 8080)
PACKET = Packet(POD, VIP, 80)


def values(*rules, chains=None, server=None, sets=(), reals=None):
    entry = Entry(server or Server(), {ONE: Real(), TWO: Real()} if reals is None else reals)
    tables = {"nat": {"PREROUTING": rules} | (chains or {}), "filter": {}, "mangle": {}}
    return Values(tables, {each.set.name: each for each in sets}, {WEB: entry}, frozenset({f"{VIP}/32"}))


def test_the_steps_name_the_rules_and_the_choice():
    rule = Rule((Protocol("tcp"),), Jump("KUBE-SERVICES"), "portals")
    ways = trace(values(rule, chains={"KUBE-SERVICES": (Rule((), ACCEPT),)}), PACKET, Ground())
    assert {way.steps for way in ways} == {
        (
            'nat: -A PREROUTING -p tcp -m comment --comment "portals" -j KUBE-SERVICES',
            "nat: -A KUBE-SERVICES -j ACCEPT",
            "ipvs: tcp 10.96.0.20:80 rr",
            f"ipvs: tcp 10.96.0.20:80 -> {place}",
        )
        for place in (ONE, TWO)
    }


def test_an_endpoint_that_drains_gets_nobody_new():
    ways = trace(values(reals={ONE: Real(0), TWO: Real()}), PACKET, Ground())
    assert fates(ways) == {Fate("goes", str(TWO))}


def test_a_virtual_server_whose_endpoints_all_drain_refuses():
    assert fates(trace(values(reals={ONE: Real(0)}), PACKET, Ground())) == {Fate("rejected")}


def test_a_client_that_is_bound_stays():
    ground = Ground(seen=frozenset({str(TWO)}))
    assert fates(trace(values(server=Server("rr", persistence=60)), PACKET, ground)) == {Fate("goes", str(TWO))}
    assert len(trace(values(), PACKET, ground)) == 2


def test_a_rule_that_returns_leaves_its_chain_alone():
    chains = {"A": (Rule((), RETURN), Rule((), SetMark(1, 1)))}
    rules = (Rule((), Jump("A")), Rule((), SetMark(2, 2)))
    (one, _) = sorted(trace(values(*rules, chains=chains), PACKET, Ground()), key=lambda way: way.steps)
    assert [step for step in one.steps if "MARK" in step] == ["nat: -A PREROUTING -j MARK --set-xmark 0x2/0x2"]


@pytest.mark.parametrize(
    ("content", "fits"),
    [
        (Content(Set("S", "hash:ip"), {VIP: 0}), True),
        (Content(Set("S", "hash:ip,port"), {f"{VIP},tcp:80": 0}), True),
        (Content(Set("S", "hash:ip,port"), {f"{VIP},udp:80": 0}), False),
        (Content(Set("S", "hash:ip,port,ip"), {f"{VIP},tcp:80,{POD}": 0}), True),
        (Content(Set("S", "hash:ip,port,net"), {f"{VIP},tcp:80,10.244.0.0/16": 0}), True),
        (Content(Set("S", "hash:ip,port,net"), {f"{VIP},tcp:80,10.1.0.0/16": 0}), False),
        (Content(Set("S", "bitmap:port", 0), {"80": 0}), True),
        (Content(Set("S", "bitmap:port", 0), {"81": 0}), False),
    ],
)
def test_what_is_in_a_set(content, fits):
    ways = trace(values(Rule((InSet("S"),), SetMark(1, 1)), sets=[content]), PACKET, Ground())
    assert any("MARK" in step for way in ways for step in way.steps) == fits


@pytest.mark.parametrize("rule", [Rule((Chance(0.5),), ACCEPT), Rule((), Dnat("10.0.0.1:1"))])
def test_what_the_mode_does_not_use_is_not_guessed_at(rule):
    with pytest.raises(UnknownRule):
        trace(values(rule), PACKET, Ground())
