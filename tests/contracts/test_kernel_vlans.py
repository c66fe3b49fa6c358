"""What every `Vlans` promises: the kernel's, where it can keep VLANs apart on a bridge, and the fake."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from pyk8s.kernel.errors import Absent, Unsupported
from pyk8s.kernel.link.run import Links
from pyk8s.kernel.link.values import Add, Link, Peer
from pyk8s.kernel.netlink import Netlink
from pyk8s.kernel.netns.run import entered
from pyk8s.kernel.vlan.fake import FakeVlans
from pyk8s.kernel.vlan.run import Vlans
from pyk8s.kernel.vlan.values import DEFAULT, Join, Leave, Membership, Separate
from tests.features import bridges_have_vlans
from tests.kernel.spaces import spaces


@contextmanager
def kernel() -> Iterator[Any]:
    with spaces(1) as (here,), entered(here), Netlink() as netlink:
        Links(netlink).run((Add(Link("br0", "bridge")), Add(Link("p0", "veth", master="br0", peer=Peer("p1")))))
        yield Vlans(netlink)


@contextmanager
def fake() -> Iterator[Any]:
    yield FakeVlans(("br0", "p0", "p1").__contains__)


WHERE = [pytest.param(kernel, marks=pytest.mark.kernel), fake] if bridges_have_vlans() else [fake]


@pytest.fixture(params=WHERE)
def vlans(request):
    with request.param() as made:
        yield made


def test_a_port_is_a_member_of_the_default_vlan(vlans):
    vlans.run((Separate("br0"),))
    assert vlans.observe("p0") == (Membership("p0", DEFAULT, primary=True, untagged=True),)


def test_an_access_port_and_a_trunk_are_told_apart(vlans):
    vlans.run((Separate("br0"), Leave("p0", DEFAULT), Join(Membership("p0", 10, primary=True, untagged=True))))
    vlans.run((Join(Membership("p0", 20)),))
    assert vlans.observe("p0") == (
        Membership("p0", 10, primary=True, untagged=True),
        Membership("p0", 20),
    )


def test_leaving_twice_is_no_error(vlans):
    vlans.run((Separate("br0"), Leave("p0", DEFAULT), Leave("p0", DEFAULT)))
    assert vlans.observe("p0") == ()


def test_separating_twice_is_no_error(vlans):
    vlans.run((Separate("br0"), Separate("br0")))


def test_a_port_that_is_not_there_is_absent(vlans):
    with pytest.raises(Absent):
        vlans.run((Join(Membership("nope", 10)),))
    with pytest.raises(Absent):
        vlans.observe("nope")


@pytest.mark.kernel
@pytest.mark.skipif(bridges_have_vlans(), reason="what a kernel without VLANs is told: this one has them")
def test_a_kernel_without_vlans_on_bridges_says_what_it_lacks():
    with kernel() as vlans, pytest.raises(Unsupported, match="CONFIG_BRIDGE_VLAN_FILTERING"):
        vlans.run((Separate("br0"),))


def test_a_fake_kernel_without_them_says_the_same():
    with pytest.raises(Unsupported):
        FakeVlans(able=False).run((Separate("br0"),))
