"""What every `Qdiscs` promises: the kernel's, in a namespace of the test, and the fake."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from pyk8s.kernel.errors import Absent
from pyk8s.kernel.link.run import Links
from pyk8s.kernel.link.values import Add, Link, Peer
from pyk8s.kernel.link.values import Remove as RemoveLink
from pyk8s.kernel.netlink import Netlink
from pyk8s.kernel.netns.run import entered
from pyk8s.kernel.qdisc.fake import FakeQdiscs
from pyk8s.kernel.qdisc.run import Qdiscs
from pyk8s.kernel.qdisc.values import Bucket, Put, Redirect, Remove
from tests.kernel.spaces import spaces

LINKS = ("p0", "p1", "shaper")


@contextmanager
def kernel() -> Iterator[Any]:
    with spaces(1) as (here,), entered(here), Netlink() as netlink:
        Links(netlink).run((Add(Link("p0", "veth", peer=Peer("p1"))), Add(Link("shaper", "ifb"))))
        yield Qdiscs(netlink)
        Links(netlink).run((RemoveLink("p0"), RemoveLink("shaper")))


@contextmanager
def fake() -> Iterator[Any]:
    yield FakeQdiscs(LINKS.__contains__)


@pytest.fixture(params=[pytest.param(kernel, marks=pytest.mark.kernel), fake], ids=["kernel", "fake"])
def qdiscs(request):
    with request.param() as made:
        yield made


def test_a_fresh_link_is_not_shaped(qdiscs):
    assert qdiscs.observe("p0") == ()


@pytest.mark.parametrize(
    "bucket",
    [Bucket("p0", 125_000, 12_500), Bucket("p0", 12_500_000, 1_250_000), Bucket("p0", 1000, 2000)],
    ids=["1 Mbit/s", "100 Mbit/s", "8 kbit/s"],
)
def test_a_bucket_is_there_as_it_was_put(qdiscs, bucket):
    qdiscs.run((Put(bucket),))
    (seen,) = qdiscs.observe("p0")
    assert (seen.link, seen.rate) == ("p0", bucket.rate)
    assert seen.burst == pytest.approx(bucket.burst, rel=0.01)


def test_a_burst_that_lasts_longer_than_the_kernel_counts_is_cut(qdiscs):
    """containerd asks for one of 4 Gbit whatever the rate is."""
    qdiscs.run((Put(Bucket("p0", 1_250_000, (1 << 32) // 8 - 1)),))
    (seen,) = qdiscs.observe("p0")
    assert (seen.rate, seen.burst > 1_250_000 * 200) == (1_250_000, True)


def test_putting_another_bucket_replaces_the_first(qdiscs):
    qdiscs.run((Put(Bucket("p0", 125_000, 12_500)), Put(Bucket("p0", 250_000, 12_500))))
    assert [each.rate for each in qdiscs.observe("p0")] == [250_000]


def test_a_redirection_leads_to_its_link_and_stands_beside_a_bucket(qdiscs):
    qdiscs.run((Put(Redirect("p0", "shaper")), Put(Bucket("p0", 125_000, 12_500)), Put(Redirect("p0", "shaper"))))
    seen = qdiscs.observe("p0")
    assert Redirect("p0", "shaper") in seen
    assert len(seen) == 2


def test_removing_takes_both_away_and_twice_is_no_error(qdiscs):
    qdiscs.run((Put(Redirect("p0", "shaper")), Put(Bucket("p0", 125_000, 12_500))))
    qdiscs.run((Remove("p0"), Remove("p0")))
    assert qdiscs.observe("p0") == ()


@pytest.mark.parametrize(
    "action", [Put(Bucket("nope", 1000, 1000)), Put(Redirect("p0", "nope")), Remove("nope")], ids=str
)
def test_a_link_that_is_not_there_is_absent(qdiscs, action):
    with pytest.raises(Absent):
        qdiscs.run((action,))


def test_a_link_that_is_not_there_has_no_qdiscs_to_list(qdiscs):
    with pytest.raises(Absent):
        qdiscs.observe("nope")
