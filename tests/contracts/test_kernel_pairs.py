"""What every `Pairs` promises: the kernel's, in namespaces of the test, and the fake."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from pyk8s.kernel.link.fake import FakeLinks
from pyk8s.kernel.link.run import Links
from pyk8s.kernel.link.values import Add, Link, Peer, Remove
from pyk8s.kernel.netlink import Netlink
from pyk8s.kernel.netns.run import entered
from pyk8s.kernel.pair.fake import FakePairs
from pyk8s.kernel.pair.run import Pairs
from tests.kernel.spaces import spaces


@dataclass
class Ground:
    """`here` leads to `there` by "one", and to itself by "two"; nobody knows where `hidden` is, to which "three"
    leads."""

    links: Any
    pairs: Any
    there: str
    hidden: str

    def __post_init__(self):
        self.links.run((
            Add(Link("one", "veth", peer=Peer("eth0", self.there))),
            Add(Link("two", "veth", peer=Peer("other"))),
            Add(Link("three", "veth", peer=Peer("eth0", self.hidden))),
        ))  # fmt: skip

    def mtus(self):
        here, there = self.links.observe(), self.links.observe(self.there)
        return [here[name].mtu for name in ("one", "two", "three") if name in here] + [
            link.mtu for name, link in there.items() if name == "eth0"
        ]


@contextmanager
def kernel(folder) -> Iterator[Ground]:
    with spaces(3) as (here, there, hidden), entered(here), Netlink() as netlink:
        (folder / "pod").symlink_to(there)
        (folder / "gone").write_text("")
        yield Ground(Links(netlink), Pairs(netlink, folder), there, hidden)


@contextmanager
def fake(folder) -> Iterator[Ground]:
    links = FakeLinks("/there", "/hidden")
    yield Ground(links, FakePairs(links, unseen=["/hidden"]), "/there", "/hidden")


@pytest.fixture(params=[pytest.param(kernel, marks=pytest.mark.kernel), fake], ids=["kernel", "fake"])
def ground(request, tmp_path):
    with request.param(tmp_path) as made:
        yield made


def test_both_ends_of_a_pair_get_what_was_asked_for(ground):
    assert ground.pairs.fit(["one"], 1400) == {"one"}
    assert ground.mtus() == [1400, 1500, 1500, 1400]
    assert ground.pairs.fit(["one"], 1500) == {"one"}
    assert ground.mtus() == [1500] * 4


def test_what_cannot_be_reached_stays_as_it_is(ground):
    assert ground.pairs.fit(["two", "three", "nobody"], 1400) == frozenset()
    assert ground.mtus() == [1500] * 4


def test_a_pair_that_went_is_passed_over(ground):
    ground.links.run((Remove("one"),))
    assert ground.pairs.fit(["one"], 1400) == frozenset()
