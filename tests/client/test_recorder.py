"""Events told about objects."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from pyk8s.aio import clock
from pyk8s.api.errors import unavailable
from pyk8s.api.refs import EVENTS
from pyk8s.client.fake import FakeClient
from pyk8s.client.recorder import BURST, WAITING, Correlator, Recorder, Regarding
from tests.virtual import virtual_time

WEB = Regarding("v1", "Pod", "web", "shop", "uid-1", field_path="spec.containers{main}")


@asynccontextmanager
async def recording(client):
    recorder = Recorder(client, "kubelet", "node-1")
    task = asyncio.create_task(recorder.run())
    yield recorder
    await recorder.flush()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@virtual_time
async def test_an_event_says_what_happened_to_what():
    client = FakeClient()
    async with recording(client) as recorder:
        recorder.event(WEB, "Normal", "Pulled", "Image is there")
    (event,) = client.api.objects(EVENTS)
    assert event["involvedObject"] == {
        "apiVersion": "v1",
        "kind": "Pod",
        "name": "web",
        "namespace": "shop",
        "uid": "uid-1",
        "fieldPath": "spec.containers{main}",
    }
    assert event["source"] == {"component": "kubelet", "host": "node-1"}
    assert (event["type"], event["reason"], event["count"]) == ("Normal", "Pulled", 1)
    assert event["metadata"]["namespace"] == "shop"
    assert event["firstTimestamp"] == event["lastTimestamp"]


@virtual_time
async def test_the_same_again_is_counted():
    client = FakeClient()
    async with recording(client) as recorder:
        for _ in range(3):
            recorder.event(WEB, "Warning", "BackOff", "restarting")
            await recorder.flush()
            await clock.sleep(10)
    (event,) = client.api.objects(EVENTS)
    assert event["count"] == 3
    assert event["lastTimestamp"] > event["firstTimestamp"]


@virtual_time
async def test_a_counted_event_that_is_gone_is_told_anew():
    client = FakeClient()
    async with recording(client) as recorder:
        recorder.event(WEB, "Warning", "BackOff", "restarting")
        await recorder.flush()
        await client.delete_collection(EVENTS)
        recorder.event(WEB, "Warning", "BackOff", "restarting")
    assert len(client.api.objects(EVENTS)) == 1


@virtual_time
async def test_events_of_cluster_scoped_objects_are_in_default():
    client = FakeClient()
    async with recording(client) as recorder:
        recorder.event(Regarding("v1", "Node", "node-1"), "Normal", "NodeReady", "up")
    assert client.api.objects(EVENTS)[0]["metadata"]["namespace"] == "default"


@virtual_time
async def test_an_outage_is_waited_out():
    client = FakeClient()
    async with recording(client) as recorder:
        client.api.down = True
        recorder.event(WEB, "Normal", "Pulled", "there")
        await clock.sleep(1)
        client.api.down = False
    assert len(client.api.objects(EVENTS)) == 1


@virtual_time
async def test_a_long_outage_drops_the_event_and_goes_on():
    client = FakeClient()

    def refuse(verb, ref, body):
        raise unavailable("no")

    client.api.reactions.append(refuse)
    async with recording(client) as recorder:
        recorder.event(WEB, "Normal", "Pulled", "there")
        await recorder.flush()
        client.api.reactions.clear()
        recorder.event(WEB, "Normal", "Started", "running")
    assert recorder.dropped == 1
    assert [event["reason"] for event in client.api.objects(EVENTS)] == ["Started"]


@virtual_time
async def test_more_than_can_wait_is_dropped():
    recorder = Recorder(FakeClient(), "kubelet")
    for _ in range(WAITING + 5):
        recorder.event(WEB, "Normal", "Pulled", "there")
    assert recorder.dropped == 5


def note(correlator, reason="R", message="m", now=0.0, about=WEB):
    return correlator.note(about, "Normal", reason, message, now, "t")


def test_one_object_cannot_flood():
    correlator = Correlator()
    told = [note(correlator, now=0.0) for _ in range(BURST + 10)]
    assert sum(one is not None for one in told) == BURST
    assert note(correlator, now=299.0) is None
    assert note(correlator, now=601.0) is not None


def test_another_object_is_not_held_up_by_it():
    correlator = Correlator()
    for _ in range(BURST + 1):
        note(correlator)
    assert note(correlator, about=Regarding("v1", "Pod", "db", "shop")) is not None


@pytest.mark.parametrize(("within", "combined"), [(1.0, True), (100.0, False)], ids=["quickly", "slowly"])
def test_similar_messages_are_combined_when_they_come_quickly(within, combined):
    correlator = Correlator()
    told = [note(correlator, message=f"try {number}", now=number * within) for number in range(12)]
    messages = [message for _, message in told]
    assert any("combined" in message for message in messages) is combined
    assert messages[:9] == [f"try {number}" for number in range(9)]
