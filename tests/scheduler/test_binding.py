"""The scheduler and its bindings, on an API that is slow, forgetful or away, in virtual time."""

from collections import Counter

import orjson
import pytest

from pyk8s.aio import clock
from pyk8s.api.errors import forbidden, unavailable
from pyk8s.api.refs import PODS
from pyk8s.client.fake import FakeClient
from tests.scheduler.world import DEFAULT, world
from tests.virtual import virtual_time


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
