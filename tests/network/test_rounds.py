"""When the agent has a round done, in virtual time, on a keeper that only counts."""

import asyncio

from pyk8s.aio import clock
from pyk8s.api.refs import NODES
from pyk8s.client.fake import FakeClient
from pyk8s.client.informer import Informer
from pyk8s.kernel.errors import Refused
from pyk8s.network import agent
from pyk8s.network.nodes import decode
from tests.virtual import virtual_time


class Rounds:
    """A keeper and its workers; the first `failures` rounds fail."""

    def __init__(self, failures=0):
        self.failures, self.done = failures, 0

    def bring(self, nodes, hands, *, thorough):
        if self.failures:
            self.failures -= 1
            raise Refused("route", 1)
        self.done += 1

    async def do(self, work):
        work(None)


async def starts(rounds, seconds):
    """After how many whole rounds it was told, each time, that the agent is at work."""
    told = []
    informer = Informer(FakeClient(), NODES, decode=decode)
    keeping = agent.keep(informer, asyncio.Event(), rounds, rounds, lambda: told.append(rounds.done))
    tasks = [asyncio.create_task(each) for each in (informer.run(), keeping)]
    await clock.sleep(seconds)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return told


@virtual_time
async def test_the_agent_is_at_work_after_its_first_whole_round_and_says_so_once():
    rounds = Rounds()
    assert await starts(rounds, 3 * agent.RESYNC_SECONDS) == [1]
    assert rounds.done > 2


@virtual_time
async def test_the_agent_is_not_at_work_while_rounds_fail():
    assert await starts(Rounds(failures=1000), 60) == []
    assert await starts(Rounds(failures=3), 60) == [1]
