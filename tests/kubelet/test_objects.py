"""Config maps and secrets, each watched while a pod needs it."""

import orjson
import pytest

from pyk8s.aio import clock
from pyk8s.aio.supervise import Tasks
from pyk8s.api.errors import unavailable
from pyk8s.api.refs import CONFIG_MAPS
from pyk8s.client.fake import FakeClient
from pyk8s.kubelet.errors import PodError
from pyk8s.kubelet.objects import Objects
from tests.virtual import virtual_time


class Case:
    async def __aenter__(self):
        self.client, self.changed, failures = FakeClient(), [], []
        self._tasks = await Tasks(failures.append).__aenter__()
        self.objects = Objects(self.client, self.changed.append, self._tasks)
        return self

    async def __aexit__(self, *_):
        await self._tasks.close()

    async def make(self, name, **data):
        made = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "ns"}, "data": data}
        await self.client.create(CONFIG_MAPS.within("ns"), orjson.dumps(made))

    async def patch(self, name, **data):
        await self.client.patch(CONFIG_MAPS.of(name, "ns"), orjson.dumps({"data": data}))
        await clock.sleep(0.01)


@virtual_time
async def test_what_is_there_is_found_and_what_is_not_is_absent():
    async with Case() as case:
        await case.make("a", k="1")
        found = await case.objects.config_maps("pod", "ns", ["a", "none"])
        assert {name: obj["data"] for name, obj in found.items()} == {"a": {"k": "1"}}
        assert case.changed == []


@virtual_time
async def test_nothing_is_asked_for_nothing():
    async with Case() as case:
        assert await case.objects.secrets("pod", "ns", []) == {}
        assert len(case.objects) == 0


@virtual_time
async def test_every_user_is_told_of_a_change():
    async with Case() as case:
        await case.make("a", k="1")
        for uid in ("one", "two"):
            await case.objects.config_maps(uid, "ns", ["a"])
        await case.patch("a", k="2")
        assert sorted(case.changed) == ["one", "two"]
        found = await case.objects.config_maps("one", "ns", ["a"])
        assert found["a"]["data"] == {"k": "2"}


@virtual_time
async def test_what_comes_later_is_told():
    async with Case() as case:
        await case.objects.config_maps("pod", "ns", ["late"])
        await case.make("late")
        await clock.sleep(0.01)
        assert case.changed == ["pod"]


@virtual_time
async def test_what_nobody_needs_is_no_longer_followed():
    async with Case() as case:
        await case.make("a", k="1")
        await case.objects.config_maps("one", "ns", ["a"])
        await case.objects.config_maps("two", "ns", ["a"])
        case.objects.release("one")
        await case.patch("a", k="2")
        assert case.changed == ["two"]
        case.objects.release("two")
        assert len(case.objects) == 0


@virtual_time
async def test_only_the_named_object_is_asked_for():
    async with Case() as case:
        asked = []
        listing = case.client.list

        async def note(ref, **options):
            asked.append((ref.namespace, options["fields"]))
            return await listing(ref, **options)

        case.client.list = note
        await case.objects.config_maps("pod", "ns", ["a"])
        assert asked == [("ns", "metadata.name=a")]


@virtual_time
async def test_an_api_that_does_not_answer_is_an_error_of_the_pod():
    async with Case() as case:

        async def away(ref, **options):
            raise unavailable("away")

        case.client.list = away
        with pytest.raises(PodError, match="configmaps a: no answer from the API within 10 s"):
            await case.objects.config_maps("pod", "ns", ["a"])
