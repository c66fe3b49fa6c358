"""A node's rules looked at from beside it, on real kernels: what a proxy has written is what its plan shows."""

from itertools import product

import pytest

from pyk8s.kernel.errors import Unsupported
from pyk8s.kernel.iptables.run import Iptables
from pyk8s.kernel.iptables.values import Append, Delete, Rule, Verdict
from pyk8s.kernel.netns.run import entered
from pyk8s.kernel.nftables.run import Nftables
from pyk8s.kernel.nftables.values import Delete as DeleteElement
from pyk8s.kernel.shown import compare, packets_by_step
from pyk8s.proxy import modes, sight
from pyk8s.proxy.config import Config
from pyk8s.proxy.packet import Fate, Packet, fates
from pyk8s.proxy.sight import Wanted
from tests.kernel.balancer import lacking
from tests.kernel.spaces import spaces
from tests.proxy.flows import LOCAL, OUTSIDE, POD, ground, in_family, intents, settings
from tests.proxy.sending import see
from tests.proxy.world import world

pytestmark = pytest.mark.kernel


def write(wanted, netns):
    """Let the mode write what is wanted; the mode's hands."""
    with entered(netns):
        backend = modes.make_mode(wanted.mode, Config("here"), wanted.settings)
        backend.ruleset.change(wanted.intents)
        backend.kernel.run(backend.ruleset.whole(backend.kernel.survey()))
    return backend


@pytest.fixture(params=product(("iptables", "nftables", "ipvs"), (4, 6)), ids=lambda each: f"{each[0]}-{each[1]}")
def node(request):
    """A namespace where a mode has written every service of the packet table, and what was wanted of it."""
    mode, family = request.param
    with spaces(1) as (netns,):
        if mode == "ipvs" and (why := lacking()):
            with pytest.raises(Unsupported):
                sight.require(mode, (family,), netns)
            pytest.skip(f"NOT TESTED HERE: {why}")
        sight.require(mode, (family,), netns)
        wanted = Wanted(mode, settings(family), intents(family, "tcp", "here"))
        write(wanted, netns)
        yield wanted, netns


def test_what_a_proxy_has_written_is_as_planned_whatever_the_services_say(node):
    wanted, netns = node
    view = sight.look(wanted, netns)
    assert compare(view.planned(), view.observe()) == ()


def test_a_packet_goes_by_the_kernels_rules_where_it_goes_by_the_plan(node):
    wanted, netns = node
    view = sight.look(wanted, netns)
    view.observe()
    family = wanted.settings.family
    for number in (20, 22, 23, 29):
        packet = Packet(in_family(POD, family), in_family(f"10.96.0.{number}", family), 80)
        by_plan = fates(view.trace_plan(packet, ground(family)))
        assert fates(view.trace_kernel(packet, ground(family))) == by_plan


def test_a_mode_that_is_not_wanted_has_left_nothing_or_is_told_of(node):
    wanted, netns = node
    other = "nftables" if wanted.mode == "iptables" else "iptables"
    assert sight.leftovers(wanted, other, netns) == {}
    active = Wanted(other, wanted.settings)
    assert sight.leftovers(active, wanted.mode, netns)


def test_an_iptables_rule_that_is_gone_and_one_by_hand_are_told():
    wanted = Wanted("iptables", settings(), intents(4, "tcp", "here"))
    with spaces(1) as (netns,):
        hands = write(wanted, netns)
        Iptables(hands.kernel.rules.backend, netns=netns).run(
            (Delete("nat", "KUBE-NODEPORTS", 1), Append("nat", "KUBE-MARK-MASQ", Rule((), Verdict("RETURN"))))
        )
        view = sight.look(wanted, netns)
        rows = compare(view.planned(), view.observe())
    assert {(row.kind, row.place) for row in rows} == {
        ("missing", "nat KUBE-NODEPORTS"),
        ("surplus", "nat KUBE-MARK-MASQ"),
    }
    assert len(rows) == 2


def test_an_element_that_is_gone_is_told():
    wanted = Wanted("nftables", settings(), intents(4, "tcp", "here"))
    with spaces(1) as (netns,):
        write(wanted, netns)
        rules = Nftables("kube-proxy", "ip", netns)
        gone = next(iter(rules.observe().elements["cluster-ips"].values()))
        rules.run((DeleteElement(gone),))
        rules.close()
        view = sight.look(wanted, netns)
        rows = compare(view.planned(), view.observe())
    assert [(row.kind, row.place) for row in rows] == [("missing", "set cluster-ips")]


@pytest.mark.parametrize("mode", ["iptables", "nftables"])
def test_a_real_packet_is_counted_where_the_plan_says(mode):
    with world() as made:
        wanted = Wanted(mode, settings(), intents(4, "tcp", "here"))
        write(wanted, made.node)
        packet = Packet(POD, "10.96.0.24", 80)
        (way,) = sight.look(wanted, made.node).trace_plan(packet, ground())
        assert way.fate == Fate("goes", f"{LOCAL}:8080")
        before = counts(wanted, made.node)
        assert see(made, packet, frozenset({way.fate})) == {way.fate}
        after = counts(wanted, made.node)
        met = {step for step in way.steps if (after[step] or 0) > (before[step] or 0)}
        assert any(LOCAL in step for step in met)
        other = {step for step in after if "198.51.100.9" in step and (after[step] or 0) > (before[step] or 0)}
        assert not other
        assert see(made, Packet(OUTSIDE, "10.96.0.23", 80), frozenset({Fate("rejected")})) == {Fate("rejected")}


def counts(wanted, netns):
    """What each line of the plan has counted."""
    view = sight.look(wanted, netns)
    return packets_by_step(view.planned(), view.observe())
