"""When the agent has a round done, in virtual time, on a keeper that only counts."""

import asyncio

import orjson

from pyk8s.aio import clock
from pyk8s.api.refs import NODES
from pyk8s.client.fake import FakeClient
from pyk8s.kernel.errors import Refused
from pyk8s.kernel.notice.values import LinkGone
from pyk8s.network import agent
from pyk8s.network.choice import MAPS, NAME
from pyk8s.network.config import Config
from pyk8s.network.nodes import VTEP
from pyk8s.network.waykeeper import Outcome
from tests.virtual import virtual_time

CONFIG = Config.read({"nodeName": "a", "nodeIP": "172.30.0.2"})


class Keeper:
    """A keeper of either side and its worker; the first `failures` rounds fail. `rounds` are (seconds, backend, nodes,
    thorough); the ways' side is never thorough."""

    def __init__(self, failures=0, outcome=lambda backend: Outcome()):
        self.failures, self.outcome = failures, outcome
        self.done, self.rounds = 0, []

    def bring(self, nodes, backend, ground, *, thorough=False, now=0.0):
        if self.failures:
            self.failures -= 1
            raise Refused("route", 1)
        self.done += 1
        self.rounds.append((round(clock.monotonic(), 3), backend, sorted(node.name for node in nodes), thorough))
        return self.outcome(backend)

    async def do(self, work):
        return work(None)


class Running:
    """An agent's rounds on a fake API; `keeper` is that of the ways, `pods` the other side's."""

    def __init__(self, keeper, pods=None):
        self.keeper, self.pods, self.told = keeper, pods or Keeper(), []
        self.client = FakeClient()
        sides = [agent.Side(each, each) for each in (self.keeper, self.pods)]
        self.rounds = agent.Rounds(self.client, CONFIG, *sides, lambda: self.told.append((keeper.done, self.pods.done)))

    async def __aenter__(self):
        work = (self.rounds.nodes.run(), self.rounds.maps.run(), self.rounds.keep())
        self.tasks = [asyncio.create_task(each) for each in work]
        return self

    async def __aexit__(self, *_):
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def create(self, ref, **body):
        await self.client.create(ref, orjson.dumps(body))

    async def node(self, name):
        await self.create(NODES, apiVersion="v1", kind="Node", metadata={"name": name})

    async def choose(self, backend):
        await self.create(MAPS, apiVersion="v1", kind="ConfigMap", metadata={"name": NAME}, data={"backend": backend})


async def starts(keeper, seconds, pods=None):
    """After how many whole rounds of each side it was told, each time, that the agent is at work."""
    async with Running(keeper, pods) as running:
        await clock.sleep(seconds)
        return running.told


@virtual_time
async def test_the_agent_is_at_work_after_the_first_whole_round_of_both_sides_and_says_so_once():
    keeper = Keeper()
    assert await starts(keeper, 3 * agent.RESYNC_SECONDS) == [(1, 1)]
    assert keeper.done > 2


@virtual_time
async def test_the_agent_is_not_at_work_while_rounds_of_either_side_fail():
    assert await starts(Keeper(failures=1000), 60) == []
    assert await starts(Keeper(), 30, Keeper(failures=1000)) == []
    assert await starts(Keeper(failures=3), 60) == [(1, 1)]


@virtual_time
async def test_a_side_that_takes_its_time_keeps_the_other_from_nothing():
    pods = Keeper()

    async def slow(work):
        await clock.sleep(30)
        return work(None)

    pods.do = slow
    async with Running(Keeper(), pods) as running:
        await clock.sleep(1)
        before = len(running.keeper.rounds)
        await running.node("b")
        await clock.sleep(0.001)
        assert len(running.keeper.rounds) == before + 1
        assert pods.rounds == []


@virtual_time
async def test_a_node_that_comes_and_one_that_goes_is_a_round_at_once_and_no_thorough_one():
    async with Running(Keeper()) as running:
        await clock.sleep(1)
        before = len(running.keeper.rounds)
        await running.node("b")
        await clock.sleep(0)
        await running.client.delete(NODES.of("b"))
        await clock.sleep(0.001)
        after = running.keeper.rounds[before:]
        assert [nodes for _, _, nodes, _ in after] == [["b"], []]
        assert {thorough for *_, thorough in after} == {False}


@virtual_time
async def test_a_sign_of_life_is_no_round():
    async with Running(Keeper()) as running:
        await running.node("b")
        await clock.sleep(1)
        before = len(running.keeper.rounds)
        status = {"status": {"conditions": [{"type": "Ready", "status": "True"}]}}
        await running.client.patch(NODES.of("b"), orjson.dumps(status))
        await clock.sleep(1)
        assert len(running.keeper.rounds) == before


