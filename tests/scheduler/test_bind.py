import asyncio
from contextlib import asynccontextmanager

import orjson
import pytest

from pyk8s.aio import clock
from pyk8s.api.errors import ApiError, conflict, forbidden, timeout, unavailable
from pyk8s.api.refs import PODS
from pyk8s.client.fake import FakeClient
from pyk8s.client.interface import Binding
from pyk8s.scheduler.bind import Binder
from pyk8s.scheduler.config import Config
from tests.scheduler.makers import pod_object
from tests.virtual import virtual_time

DEFAULT = PODS.within("default")


class Client(FakeClient):
    """Takes a while for each call, remembers them, and loses answers when told to."""

    def __init__(self):
        super().__init__()
        self.batches = []
        self.running = self.most = 0
        self.lose = []
        """What becomes of the next calls: (whether it is carried out, what is raised)."""

    async def bind(self, bindings):
        self.batches.append([one.name for one in bindings])
        self.running += 1
        self.most = max(self.most, self.running)
        await clock.sleep(0.01)
        self.running -= 1
        if not self.lose:
            return await super().bind(bindings)
        carried_out, why = self.lose.pop(0)
        if carried_out:
            await super().bind(bindings)
        raise why

    async def add(self, name):
        made = orjson.loads(await self.create(DEFAULT, orjson.dumps(pod_object(name))))
        return Binding("default", name, made["metadata"]["uid"], "n1")

    def node_of(self, name):
        return self.api.object(DEFAULT, name)["spec"].get("nodeName")


class Outcomes:
    """What the binder told."""

    def __init__(self):
        self.told = {}
        self.count = 0

    def bound(self, binding):
        self._tell(binding.name, "bound")

    def refused(self, binding, why, pod):
        self._tell(binding.name, (why.reason, None if pod is None else pod.metadata.name))

    def _tell(self, name, what):
        assert name not in self.told, "told twice"
        self.told[name] = what


@asynccontextmanager
async def binder(**more):
    client, outcomes = Client(), Outcomes()
    made = Binder(client, outcomes, Config(**more))
    task = asyncio.create_task(made.run())
    try:
        yield client, outcomes, made
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@virtual_time
async def test_a_binding_is_carried_out_and_told():
    async with binder() as (client, outcomes, made):
        made.submit(await client.add("a"))
        await clock.sleep(1)
        assert (outcomes.told, client.node_of("a")) == ({"a": "bound"}, "n1")


@virtual_time
async def test_what_is_submitted_together_goes_in_one_call():
    async with binder() as (client, outcomes, made):
        for binding in [await client.add(f"p{n}") for n in range(50)]:
            made.submit(binding)
        await clock.sleep(1)
        assert len(client.batches) == 1
        assert len(outcomes.told) == 50


@virtual_time
async def test_calls_are_bounded_in_size_and_number():
    async with binder(batch=10, calls=3) as (client, outcomes, made):
        for binding in [await client.add(f"p{n:02d}") for n in range(75)]:
            made.submit(binding)
        await clock.sleep(1)
        assert [len(batch) for batch in client.batches] == [10] * 7 + [5]
        assert client.most == 3
        assert set(outcomes.told.values()) == {"bound"}
        assert len(outcomes.told) == 75


@pytest.mark.parametrize("carried_out", [True, False])
@pytest.mark.parametrize("why", [unavailable("away"), timeout("late")], ids=lambda why: why.reason)
@virtual_time
async def test_a_binding_whose_answer_is_lost_is_sent_again_until_it_is_known(carried_out, why):
    async with binder() as (client, outcomes, made):
        client.lose = [(carried_out, why), (False, why)]
        made.submit(await client.add("a"))
        await clock.sleep(5)
        assert (outcomes.told, client.node_of("a")) == ({"a": "bound"}, "n1")
        assert len(client.batches) == 3


@virtual_time
async def test_a_pod_that_is_gone_is_refused():
    async with binder() as (_, outcomes, made):
        made.submit(Binding("default", "never", "uid", "n1"))
        await clock.sleep(1)
        assert outcomes.told == {"never": ("NotFound", None)}


@virtual_time
async def test_another_pod_of_the_same_name_is_not_meant():
    async with binder() as (client, outcomes, made):
        await client.add("a")
        made.submit(Binding("default", "a", "uid of the pod before", "n1"))
        await clock.sleep(1)
        assert outcomes.told == {"a": ("Conflict", None)}
        assert client.node_of("a") is None


@virtual_time
async def test_a_refusal_shows_the_pod_as_it_is():
    async with binder() as (client, outcomes, made):

        def refuse(verb, ref, body):
            if verb == "bind":
                raise forbidden("", "pods", ref.name, "no")

        client.api.reactions.append(refuse)
        made.submit(await client.add("a"))
        await clock.sleep(1)
        assert outcomes.told == {"a": ("Forbidden", "a")}


@virtual_time
async def test_a_pod_that_another_has_bound_is_told_as_bound():
    async with binder() as (client, outcomes, made):
        binding = await client.add("a")
        await FakeClient(client.api).bind([Binding("default", "a", binding.uid, "elsewhere")])
        made.submit(binding)
        await clock.sleep(1)
        assert (outcomes.told, client.node_of("a")) == ({"a": "bound"}, "elsewhere")


@virtual_time
async def test_one_that_is_refused_does_not_hold_up_the_others():
    async with binder() as (client, outcomes, made):
        good, better = await client.add("good"), await client.add("better")
        for binding in (good, Binding("default", "bad", "uid", "n1"), better):
            made.submit(binding)
        await clock.sleep(1)
        assert outcomes.told == {"good": "bound", "bad": ("NotFound", None), "better": "bound"}


@virtual_time
async def test_a_refusal_that_cannot_be_explained_yet_is_asked_again():
    async with binder() as (client, outcomes, made):
        refusals = [True, True]

        def away(verb, ref, body):
            if verb == "bind":
                raise conflict("", "pods", ref.name, "somebody was faster")
            if verb == "get" and refusals:
                refusals.pop()
                raise ApiError("ServiceUnavailable", "away")

        client.api.reactions.append(away)
        made.submit(await client.add("a"))
        await clock.sleep(10)
        assert outcomes.told == {"a": ("Conflict", "a")}
