import asyncio
from contextlib import asynccontextmanager

import orjson
import pytest

from pyk8s.aio import clock
from pyk8s.api.errors import unavailable
from pyk8s.api.refs import EVENTS, PODS
from pyk8s.client.fake import FakeClient
from pyk8s.scheduler import objects
from pyk8s.scheduler.report import Reporter, condition_patch
from tests.scheduler.makers import pod_object
from tests.virtual import virtual_time

DEFAULT = PODS.within("default")
MESSAGE = "0/1 nodes are available: 1 Insufficient cpu."


@asynccontextmanager
async def reporter():
    client = FakeClient()
    made = Reporter(client, "default-scheduler")
    task = asyncio.create_task(made.run())
    try:
        yield client, made
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def added(client, name="a"):
    return objects.pod(await client.create(DEFAULT, orjson.dumps(pod_object(name))))


def conditions(client, name="a"):
    return client.api.object(DEFAULT, name)["status"].get("conditions")


def events(client):
    return [(one["type"], one["reason"], one["message"]) for one in client.api.objects(EVENTS)]


@virtual_time
async def test_a_pod_that_was_placed_is_told_by_an_event():
    async with reporter() as (client, made):
        made.scheduled(await added(client), "n1")
        await clock.sleep(1)
        assert events(client) == [("Normal", "Scheduled", "Successfully assigned default/a to n1")]
        (event,) = client.api.objects(EVENTS)
        assert (event["involvedObject"]["name"], event["source"]["component"]) == ("a", "default-scheduler")


@virtual_time
async def test_a_pod_that_fits_nowhere_says_so_by_event_and_condition():
    async with reporter() as (client, made):
        made.refused(await added(client), MESSAGE)
        await clock.sleep(1)
        assert events(client) == [("Warning", "FailedScheduling", MESSAGE)]
        (condition,) = conditions(client)
        assert (condition["type"], condition["status"], condition["reason"]) == (
            "PodScheduled",
            "False",
            "Unschedulable",
        )
        assert condition["message"] == MESSAGE
        assert condition["lastTransitionTime"].startswith("2023-11-14T22:13:2")


@virtual_time
async def test_the_same_again_is_not_written():
    async with reporter() as (client, made):
        made.refused(await added(client), MESSAGE)
        await clock.sleep(1)
        told = objects.pod(await client.get(DEFAULT.of("a")))
        made.refused(told, MESSAGE)
        await clock.sleep(1)
        assert [verb for verb, ref, _ in client.api.calls if ref.subresource == "status"] == ["patch"]
        made.refused(told, "something else")
        await clock.sleep(1)
        assert conditions(client)[0]["message"] == "something else"


@virtual_time
async def test_only_the_last_of_several_messages_is_written():
    async with reporter() as (client, made):
        one = await added(client)
        for n in range(5):
            made.refused(one, f"message {n}")
        await clock.sleep(1)
        assert [ref.subresource for verb, ref, _ in client.api.calls if verb == "patch"].count("status") == 1
        assert conditions(client)[0]["message"] == "message 4"


@virtual_time
async def test_a_pod_that_was_placed_after_all_is_not_called_unschedulable():
    async with reporter() as (client, made):
        one = await added(client)
        made.refused(one, MESSAGE)
        made.scheduled(one, "n1")
        await clock.sleep(1)
        assert not conditions(client)


@virtual_time
async def test_an_api_that_is_away_stops_nothing():
    async with reporter() as (client, made):
        first, second = await added(client), await added(client, "b")
        away = [True]

        def react(verb, ref, body):
            if verb == "patch" and away:
                away.pop()
                raise unavailable("away")

        client.api.reactions.append(react)
        made.refused(first, MESSAGE)
        made.refused(second, MESSAGE)
        await clock.sleep(1)
        assert not conditions(client)
        assert conditions(client, "b")


@pytest.mark.parametrize(("status", "has_time"), [("False", False), ("True", True), (None, True)])
def test_the_time_of_the_transition_changes_only_with_the_status(status, has_time):
    held = [{"type": "PodScheduled", "status": status}] if status else []
    one = objects.pod(orjson.dumps({**pod_object("a"), "status": {"conditions": held}}))
    patch = orjson.loads(condition_patch(one, MESSAGE, "2024-01-01T00:00:00Z"))
    assert ("lastTransitionTime" in patch["status"]["conditions"][0]) is has_time
    assert patch["metadata"]["uid"] == "uid-a"
