"""Status on its way to the API, in virtual time."""

import orjson

from pyk8s.aio import clock
from pyk8s.aio.supervise import Tasks
from pyk8s.api.errors import unavailable
from pyk8s.api.refs import PODS
from pyk8s.client.fake import FakeClient
from pyk8s.kubelet.fields import Facts
from pyk8s.kubelet.spec import pod_of
from pyk8s.kubelet.status.plan import pod_status
from pyk8s.kubelet.status.writer import StatusWriter
from pyk8s.kubelet.values import PodView
from tests.kubelet.values import NOON, running, view
from tests.virtual import virtual_time


class Case:
    async def __aenter__(self):
        self.client, self.failures, self.writes = FakeClient(), [], []
        spec = {"containers": [{"name": "web", "image": "web:1"}]}
        made = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "default"}, "spec": spec}
        body = await self.client.create(PODS.within("default"), orjson.dumps(made))
        self.pod = pod_of(orjson.loads(body))
        self._tasks = await Tasks(self.failures.append).__aenter__()
        self.writer = StatusWriter(self.client, self._tasks)
        patch = self.client.patch

        async def note(ref, body, kind, **options):
            self.writes.append((round(clock.monotonic(), 3), orjson.loads(body)["status"].get("phase")))
            return await patch(ref, body, kind, **options)

        self.client.patch = note
        return self

    async def __aexit__(self, *_):
        await self._tasks.close()
        assert not self.failures

    def publish(self, seen):
        uid = self.pod.metadata.uid
        status = pod_status(self.pod, seen, Facts(host_ips=("1.1.1.1",)), NOON, self.writer.conditions(uid))
        self.writer.publish(self.pod, status)

    async def stored(self):
        return orjson.loads(await self.client.get(PODS.of("p", "default")))["status"]


@virtual_time
async def test_news_are_written_at_once():
    async with Case() as case:
        case.publish(view(running()))
        await clock.sleep(0.01)
        assert (await case.stored())["phase"] == "Running"


@virtual_time
async def test_the_first_word_waits_for_better_news():
    async with Case() as case:
        case.publish(PodView())
        await clock.sleep(0.1)
        assert case.writes == []
        case.publish(view(running()))
        await clock.sleep(0.01)
        assert case.writes == [(0.1, "Running")]


@virtual_time
async def test_without_better_news_the_first_word_is_written_too():
    async with Case() as case:
        case.publish(PodView())
        await clock.sleep(1)
        assert case.writes == [(0.25, "Pending")]


@virtual_time
async def test_the_same_again_is_not_written():
    async with Case() as case:
        for _ in range(3):
            case.publish(view(running()))
            await clock.sleep(1)
        assert len(case.writes) == 1


@virtual_time
async def test_only_the_newest_is_written_after_an_outage():
    async with Case() as case:
        patch, away = case.client.patch, [unavailable("away")] * 3

        async def refuse(*arguments, **options):
            if away:
                raise away.pop()
            return await patch(*arguments, **options)

        case.client.patch = refuse
        case.publish(view())
        await clock.sleep(0.05)
        case.publish(view(running()))
        await clock.sleep(5)
        assert [phase for _, phase in case.writes] == ["Running"]


@virtual_time
async def test_a_namesake_does_not_get_the_status():
    async with Case() as case:
        await case.client.delete(PODS.of("p", "default"), grace_seconds=0)
        other = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "default"}}
        await case.client.create(PODS.within("default"), orjson.dumps({**other, "spec": {"containers": []}}))
        case.publish(view(running()))
        await clock.sleep(1)
        assert (await case.stored())["phase"] == "Pending"


@virtual_time
async def test_flush_waits_until_it_is_written():
    async with Case() as case:
        case.publish(PodView())
        await case.writer.flush(case.pod.metadata.uid)
        assert case.writes == [(0, "Pending")]
        await case.writer.flush("nobody")


@virtual_time
async def test_a_pod_that_is_gone_is_forgotten():
    async with Case() as case:
        case.publish(PodView())
        case.writer.forget(case.pod.metadata.uid)
        await clock.sleep(1)
        assert case.writes == []
        assert case.writer.conditions(case.pod.metadata.uid) == []


@virtual_time
async def test_a_mirror_that_comes_later_is_told_what_is_known():
    async with Case() as case:
        mirror = case.pod.metadata.uid
        case.pod = pod_of({"metadata": {"name": "p", "namespace": "default", "uid": "static"}, "spec": {}})
        case.publish(PodView())
        await clock.sleep(1)
        case.writer.alias("static", mirror)
        await clock.sleep(1)
        assert (await case.stored())["hostIP"] == "1.1.1.1"
        assert case.writer.uid_in_api("static") == mirror