@virtual_time
async def test_a_notice_of_the_kernel_is_a_round_at_once():
    outcome = Outcome(links=frozenset({"cni0"}))
    async with Running(Keeper(outcome=lambda backend: outcome)) as running:
        await clock.sleep(1)
        before = len(running.keeper.rounds)
        running.rounds.watch.told(LinkGone("veth1"))
        running.rounds.watch.told(LinkGone("cni0"))
        await clock.sleep(0.001)
        assert len(running.keeper.rounds) == before + 1


@virtual_time
async def test_the_cluster_chooses_the_way_and_a_choice_that_is_none_changes_nothing():
    async with Running(Keeper()) as running:
        await clock.sleep(1)
        await running.choose("vxlan")
        await clock.sleep(1)
        bad = {"data": {"backend": "pigeon"}}
        await running.client.patch(MAPS.of(NAME, MAPS.namespace), orjson.dumps(bad))
        await clock.sleep(1)
        await running.client.delete(MAPS.of(NAME, MAPS.namespace))
        await clock.sleep(1)
        assert [backend for _, backend, *_ in running.keeper.rounds] == ["host-gw", "vxlan", "vxlan", "host-gw"]


@virtual_time
async def test_the_first_round_waits_for_the_choice_but_not_for_ever():
    running = Running(Keeper())
    running.rounds.maps.synced = asyncio.Event().wait
    async with running:
        await clock.sleep(2 * agent.CHOICE_SECONDS)
        assert running.keeper.rounds[0][0] >= agent.CHOICE_SECONDS


@virtual_time
async def test_where_the_vxlan_links_are_is_told_by_the_nodes_own_object_and_taken_back():
    mac = "0a:5a:00:00:00:01"
    async with Running(Keeper(outcome=lambda backend: Outcome(mac if backend == "vxlan" else ""))) as it:
        await it.node("a")
        await it.node("b")
        await it.choose("vxlan")
        await clock.sleep(1)

        async def told(name):
            metadata = orjson.loads(await it.client.get(NODES.of(name)))["metadata"]
            return (metadata.get("annotations") or {}).get(VTEP)

        assert (await told("a"), await told("b")) == (mac, None)
        await it.client.delete(MAPS.of(NAME, MAPS.namespace))
        await clock.sleep(1)
        assert await told("a") is None


@virtual_time
async def test_what_is_left_over_is_looked_at_when_its_time_has_come():
    left = [Outcome(again=2.0)]
    async with Running(Keeper(outcome=lambda backend: left.pop() if left else Outcome())) as running:
        await clock.sleep(10)
        (first, *_), (second, _, _, thorough) = running.keeper.rounds[:2]
        assert (second - first, thorough) == (2.0, False)


@virtual_time
async def test_an_api_that_is_away_keeps_no_round_from_being_done():
    async with Running(Keeper(outcome=lambda backend: Outcome("0a:5a:00:00:00:01", frozenset({"cni0"})))) as running:
        patch, running.client.patch = running.client.patch, lambda *_: asyncio.Event().wait()
        await running.node("a")
        await clock.sleep(30)
        assert running.told == [], "the others do not know yet"
        before = len(running.keeper.rounds)
        running.rounds.watch.told(LinkGone("cni0"))
        await clock.sleep(agent.ANNOUNCE_SECONDS + 0.1)
        assert len(running.keeper.rounds) > before
        running.client.patch = patch
        await clock.sleep(30)
        metadata = orjson.loads(await running.client.get(NODES.of("a")))["metadata"]
        assert metadata["annotations"][VTEP] == "0a:5a:00:00:00:01"


@virtual_time
async def test_what_cannot_be_set_keeps_no_round_from_being_told_and_no_node_from_its_own():
    failed = Outcome("0a:5a:00:00:00:01", frozenset({"cni0"}), failures=(Refused("route", 101),))
    async with Running(Keeper(outcome=lambda backend: failed)) as running:
        await running.node("a")
        await clock.sleep(60)
        assert running.told == [], "not everything is as it should be"
        metadata = orjson.loads(await running.client.get(NODES.of("a")))["metadata"]
        assert metadata["annotations"][VTEP] == failed.vtep
        for change in (running.node("b"), _said(running, LinkGone("cni0"))):
            before = len(running.keeper.rounds)
            await change
            await clock.sleep(0.01)
            assert len(running.keeper.rounds) == before + 1, "at once, however long the failure is waited for"


async def _said(running, notice):
    running.rounds.watch.told(notice)
