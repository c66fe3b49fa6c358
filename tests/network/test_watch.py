"""Which notices of the kernel are news."""

import pytest

from pyk8s.kernel.notice.values import LinkChanged, LinkGone, Missed, NeighbourGone, RouteGone
from pyk8s.network.watch import Watch
from pyk8s.network.ways.values import PROTOCOL


def news(*notices):
    told = []
    watch = Watch(lambda: told.append(None))
    watch.follow({"cni0", "eth0", "pyk8s.1"}, {7})
    for notice in notices:
        watch.told(notice)
    return len(told)


@pytest.mark.parametrize(
    ("notices", "count"),
    [
        ([LinkGone("cni0")], 1),
        ([LinkGone("veth123")], 0),
        ([RouteGone(PROTOCOL)], 1),
        ([RouteGone(2)], 0),
        ([NeighbourGone(7)], 1),
        ([NeighbourGone(8)], 0),
        ([Missed()], 1),
        ([LinkChanged("cni0", True), LinkChanged("cni0", True)], 0),
        ([LinkChanged("eth0", False)], 1),
        ([LinkChanged("eth0", False), LinkChanged("eth0", True), LinkChanged("eth0", True)], 2),
        ([LinkChanged("veth123", False), LinkChanged("veth123", True)], 0),
    ],
)
def test_only_what_happened_to_our_own_is_news(notices, count):
    assert news(*notices) == count


def test_links_that_are_followed_no_more_are_nobodys():
    told = []
    watch = Watch(lambda: told.append(None))
    watch.follow({"pyk8s.1"}, {7})
    watch.follow({"cni0"}, set())
    for notice in (LinkGone("pyk8s.1"), NeighbourGone(7)):
        watch.told(notice)
    assert told == []
