import pytest

from pyk8s.kernel.link.values import Add, AddAddress, Change, Link, RemoveAddress
from pyk8s.network.bridge import Bridge, BridgeTaken, plan_change

WISH = Bridge("br0", 1400, "0a:00:00:00:00:01", addresses=("10.9.0.1/24",), siblings=("10.9.0.1/24", "10.8.0.1/24"))
SEEN = Link("br0", "bridge", mtu=1500, mac="0a:00:00:00:00:02")


def held(*addresses, **more):
    return Link("br0", "bridge", mtu=1500, mac="0a:00:00:00:00:02", addresses=addresses, **more)


def test_a_bridge_that_is_not_there_is_made_whole():
    assert plan_change(WISH, None) == (
        Add(Link("br0", "bridge", mtu=1400, mac="0a:00:00:00:00:01")),
        AddAddress("br0", "10.9.0.1/24"),
    )
    assert Change("br0", promiscuous=True) in plan_change(Bridge("br0", promiscuous=True), None)


@pytest.mark.parametrize(
    "seen",
    [held("10.9.0.1/24"), held("10.8.0.1/24", "10.9.0.1/24"), held("fe80::1/64", "10.9.0.1/24")],
    ids=["as it should be", "with a sibling", "with an address of its link"],
)
def test_what_is_as_wished_is_left_alone(seen):
    assert plan_change(WISH, seen) == ()


def test_mtu_and_mac_of_a_bridge_that_is_there_stay():
    assert plan_change(WISH, SEEN) == (Change("br0", mac="0a:00:00:00:00:02"), AddAddress("br0", "10.9.0.1/24"))


def test_a_bridge_without_a_gateway_keeps_the_mac_it_has():
    assert plan_change(Bridge("br0"), SEEN) == (Change("br0", mac="0a:00:00:00:00:02"),)


def test_a_bridge_that_is_down_comes_up():
    assert plan_change(WISH, held("10.9.0.1/24", up=False)) == (Change("br0", up=True),)


def test_the_gateway_of_another_range_of_the_network_is_in_nobodys_way():
    assert AddAddress("br0", "10.9.0.1/24") in plan_change(WISH, held("10.8.0.1/24"))


@pytest.mark.parametrize(
    ("wanted", "other", "taken"),
    [
        ("10.9.0.1/24", "192.168.0.1/24", True),
        ("10.9.0.1/24", "10.9.0.2/24", True),
        ("10.9.0.1/24", "fd00::1/64", False),
        ("fd00::1/64", "fd01::1/64", False),
        ("fd00::1/64", "fd00::2/64", True),
        ("fd00::1/64", "fd00::2/48", True),
    ],
)
def test_an_address_of_somebody_else_is_in_the_way_or_not(wanted, other, taken):
    wish = Bridge("br0", addresses=(wanted,))
    if not taken:
        assert AddAddress("br0", wanted) in plan_change(wish, held(other))
        return
    with pytest.raises(BridgeTaken, match=other):
        plan_change(wish, held(other))
    forced = plan_change(Bridge("br0", addresses=(wanted,), force=True), held(other))
    assert forced[-2:] == (RemoveAddress("br0", other), AddAddress("br0", wanted))


@pytest.mark.parametrize("kind", ["veth", "", "vxlan"])
def test_a_name_that_something_else_has_is_refused(kind):
    with pytest.raises(BridgeTaken, match="br0 is no bridge"):
        plan_change(WISH, Link("br0", kind))
