import pytest

from pyk8s.kernel.link.values import (
    Add,
    AddAddress,
    Change,
    Link,
    Peer,
    Remove,
    RemoveAddress,
    plan,
    plan_link,
)

BRIDGE = Link("cni0", "bridge", mtu=1450, mac="0a:58:0a:f4:00:01", addresses=("10.244.0.1/24",))


def seen(**changes):
    fields = {name: getattr(BRIDGE, name) for name in Link.__slots__} | changes
    return Link(**fields)


@pytest.mark.parametrize(
    ("observed", "actions"),
    [
        pytest.param(seen(), (), id="as it should be: nothing to do"),
        pytest.param(seen(promiscuous=True, master="x"), (), id="what is not asked for is left as it is"),
        pytest.param(None, (Add(BRIDGE), AddAddress("cni0", "10.244.0.1/24")), id="missing: made, then its address"),
        pytest.param(seen(up=False), (Change("cni0", up=True),), id="down: up"),
        pytest.param(seen(mtu=1500), (Change("cni0", mtu=1450),), id="another MTU"),
        pytest.param(seen(mac="aa:aa:aa:aa:aa:aa"), (Change("cni0", mac="0a:58:0a:f4:00:01"),), id="another MAC"),
        pytest.param(
            seen(addresses=("10.99.0.1/24", "fe80::1/64")),
            (RemoveAddress("cni0", "10.99.0.1/24"), AddAddress("cni0", "10.244.0.1/24")),
            id="an address nobody asked for goes, a link-local one stays",
        ),
        pytest.param(
            seen(kind="veth"),
            (Remove("cni0"), Add(BRIDGE), AddAddress("cni0", "10.244.0.1/24")),
            id="a link of another kind is in the way: made again",
        ),
    ],
)
def test_plan_link(observed, actions):
    assert plan_link(BRIDGE, observed) == actions


def test_a_wish_without_addresses_leaves_them_all():
    assert plan_link(Link("cni0", "bridge"), seen()) == ()


def test_a_new_port_gets_what_cannot_be_said_while_it_is_made():
    wish = Link("p", "veth", master="cni0", hairpin=True, promiscuous=True, peer=Peer("eth0", "/ns"))
    assert plan_link(wish, None) == (Add(wish), Change("p", hairpin=True), Change("p", promiscuous=True))


def test_masters_come_before_their_ports():
    port = Link("a", "veth", master="z", peer=Peer("b"))
    assert [action.link.name for action in plan([port, Link("z", "bridge")], {})] == ["z", "a"]


def test_owned_links_that_nobody_wants_are_removed_and_others_stay():
    observed = {name: Link(name, "bridge") for name in ("ours", "kept", "theirs")}
    assert plan([Link("kept", "bridge")], observed, owned=["ours", "kept", "gone"]) == (Remove("ours"),)
