"""The scheduler at work on an API in memory, in virtual time."""

import asyncio
from collections import Counter
from contextlib import asynccontextmanager

import orjson
import pytest

from pyk8s.aio import clock
from pyk8s.api.errors import forbidden, unavailable
from pyk8s.api.refs import EVENTS, NODES, PODS
from pyk8s.client.fake import FakeClient
from pyk8s.scheduler import Config, ConfigInvalid, run
from tests.scheduler.makers import node_object, pod_object
from tests.virtual import virtual_time

DEFAULT = PODS.within("default")


class World:
    """An API and a way to start and kill schedulers on it."""

    def __init__(self):
        self.client = FakeClient()
        self.api = self.client.api
        self._tasks = []

    async def nodes(self, *names, **more):
        for name in names:
            await self.client.create(NODES, orjson.dumps(node_object(name, **more)))

    async def pods(self, *names, **more):
        for name in names:
            await self.client.create(DEFAULT, orjson.dumps(pod_object(name, **more)))

    async def start(self, client=None, **config):
        """A scheduler that has read everything."""
        started = asyncio.Event()
        task = asyncio.create_task(run(client or self.client, Config(**config), started=started.set))
        self._tasks.append(task)
        await started.wait()
        return task

    async def kill(self, task):
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def close(self):
        for task in self._tasks:
            await self.kill(task)

    def where(self):
        """Pod to node."""
        return {pod["metadata"]["name"]: pod["spec"].get("nodeName", "") for pod in self.api.objects(PODS)}

    def condition(self, name):
        held = self.api.object(DEFAULT, name)["status"].get("conditions") or []
        return next((one for one in held if one["type"] == "PodScheduled"), {})


@asynccontextmanager
async def world():
    made = World()
    try:
        yield made
    finally:
        await made.close()


@virtual_time
async def test_pods_that_wait_get_nodes():
    async with world() as made:
        await made.nodes("n1", "n2")
        await made.pods("a", "b", cpu="1")
        await made.start()
        await clock.sleep(1)
        assert sorted(made.where().values()) == ["n1", "n2"]
        assert {one["reason"] for one in made.api.objects(EVENTS)} == {"Scheduled"}


@virtual_time
async def test_pods_and_nodes_that_come_later_are_seen():
    async with world() as made:
        await made.start()
        await made.pods("a")
        await clock.sleep(1)
        assert made.condition("a")["message"] == "no nodes available to schedule pods"
        await made.nodes("n1")
        await clock.sleep(2)
        assert made.where() == {"a": "n1"}


@virtual_time
async def test_a_pod_that_fits_nowhere_says_why():
    async with world() as made:
        await made.nodes("n1", taints=["role=x:NoSchedule"])
        await made.nodes("n2", "n3", cpu="1")
        await made.start()
        await made.pods("a", cpu="2")
        await clock.sleep(1)
        told = "0/3 nodes are available: 1 node(s) had untolerated taint {role: x}, 2 Insufficient cpu."
        assert (made.condition("a")["status"], made.condition("a")["message"]) == ("False", told)
        assert [(one["reason"], one["message"]) for one in made.api.objects(EVENTS)] == [("FailedScheduling", told)]


@virtual_time
async def test_room_that_becomes_free_is_used():
    async with world() as made:
        await made.nodes("n1", cpu="1")
        await made.start()
        await made.pods("a", cpu="1")
        await clock.sleep(1)
        await made.pods("b", cpu="1")
        await clock.sleep(1)
        assert made.where() == {"a": "n1", "b": ""}
        await made.client.delete(DEFAULT.of("a"), grace_seconds=0)
        await clock.sleep(3)
        assert made.where() == {"b": "n1"}


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
@virtual_time
async def test_a_pod_that_has_ended_takes_no_room(phase):
    async with world() as made:
        await made.nodes("n1", cpu="1")
        await made.start()
        await made.pods("a", cpu="1")
        await clock.sleep(1)
        ended = orjson.dumps({"status": {"phase": phase}})
        await made.client.patch(DEFAULT.of("a").sub("status"), ended)
        await made.pods("b", cpu="1")
        await clock.sleep(3)
        assert made.where()["b"] == "n1"


@virtual_time
async def test_a_node_that_changes_is_looked_at_again():
    async with world() as made:
        await made.nodes("n1", unschedulable=True)
        await made.start()
        await made.pods("a")
        await clock.sleep(1)
        assert made.where() == {"a": ""}
        await made.client.patch(NODES.of("n1"), orjson.dumps({"spec": {"unschedulable": False}}))
        await clock.sleep(2)
        assert made.where() == {"a": "n1"}


