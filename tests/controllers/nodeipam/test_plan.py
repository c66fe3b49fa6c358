"""Ranges of pod addresses for nodes."""

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyk8s.controllers.nodeipam.plan import RangesExhausted, choose

CLUSTER = ip_network("10.244.0.0/16")


@pytest.mark.parametrize(
    ("taken", "chosen"),
    [
        pytest.param([], "10.244.0.0/24", id="the first"),
        pytest.param(["10.244.0.0/24"], "10.244.1.0/24", id="the next"),
        pytest.param(["10.244.1.0/24"], "10.244.0.0/24", id="a gap"),
        pytest.param(["10.244.0.0/23"], "10.244.2.0/24", id="a larger one takes two"),
        pytest.param(["10.244.0.128/25"], "10.244.1.0/24", id="a smaller one takes one"),
        pytest.param(["192.168.0.0/24", "fd00::/64"], "10.244.0.0/24", id="elsewhere"),
    ],
)
def test_the_first_free_range_is_chosen(taken, chosen):
    assert choose(CLUSTER, 24, taken) == chosen


def test_ranges_of_ipv6():
    assert choose(ip_network("fd00:10::/56"), 64, ["fd00:10::/64"]) == "fd00:10:0:1::/64"


@pytest.mark.parametrize("taken", [["10.0.0.0/25", "10.0.0.128/25"], ["10.0.0.0/24"], ["0.0.0.0/0"]])
def test_no_range_left_is_an_error(taken):
    with pytest.raises(RangesExhausted, match="all 2 ranges"):
        choose(ip_network("10.0.0.0/24"), 25, taken)


@given(st.sets(st.integers(0, 255)))
def test_no_range_is_ever_given_twice(held):
    taken = [f"10.244.{number}.0/24" for number in held]
    if len(held) == 256:
        return
    chosen = ip_network(choose(CLUSTER, 24, taken))
    assert chosen.subnet_of(CLUSTER)
    assert not any(chosen.overlaps(ip_network(one)) for one in taken)
