"""What every `Neighbours` promises: the kernel's, in a namespace of the test, and the fake."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from pyk8s.kernel.errors import Absent
from pyk8s.kernel.link.fake import FakeLinks
from pyk8s.kernel.link.run import Links
from pyk8s.kernel.link.values import Link, Vxlan, plan_link
from pyk8s.kernel.link.values import Remove as RemoveLink
from pyk8s.kernel.neighbour.fake import FakeNeighbours
from pyk8s.kernel.neighbour.run import Neighbours
from pyk8s.kernel.neighbour.values import Forwarding, Neighbour, Put, Remove, plan
from pyk8s.kernel.netlink import Netlink
from tests.kernel.spaces import spaces

ONE, OTHER = "0a:00:00:00:00:01", "0a:00:00:00:00:02"
FOUR = Neighbour("vx4", "10.244.2.0", ONE)
SIX = Neighbour("vx6", "fd00:2::", ONE)
TO_FOUR = Forwarding("vx4", ONE, "10.9.0.2")
TO_SIX = Forwarding("vx6", ONE, "fd00:9::2")
EVERY = (FOUR, SIX, TO_FOUR, TO_SIX)


@dataclass
class Ground:
    links: Any
    neighbours: Any
    netns: str

    def run(self, *actions):
        self.neighbours.run(actions, self.netns)

    def see(self, *devices):
        return set(self.neighbours.observe(devices or ("vx4", "vx6"), self.netns))

    def __post_init__(self):
        under = Link("under", "bridge", addresses=("10.9.0.1/24", "fd00:9::1/64"))
        four = Link("vx4", "vxlan", vxlan=Vxlan(1, "10.9.0.1", 8472))
        six = Link("vx6", "vxlan", vxlan=Vxlan(1, "fd00:9::1", 8472))
        for link in (under, four, six):
            self.links.run(plan_link(link, None), self.netns)


@contextmanager
def kernel() -> Iterator[Ground]:
    with spaces(1) as (netns,), Netlink() as netlink:
        yield Ground(Links(netlink), Neighbours(netlink), netns)


@contextmanager
def fake() -> Iterator[Ground]:
    links = FakeLinks("/here")
    yield Ground(links, FakeNeighbours(links.spaces), "/here")


@pytest.fixture(params=[pytest.param(kernel, marks=pytest.mark.kernel), fake], ids=["kernel", "fake"])
def ground(request):
    with request.param() as made:
        yield made


def test_fresh_links_have_no_lasting_entries(ground):
    assert ground.see() == set()


def test_what_was_put_is_there_on_its_link_alone(ground):
    ground.run(*map(Put, EVERY))
    assert ground.see() == set(EVERY)
    assert ground.see("vx4") == {FOUR, TO_FOUR}


def test_putting_again_replaces(ground):
    ground.run(*map(Put, EVERY))
    ground.run(Put(Neighbour("vx4", "10.244.2.0", OTHER)), Put(Forwarding("vx4", ONE, "10.9.0.3")))
    assert ground.see("vx4") == {Neighbour("vx4", "10.244.2.0", OTHER), Forwarding("vx4", ONE, "10.9.0.3")}


def test_removing_what_is_there_and_what_is_not(ground):
    ground.run(Put(FOUR), Put(TO_FOUR), Remove(FOUR), Remove(TO_FOUR))
    ground.run(Remove(FOUR), Remove(TO_FOUR), Remove(Neighbour("gone", "10.0.0.1", ONE)))
    assert ground.see() == set()


def test_a_plan_that_was_carried_out_leaves_nothing_to_plan(ground):
    ground.run(*plan(EVERY, ground.see()))
    assert plan(EVERY, ground.see()) == ()
    ground.run(*plan([SIX, TO_SIX], ground.see()))
    assert ground.see() == {SIX, TO_SIX}


def test_a_link_that_is_not_there_is_absent_and_has_none(ground):
    with pytest.raises(Absent):
        ground.run(Put(Neighbour("gone", "10.0.0.1", ONE)))
    assert ground.see("gone") == set()


def test_a_links_entries_go_with_it(ground):
    ground.run(*map(Put, EVERY))
    ground.links.run((RemoveLink("vx6"),), ground.netns)
    assert ground.see() == {FOUR, TO_FOUR}