@virtual_time
async def test_pods_of_higher_priority_get_the_room():
    async with world() as made:
        await made.nodes("n1", cpu="2")
        for name, priority in (("low", 1), ("high", 100), ("middle", 50)):
            await made.pods(name, cpu="1", priority=priority)
        await made.start()
        await clock.sleep(1)
        assert made.where() == {"high": "n1", "middle": "n1", "low": ""}


@pytest.mark.parametrize(
    "more",
    [{"schedulerName": "another"}, {"schedulingGates": [{"name": "wait"}]}, {"node": "n9"}],
    ids=["another scheduler", "a gate", "a node already"],
)
@virtual_time
async def test_some_pods_are_left_alone(more):
    async with world() as made:
        await made.nodes("n1")
        await made.start()
        await made.pods("a", **more)
        await clock.sleep(5)
        assert made.where() == {"a": more.get("node", "")}
        assert not made.api.objects(EVENTS)


@virtual_time
async def test_a_pod_is_scheduled_when_its_gate_opens():
    async with world() as made:
        await made.nodes("n1")
        await made.start()
        await made.pods("a", schedulingGates=[{"name": "wait"}])
        await clock.sleep(1)
        await made.client.patch(DEFAULT.of("a"), orjson.dumps({"spec": {"schedulingGates": None}}))
        await clock.sleep(1)
        assert made.where() == {"a": "n1"}


@virtual_time
async def test_each_scheduler_has_its_own_pods_and_sees_those_of_others():
    async with world() as made:
        await made.nodes("n1", cpu="2")
        await made.start(name="one")
        await made.start(name="two")
        await made.pods("a", cpu="1", schedulerName="one")
        await clock.sleep(1)
        await made.pods("b", cpu="1", schedulerName="two")
        await clock.sleep(1)
        await made.pods("c", cpu="1", schedulerName="one")
        await clock.sleep(1)
        assert made.where() == {"a": "n1", "b": "n1", "c": ""}
        sources = {one["involvedObject"]["name"]: one["source"]["component"] for one in made.api.objects(EVENTS)}
        assert sources == {"a": "one", "b": "two", "c": "one"}


@virtual_time
async def test_a_pod_that_is_deleted_while_it_waits_is_forgotten():
    async with world() as made:
        await made.start()
        await made.pods("a")
        await clock.sleep(1)
        await made.client.delete(DEFAULT.of("a"), grace_seconds=0)
        await made.nodes("n1")
        await clock.sleep(2)
        assert [one["reason"] for one in made.api.objects(EVENTS)] == ["FailedScheduling"]
        assert not [verb for verb, _, _ in made.api.calls if verb == "bind"]


class Clumsy(FakeClient):
    """Bindings take a second; some are carried out and never answered."""

    def __init__(self, api, lose=0):
        super().__init__(api)
        self.lose = lose

    async def bind(self, bindings):
        await clock.sleep(1)
        answers = await super().bind(bindings)
        if self.lose:
            self.lose -= 1
            raise unavailable("the answer is lost")
        return answers


def committed(made):
    """Millicores that pods ask for on each node, and how often each pod was bound."""
    used = Counter()
    for pod in made.api.objects(PODS):
        cpu = pod["spec"]["containers"][0]["resources"]["requests"].get("cpu", "0")
        used[pod["spec"].get("nodeName", "")] += int(cpu) * 1000
    return used


@virtual_time
async def test_pods_on_their_way_hold_their_places():
    async with world() as made:
        await made.nodes("n1", cpu="2")
        await made.start(Clumsy(made.api))
        await made.pods("a", "b", cpu="1")
        await clock.sleep(0.5)
        await made.pods("c", cpu="1")
        await clock.sleep(5)
        assert committed(made) == {"n1": 2000, "": 1000}


@virtual_time
async def test_a_lost_answer_neither_loses_nor_doubles_a_pod():
    async with world() as made:
        await made.nodes("n1", "n2", cpu="2")
        await made.start(Clumsy(made.api, lose=3))
        await made.pods(*"abcde", cpu="1")
        await clock.sleep(60)
        assert committed(made) == {"n1": 2000, "n2": 2000, "": 1000}


@pytest.mark.parametrize("after", [0.0, 0.5, 1.0, 1.5])
@virtual_time
async def test_killed_in_the_middle_of_binding_it_loses_and_doubles_nothing(after):
    async with world() as made:
        await made.nodes("n1", "n2", "n3", cpu="4")
        first = await made.start(Clumsy(made.api, lose=1), batch=3, calls=2)
        await made.pods(*(f"p{n:02d}" for n in range(12)), cpu="1")
        await clock.sleep(after)
        await made.kill(first)
        await made.pods("late", cpu="1")
        await made.start(Clumsy(made.api))
        await clock.sleep(60)
        assert committed(made) == {"n1": 4000, "n2": 4000, "n3": 4000, "": 1000}
        assert list(made.where().values()).count("") == 1


