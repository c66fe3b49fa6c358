"""For which zones and nodes endpoints are meant."""

from collections import Counter
from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyk8s.controllers.endpointslice.hints import (
    FORMER_MODE,
    MODE,
    TOO_FEW,
    TOO_UNEVEN,
    UNKNOWN_NODES,
    UNKNOWN_ZONE,
    Capacity,
    Spread,
    capacity_of,
    is_spread,
    preferred,
    shares_of,
    spread,
)
from pyk8s.reconcile.objects import Hints, Named, Node, parse
from tests.controllers.serving import service

ZONE_A, NODE_1 = (Named("a"),), (Named("node-1"),)
HALVES = {"a": Fraction(1, 2), "b": Fraction(1, 2)}


@pytest.mark.parametrize(
    ("how", "ready", "node", "zone", "hints"),
    [
        pytest.param("", True, "node-1", "a", None, id="nothing is preferred"),
        pytest.param("PreferSameZone", True, "node-1", "a", Hints(ZONE_A), id="the zone"),
        pytest.param("PreferClose", True, "node-1", "a", Hints(ZONE_A), id="the zone, by its former name"),
        pytest.param("PreferSameNode", True, "node-1", "a", Hints(ZONE_A, NODE_1), id="the node, or else the zone"),
        pytest.param("PreferSameNode", True, "node-1", "", Hints((), NODE_1), id="a node without a zone"),
        pytest.param("PreferSameNode", True, "", "", None, id="an endpoint on no node"),
        pytest.param("PreferSameZone", True, "node-1", "", None, id="no zone is known"),
        pytest.param("PreferSameZone", False, "node-1", "a", None, id="what is not ready is meant for nobody"),
        pytest.param("PreferMoon", True, "node-1", "a", None, id="a word that nobody knows"),
    ],
)
def test_traffic_distribution(how, ready, node, zone, hints):
    assert preferred(service(trafficDistribution=how), ready, node, zone) == hints


@pytest.mark.parametrize(
    ("annotations", "asked"),
    [
        ({}, False),
        ({MODE: "Auto"}, True),
        ({MODE: "auto"}, True),
        ({MODE: "Disabled"}, False),
        ({MODE: "example.com/mine"}, False),
        ({FORMER_MODE: "Auto"}, True),
        ({FORMER_MODE: "Disabled", MODE: "Auto"}, False),
        ({FORMER_MODE: "auto", MODE: "Disabled"}, True),
    ],
)
def test_the_annotation_asks_for_topology_aware_routing(annotations, asked):
    assert is_spread(service(annotations=annotations)) is asked


def test_the_annotation_goes_before_the_traffic_distribution():
    both = service(trafficDistribution="PreferSameZone", annotations={MODE: "Auto"})
    assert preferred(both, True, "node-1", "a") is None


def node(zone="a", cpu="2", ready="True", **labels):
    metadata = {"name": "n", "labels": {"topology.kubernetes.io/zone": zone, **labels} if zone else labels}
    status = {"conditions": [{"type": "Ready", "status": ready}], "allocatable": {"cpu": cpu} if cpu else {}}
    return parse(Node, {"metadata": metadata, "status": status})


@pytest.mark.parametrize(
    ("one", "capacity"),
    [
        pytest.param(node(), Capacity("a", 2000), id="a node"),
        pytest.param(node(cpu="1500m"), Capacity("a", 1500), id="millicores"),
        pytest.param(node(cpu=3), Capacity("a", 3000), id="a bare number"),
        pytest.param(node(zone=""), Capacity("", 2000), id="no zone"),
        pytest.param(node(cpu=""), Capacity("a", 0), id="no CPU"),
        pytest.param(node(cpu="much"), Capacity("a", 0), id="CPU that is no quantity"),
        pytest.param(node(ready="Unknown"), None, id="not ready"),
        pytest.param(node(**{"node-role.kubernetes.io/control-plane": ""}), None, id="control plane"),
        pytest.param(node(**{"node-role.kubernetes.io/master": ""}), None, id="control plane, by its former name"),
        pytest.param(parse(Node, {"metadata": {"name": "n"}}), None, id="nothing said of itself"),
        pytest.param(None, None, id="gone"),
    ],
)
def test_what_a_node_adds_to_its_zone(one, capacity):
    assert capacity_of(one) == capacity


