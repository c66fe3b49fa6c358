import asyncio
from types import SimpleNamespace

import pytest

from pyk8s.aio.clock import monotonic
from pyk8s.apiserver.chain.flow import flow
from pyk8s.apiserver.chain.parts import Limits
from pyk8s.apiserver.request import Answer
from tests.apiserver.makers import ADMIN, ALICE, refused, request
from tests.virtual import virtual_time


class Gate:
    """A handler that waits until it is opened."""

    def __init__(self):
        self.open = asyncio.Event()
        self.entered = asyncio.Event()

    async def __call__(self, made):
        self.entered.set()
        await self.open.wait()
        return Answer(b"{}")


@pytest.mark.parametrize(("verb", "limits"), [("get", Limits(reads=1)), ("create", Limits(writes=1))])
async def test_what_is_over_the_limit_is_refused_at_once_with_a_word_when_to_come_again(verb, limits):
    gate = Gate()
    handle = flow(gate, SimpleNamespace(limits=limits))
    first = asyncio.create_task(handle(request(verb, user=ALICE)))
    await gate.entered.wait()
    error = await refused(handle(request(verb, user=ALICE)))
    assert (error.code, error.retry_after, limits.refused) == (429, 1, 1)
    gate.open.set()
    await first
    assert (limits.reading, limits.writing) == (0, 0)


async def test_reads_do_not_take_the_places_of_writes():
    gate = Gate()
    handle = flow(gate, SimpleNamespace(limits=Limits(reads=1, writes=1)))
    tasks = [asyncio.create_task(handle(request(verb, user=ALICE))) for verb in ("get", "create")]
    gate.open.set()
    assert [answer.code for answer in await asyncio.gather(*tasks)] == [200, 200]


@pytest.mark.parametrize("let_in", [request(user=ADMIN), request(plural="", path="/healthz", user=ALICE)])
async def test_administrators_and_health_checks_are_always_let_in(let_in):
    gate = Gate()
    gate.open.set()
    handle = flow(gate, SimpleNamespace(limits=Limits(reads=0)))
    assert (await handle(let_in)).code == 200


@virtual_time
async def test_a_request_that_takes_too_long_is_ended():
    handle = flow(Gate(), SimpleNamespace(limits=Limits(seconds=5)))
    for verb in ("get", "create"):
        with pytest.raises(TimeoutError):
            await handle(request(verb, user=ALICE))
    assert monotonic() == 10


async def test_a_failed_request_gives_its_place_back():
    async def fail(made):
        raise ValueError

    limits = Limits(reads=1)
    handle = flow(fail, SimpleNamespace(limits=limits))
    with pytest.raises(ValueError):
        await handle(request(user=ALICE))
    assert limits.reading == 0
