"""The scheduler at work on an API in memory, in virtual time."""

import asyncio
from collections import Counter

import orjson
import pytest

from pyk8s.aio import clock
from pyk8s.api.refs import EVENTS, LEASES, NODES
from pyk8s.client.fake import FakeClient
from pyk8s.scheduler import Config, ConfigInvalid, run
from tests.scheduler.world import DEFAULT, world
from tests.virtual import virtual_time


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


async def test_a_wrong_config_is_refused():
    with pytest.raises(ConfigInvalid, match="schedulerName"):
        await run(FakeClient(), {"schedulerName": ""})


@virtual_time
async def test_one_of_two_processes_schedules_and_the_other_goes_on_when_it_ends():
    async with world() as made:
        await made.nodes("n1")
        first = await made.start(leader_election=True)
        begun, waits = asyncio.Event(), asyncio.Event()
        config = Config(leader_election=True)
        second = asyncio.create_task(run(made.client, config, started=begun.set, waiting=waits.set))
        await clock.sleep(60)
        assert waits.is_set()
        assert not begun.is_set()
        await made.kill(first)
        await made.pods("a")
        await clock.sleep(5)
        assert made.where() == {"a": "n1"}
        assert begun.is_set()
        assert made.api.object(LEASES, "kube-scheduler", "kube-system")["spec"]["leaseTransitions"] == 1
        await made.kill(second)
