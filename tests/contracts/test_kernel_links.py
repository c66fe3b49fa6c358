"""What every `Links` promises: the kernel's, in namespaces of the test, and the fake."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from pyk8s.kernel.errors import Absent, Exists
from pyk8s.kernel.link.fake import FakeLinks
from pyk8s.kernel.link.run import Links
from pyk8s.kernel.link.values import Add, AddAddress, Change, Link, Peer, Remove, RemoveAddress, Vxlan, plan, plan_link
from pyk8s.kernel.netlink import Netlink
from tests.kernel.spaces import spaces


@dataclass
class Ground:
    links: Any
    here: str
    there: str

    def run(self, *actions):
        self.links.run(actions, self.here)

    def see(self, name):
        return self.links.observe(self.here).get(name)


@contextmanager
def kernel() -> Iterator[Ground]:
    with spaces(2) as (here, there), Netlink() as netlink:
        yield Ground(Links(netlink), here, there)


@contextmanager
def fake() -> Iterator[Ground]:
    yield Ground(FakeLinks("/here", "/there"), "/here", "/there")


@pytest.fixture(params=[pytest.param(kernel, marks=pytest.mark.kernel), fake], ids=["kernel", "fake"])
def ground(request):
    with request.param() as made:
        yield made


BRIDGE = Link("br0", "bridge", addresses=("10.9.0.1/24",))


def test_a_fresh_namespace_has_its_loopback_only(ground):
    assert list(ground.links.observe(ground.here)) == ["lo"]


def test_a_planned_bridge_is_there_with_its_address(ground):
    ground.run(*plan_link(BRIDGE, None))
    seen = ground.see("br0")
    assert (seen.kind, seen.up) == ("bridge", True)
    assert "10.9.0.1/24" in seen.addresses


def test_what_was_carried_out_leaves_nothing_to_plan(ground):
    wishes = [BRIDGE, Link("p0", "veth", master="br0", mtu=1400, hairpin=True, peer=Peer("eth0", ground.there))]
    ground.run(*plan(wishes, ground.links.observe(ground.here)))
    assert plan(wishes, ground.links.observe(ground.here)) == ()


def test_the_peer_is_born_in_its_namespace_with_mtu_and_mac(ground):
    peer = Peer("eth0", ground.there, "0a:58:0a:09:00:02")
    ground.run(Add(Link("p0", "veth", mtu=1400, peer=peer)))
    seen = ground.links.observe(ground.there)["eth0"]
    assert (seen.kind, seen.mtu, seen.mac, seen.up) == ("veth", 1400, "0a:58:0a:09:00:02", False)


def test_removing_one_end_removes_the_other(ground):
    ground.run(Add(Link("p0", "veth", peer=Peer("eth0", ground.there))), Remove("p0"))
    assert "eth0" not in ground.links.observe(ground.there)


def test_a_port_without_its_bridge_has_no_master(ground):
    ground.run(Add(Link("br0", "bridge")), Add(Link("p0", "veth", master="br0", peer=Peer("p1"))))
    assert ground.see("p0").master == "br0"
    ground.run(Remove("br0"))
    assert ground.see("p0").master == ""


def test_adding_a_link_twice_is_refused(ground):
    ground.run(Add(Link("br0", "bridge")))
    with pytest.raises(Exists):
        ground.run(Add(Link("br0", "bridge")))


def test_a_peer_whose_name_is_taken_is_refused_and_nothing_is_left(ground):
    ground.links.run((Add(Link("eth0", "bridge")),), ground.there)
    with pytest.raises(Exists):
        ground.run(Add(Link("p0", "veth", peer=Peer("eth0", ground.there))))
    assert ground.see("p0") is None


@pytest.mark.parametrize(
    "action",
    [Remove("nope"), Change("nope", up=True), AddAddress("nope", "10.0.0.1/24"), RemoveAddress("lo", "10.0.0.1/24")],
    ids=lambda action: type(action).__name__,
)
def test_what_is_not_there_is_absent(ground, action):
    with pytest.raises(Absent):
        ground.run(action)


def test_a_namespace_that_is_not_there_is_absent(ground):
    with pytest.raises(Absent):
        ground.links.observe("/nowhere/at/all")
    with pytest.raises(Absent):
        ground.run(Add(Link("p0", "veth", peer=Peer("eth0", "/nowhere/at/all"))))


def test_a_link_that_is_made_again_has_another_number(ground):
    assert ground.links.index("br0", ground.here) == 0
    ground.run(Add(Link("br0", "bridge")))
    first = ground.links.index("br0", ground.here)
    ground.run(Remove("br0"), Add(Link("br1", "bridge")), Add(Link("br0", "bridge")))
    assert ground.links.index("br0", ground.here) not in (0, first)


def test_changes_are_seen(ground):
    ground.run(Add(Link("br0", "bridge")), Add(Link("p0", "veth", peer=Peer("p1"))))
    ground.run(Change("p0", mtu=1300, master="br0", promiscuous=True), Change("p0", hairpin=True, up=False))
    seen = ground.see("p0")
    assert (seen.mtu, seen.master, seen.promiscuous, seen.hairpin, seen.up) == (1300, "br0", True, True, False)


def test_an_address_is_given_and_taken(ground):
    ground.run(Add(Link("br0", "bridge")), AddAddress("br0", "10.9.0.1/24"), AddAddress("br0", "fd00::1/64"))
    assert {"10.9.0.1/24", "fd00::1/64"} <= set(ground.see("br0").addresses)
    with pytest.raises(Exists):
        ground.run(AddAddress("br0", "10.9.0.1/24"))
    ground.run(RemoveAddress("br0", "10.9.0.1/24"))
    assert "10.9.0.1/24" not in ground.see("br0").addresses


def test_what_came_before_the_refused_action_is_done(ground):
    with pytest.raises(Absent):
        ground.run(Add(Link("br0", "bridge")), Remove("nope"), Add(Link("br1", "bridge")))
    assert ground.see("br0") is not None
    assert ground.see("br1") is None


def test_a_link_says_of_itself_what_it_was_told(ground):
    ground.run(Add(Link("br0", "bridge")), Change("br0", alias="a network of ours"))
    assert ground.see("br0").alias == "a network of ours"


@pytest.mark.parametrize("local", ["10.9.0.1", "fd00:9::1"])
def test_a_vxlan_is_what_it_was_asked_to_be_and_one_of_another_network_takes_its_place(ground, local):
    ground.run(*plan_link(Link("under", "bridge", addresses=(f"{local}/24",)), None))
    wish = Link("vx", "vxlan", mtu=1400, mac="0a:00:00:00:00:01", vxlan=Vxlan(7, local, 8472))
    ground.run(*plan_link(wish, None))
    seen = ground.see("vx")
    assert (seen.kind, seen.vxlan, seen.mtu, seen.mac, seen.up) == ("vxlan", wish.vxlan, 1400, wish.mac, True)
    assert plan_link(wish, seen) == ()
    other = Link("vx", "vxlan", vxlan=Vxlan(7, local, 4789))
    ground.run(*plan_link(other, seen))
    assert ground.see("vx").vxlan == other.vxlan
    ground.run(Remove("vx"))
    assert ground.see("vx") is None