@virtual_time
async def test_a_pod_that_is_deleted_while_it_is_bound_frees_its_place():
    async with world() as made:
        await made.nodes("n1", cpu="1")
        await made.start(Clumsy(made.api))
        await made.pods("a", cpu="1")
        await clock.sleep(0.5)
        await made.client.delete(DEFAULT.of("a"), grace_seconds=0)
        await made.pods("b", cpu="1")
        await clock.sleep(10)
        assert made.where() == {"b": "n1"}


@virtual_time
async def test_a_new_pod_of_the_name_of_one_that_is_bound_is_scheduled_too():
    async with world() as made:
        await made.nodes("n1", cpu="1")
        await made.start(Clumsy(made.api))
        await made.pods("a", cpu="1")
        await clock.sleep(0.5)
        await made.client.delete(DEFAULT.of("a"), grace_seconds=0)
        await made.pods("a", cpu="1")
        await clock.sleep(10)
        assert made.where() == {"a": "n1"}


@virtual_time
async def test_a_binding_that_is_refused_is_tried_again_after_a_backoff():
    async with world() as made:
        await made.nodes("n1")
        refusals = [True, True]

        def react(verb, ref, body):
            if verb == "bind" and refusals:
                refusals.pop()
                raise forbidden("", "pods", "a", "not yet")

        made.api.reactions.append(react)
        await made.start()
        await made.pods("a")
        await clock.sleep(0.5)
        assert made.where() == {"a": ""}
        await clock.sleep(10)
        assert made.where() == {"a": "n1"}


@virtual_time
async def test_an_api_that_is_away_for_a_while_costs_nothing_but_time():
    async with world() as made:
        await made.nodes("n1", "n2", cpu="4")
        await made.start()
        await made.pods(*"abcd", cpu="1")
        await clock.sleep(0)
        made.api.down = True
        await clock.sleep(30)
        made.api.down = False
        await made.pods("e", cpu="1")
        await clock.sleep(30)
        assert sorted(Counter(made.where().values()).values()) == [2, 3]
        assert "" not in made.where().values()


@virtual_time
async def test_a_pod_that_shrinks_below_what_is_free_is_placed():
    async with world() as made:
        await made.nodes("n1", cpu="1")
        await made.start()
        await made.pods("a", cpu="2")
        await clock.sleep(1)
        assert made.where() == {"a": ""}
        smaller = {"spec": {"containers": [{"name": "main", "resources": {"requests": {"cpu": "1"}}}]}}
        await made.client.patch(DEFAULT.of("a"), orjson.dumps(smaller))
        await clock.sleep(1)
        assert made.where() == {"a": "n1"}


@virtual_time
async def test_heartbeats_wake_nobody():
    async with world() as made:
        await made.nodes("n1", cpu="1")
        await made.start()
        await made.pods("a", cpu="2")
        await clock.sleep(1)
        for n in range(20):
            beat = {"status": {"conditions": [{"type": "Ready", "status": "True", "lastHeartbeatTime": str(n)}]}}
            await made.client.patch(NODES.of("n1").sub("status"), orjson.dumps(beat))
            await clock.sleep(1)
        assert [one["count"] for one in made.api.objects(EVENTS)] == [1]


@virtual_time
async def test_many_pods_are_bound_in_few_calls():
    async with world() as made:
        await made.nodes(*(f"n{n}" for n in range(5)))
        await made.pods(*(f"p{n}" for n in range(100)), cpu="10m", owner="rs")
        calls = []
        original = FakeClient.bind

        class Counted(FakeClient):
            async def bind(self, bindings):
                calls.append(len(bindings))
                return await original(self, bindings)

        await made.start(Counted(made.api))
        await clock.sleep(1)
        assert set(Counter(made.where().values()).values()) == {20}
        assert len(calls) <= 5


async def test_a_wrong_config_is_refused():
    with pytest.raises(ConfigInvalid, match="schedulerName"):
        await run(FakeClient(), {"schedulerName": ""})


class Late(FakeClient):
    """Tells of changes two seconds after they happened."""

    async def watch(self, ref, **more):
        async for batch in super().watch(ref, **more):
            await clock.sleep(2)
            yield batch


@pytest.mark.parametrize("when", [1.0, 2.5])
@virtual_time
async def test_news_from_before_a_binding_does_not_bind_a_pod_twice(when):
    async with world() as made:
        await made.nodes("n1", "n2")
        await made.start(Late(made.api))
        await made.pods("a")
        await clock.sleep(when)
        await made.client.patch(DEFAULT.of("a"), orjson.dumps({"metadata": {"labels": {"new": "1"}}}))
        await clock.sleep(20)
        assert [verb for verb, _, _ in made.api.calls].count("bind") == 1
        assert made.where() != {"a": ""}
