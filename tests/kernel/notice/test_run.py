"""Notices of the real kernel, in a namespace of the test."""

import asyncio

import pytest

from pyk8s.kernel.link.run import index_of
from pyk8s.kernel.notice.run import Notices
from pyk8s.kernel.notice.values import LinkChanged, LinkGone, NeighbourGone, RouteGone
from tests.kernel.running import inside_loop
from tests.kernel.spaces import inside, spaces

pytestmark = pytest.mark.kernel


def test_what_is_removed_by_hand_is_told():
    async def listen(told, wanted):
        reached = asyncio.Event()

        def note(notice):
            told.append(notice)
            if set(wanted()) <= set(told):
                reached.set()

        notices = Notices(note)
        try:
            for words in (
                "link add br0 type bridge",
                "link set br0 up",
                "address add 10.9.0.1/24 dev br0",
                "neigh add 10.9.0.7 lladdr 0a:00:00:00:00:07 dev br0 nud permanent",
                "route add 10.244.1.0/24 dev br0 proto 80",
            ):
                inside(netns, "ip", *words.split())
            indexes.append(index_of("br0"))
            for words in ("route del 10.244.1.0/24", "neigh del 10.9.0.7 dev br0", "link del br0"):
                inside(netns, "ip", *words.split())
            async with asyncio.timeout(10):
                await reached.wait()
        finally:
            notices.close()

    indexes, told = [], []
    with spaces(1) as (netns,), inside_loop(netns) as loop:
        loop.do(
            lambda: listen(
                told,
                lambda: (
                    LinkChanged("br0", True),
                    RouteGone(80),
                    *map(NeighbourGone, indexes or [-1]),
                    LinkGone("br0"),
                ),
            )
        )
    assert told.index(RouteGone(80)) < told.index(LinkGone("br0"))
