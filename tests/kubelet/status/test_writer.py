"""The status writer: the newest word reaches the API once, and what others wrote over it is told again."""

import msgspec
import orjson

from pyk8s.aio import clock
from pyk8s.aio.supervise import Tasks
from pyk8s.api.refs import PODS
from pyk8s.client.fake import FakeClient
from pyk8s.client.interface import PatchType
from pyk8s.kubelet.spec import Pod
from pyk8s.kubelet.status.writer import StatusWriter
from tests.virtual import virtual_time

WEB = PODS.of("web", "default")
READY = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}], "containerStatuses": []}


async def running(client):
    """A pod in the API."""
    made = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": {"containers": []}}
    await client.create(PODS.within("default"), orjson.dumps(made))
    return await seen(client)


async def seen(client):
    """The pod as the kubelet reads it."""
    return msgspec.json.decode(await client.get(WEB), type=Pod)


def writes(client):
    """How often the status was written."""
    return sum(verb == "patch" and ref.subresource == "status" for verb, ref, _ in client.api.calls)


async def mark_not_ready(client):
    """What the node controller does for the pods of a silent node."""
    body = orjson.dumps({"status": {"conditions": [{"type": "Ready", "status": "False"}]}})
    await client.patch(WEB.sub("status"), body, PatchType.STRATEGIC)


@virtual_time
async def test_the_same_status_is_written_once():
    client = FakeClient()
    pod = await running(client)
    async with Tasks(failed=print) as tasks:
        writer = StatusWriter(client, tasks)
        for _ in range(3):
            writer.publish(pod, READY)
            await writer.flush(pod.metadata.uid)
            pod = await seen(client)
    assert writes(client) == 1


@virtual_time
async def test_what_somebody_wrote_over_our_conditions_is_put_right():
    client = FakeClient()
    pod = await running(client)
    async with Tasks(failed=print) as tasks:
        writer = StatusWriter(client, tasks)
        writer.publish(pod, READY)
        await writer.flush(pod.metadata.uid)
        await mark_not_ready(client)
        writer.publish(await seen(client), READY)
        await writer.flush(pod.metadata.uid)
    assert [each.status for each in (await seen(client)).status.conditions if each.type == "Ready"] == ["True"]


@virtual_time
async def test_an_older_version_of_the_pod_that_arrives_late_is_no_reason_to_write():
    client = FakeClient()
    pod = await running(client)
    await mark_not_ready(client)
    old = await seen(client)
    async with Tasks(failed=print) as tasks:
        writer = StatusWriter(client, tasks)
        writer.publish(pod, READY)
        await writer.flush(pod.metadata.uid)
        before = writes(client)
        writer.publish(old, READY)
        await clock.sleep(1)
    assert writes(client) == before