@pytest.mark.parametrize(
    ("capacities", "shares"),
    [
        pytest.param([], {}, id="no node"),
        pytest.param([Capacity("a", 1)], {}, id="one zone"),
        pytest.param([Capacity("a", 1), None, Capacity("b", 1)], HALVES, id="one of three does not count"),
        pytest.param([Capacity("a", 1), Capacity("a", 2), Capacity("b", 3)], HALVES, id="nodes of a zone add up"),
        pytest.param([Capacity("a", 1), Capacity("b", 1), Capacity("", 1)], {}, id="a node without a zone"),
        pytest.param([Capacity("a", 1), Capacity("b", 1), Capacity("b", 0)], {}, id="a node without CPU"),
    ],
)
def test_the_part_of_each_zone(capacities, shares):
    assert shares_of(capacities) == shares


def endpoints(zones):
    """One endpoint for each letter, in the zone of that name; a dot is no zone."""
    return {f"{number:02}": zone.strip(".") for number, zone in enumerate(zones)}


@pytest.mark.parametrize(
    ("zones", "held", "shares", "found"),
    [
        pytest.param("ab", "", HALVES, "ab", id="each for its own zone"),
        pytest.param("aabb", "", HALVES, "aabb", id="already even"),
        pytest.param("aaab", "", HALVES, "baab", id="one is given away"),
        pytest.param("aa", "", HALVES, "ba", id="a zone without endpoints gets one"),
        pytest.param("aaab", "aabb", HALVES, "aabb", id="what was given away before stays away"),
        pytest.param("aabb", "bbbb", HALVES, "aabb", id="what overloads a zone is done anew"),
        pytest.param("aabb", "aacc", HALVES, "aabb", id="a zone that is no more"),
        pytest.param("aaaab", "", {"a": Fraction(4, 5), "b": Fraction(1, 5)}, "aaaab", id="by the CPU of each"),
        pytest.param("aaaabb", "", {"a": Fraction(1, 3), "b": Fraction(2, 3)}, "bbaabb", id="to the zone of more CPU"),
        pytest.param("aaaaaabbbbb", "", HALVES, "aaaaaabbbbb", id="half an endpoint is not worth a move"),
        pytest.param("ccab", "", HALVES, "abab", id="from a zone without nodes that count"),
    ],
)
def test_endpoints_go_to_zones_by_their_cpu(zones, held, shares, found):
    assert spread(endpoints(zones), endpoints(held), shares) == Spread(endpoints(found))


@pytest.mark.parametrize(
    ("zones", "shares", "problem"),
    [
        pytest.param("ab", {}, UNKNOWN_NODES, id="nothing known of nodes"),
        pytest.param("a", HALVES, f"{TOO_FEW} (1 endpoints, 2 zones)", id="fewer endpoints than zones"),
        pytest.param("", HALVES, f"{TOO_FEW} (0 endpoints, 2 zones)", id="none at all"),
        pytest.param("a.b", HALVES, UNKNOWN_ZONE, id="an endpoint without a zone"),
        pytest.param("aab", HALVES, f"{TOO_UNEVEN} (3 endpoints, 2 zones)", id="an odd one overloads"),
    ],
)
def test_what_cannot_be_spread_is_meant_for_everybody(zones, shares, problem):
    assert spread(endpoints(zones), {}, shares) == Spread({}, problem)


@given(
    zones=st.lists(st.sampled_from("abc"), max_size=60),
    held=st.lists(st.sampled_from("abcd"), max_size=60),
    cpus=st.dictionaries(st.sampled_from("abc"), st.integers(1, 9000), min_size=2),
)
def test_a_spread_means_each_for_one_zone_and_is_done_once(zones, held, cpus):
    shares = shares_of(Capacity(zone, cpu) for zone, cpu in cpus.items())
    found = spread(endpoints(zones), endpoints(held), shares)
    assert found.problem or found.zones.keys() == endpoints(zones).keys()
    if not found.problem:
        assert spread(endpoints(zones), found.zones, shares) == found


@given(zones=st.lists(st.sampled_from("ab"), min_size=20, max_size=90), cpu=st.integers(1, 99))
def test_no_zone_of_two_is_overloaded_by_more_than_a_fifth(zones, cpu):
    shares = {"a": Fraction(cpu, 100), "b": Fraction(100 - cpu, 100)}
    found = spread(endpoints(zones), {}, shares)
    counts = Counter(found.zones.values())
    assert found.problem or all(counts[zone] >= ceil(share * len(zones) * 5 / 6) for zone, share in shares.items())
