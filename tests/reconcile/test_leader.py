"""One of several processes does the work."""

import asyncio

import pytest

from pyk8s.aio import clock
from pyk8s.api.errors import unavailable
from pyk8s.api.refs import LEASES
from pyk8s.client.fake import FakeApi, FakeClient
from pyk8s.reconcile.leader import RELEASE_SECONDS, Leader, Step, identity, plan_lease
from tests.virtual import virtual_time


@pytest.mark.parametrize(
    ("spec", "unchanged", "step"),
    [
        pytest.param(None, 0, Step.CREATE, id="no lease"),
        pytest.param({"holderIdentity": "me", "leaseDurationSeconds": 15}, 0, Step.RENEW, id="mine"),
        pytest.param({"holderIdentity": "me", "leaseDurationSeconds": 15}, 99, Step.RENEW, id="mine, long ago"),
        pytest.param({"holderIdentity": "you", "leaseDurationSeconds": 15}, 14.9, Step.WAIT, id="another's"),
        pytest.param({"holderIdentity": "you", "leaseDurationSeconds": 15}, 15, Step.TAKE, id="another's, run out"),
        pytest.param({"holderIdentity": ""}, 0, Step.TAKE, id="given up"),
    ],
)
def test_plan(spec, unchanged, step):
    assert plan_lease(spec, "me", unchanged) is step


class Candidate:
    """A process that leads when it may, and notes when."""

    def __init__(self, api, name):
        self.client = FakeClient(api)
        self.leader = Leader(client=self.client, namespace="kube-system", name="lock", identity=name)
        self.leading, self.terms = False, 0
        self.stop = asyncio.Event()
        self.task = asyncio.create_task(self.leader.run(self._work))

    async def _work(self):
        self.leading = True
        self.terms += 1
        try:
            await self.stop.wait()
        finally:
            self.leading = False

    async def kill(self):
        """As SIGTERM ends it."""
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)

    async def crash(self):
        """As SIGKILL ends it: with no last word."""

        async def patch(*_, **__):
            raise unavailable("dead")

        self.client.patch = patch
        await self.kill()


@virtual_time
async def test_one_leads_and_the_other_follows_when_it_dies():
    api = FakeApi()
    first = Candidate(api, "a")
    await clock.sleep(1)
    second = Candidate(api, "b")
    await clock.sleep(60)
    assert (first.leading, second.leading) == (True, False)
    await first.crash()
    died = clock.monotonic()
    while not second.leading:
        await clock.sleep(0.5)
    assert 13 <= clock.monotonic() - died <= 18
    assert api.object(LEASES, "lock", "kube-system")["spec"]["leaseTransitions"] == 1
    await second.kill()


@virtual_time
async def test_a_leader_that_ends_in_good_order_gives_up_at_once():
    api = FakeApi()
    first = Candidate(api, "a")
    await clock.sleep(1)
    second = Candidate(api, "b")
    await clock.sleep(10)
    first.stop.set()
    await first.task
    await clock.sleep(2.5)
    assert second.leading
    await second.kill()


@virtual_time
async def test_a_leader_that_is_told_to_end_gives_up_at_once_after_the_last_of_its_work():
    api = FakeApi()
    first = Candidate(api, "a")
    await clock.sleep(1)
    second = Candidate(api, "b")
    await clock.sleep(10)
    assert not second.leading
    await first.kill()
    assert not first.leading
    assert not api.object(LEASES, "lock", "kube-system")["spec"]["holderIdentity"]
    await clock.sleep(2.5)
    assert second.leading
    await second.kill()


@virtual_time
async def test_an_api_that_does_not_answer_does_not_keep_a_leader_from_ending():
    first = Candidate(FakeApi(), "a")
    await clock.sleep(1)

    async def patch(*_, **__):
        await asyncio.Event().wait()

    first.client.patch = patch
    before = clock.monotonic()
    await first.kill()
    assert clock.monotonic() - before <= RELEASE_SECONDS


@virtual_time
async def test_who_waits_is_told_so_once_and_who_leads_at_once_is_not():
    api, told = FakeApi(), []

    def process(name):
        leader = Leader(client=FakeClient(api), namespace="kube-system", name="lock", identity=name)
        return asyncio.create_task(leader.run(asyncio.Event().wait, waiting=lambda: told.append(name)))

    tasks = [process("a")]
    await clock.sleep(1)
    tasks.append(process("b"))
    await clock.sleep(30)
    assert told == ["b"]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def test_no_two_processes_have_the_same_name():
    assert identity() != identity()


@virtual_time
async def test_whoever_cannot_renew_stops_before_anybody_else_may_begin():
    api = FakeApi()
    first = Candidate(api, "a")
    await clock.sleep(1)
    assert first.leading
    api.down = True
    await clock.sleep(14)
    assert not first.leading
    api.down = False
    await clock.sleep(20)
    assert first.leading
    assert first.terms == 2
    await first.kill()


@virtual_time
async def test_two_that_begin_together_do_not_both_lead():
    api = FakeApi()
    candidates = [Candidate(api, name) for name in "abc"]
    for _ in range(30):
        await clock.sleep(1)
        assert sum(one.leading for one in candidates) == 1
    for one in candidates:
        await one.kill()


@virtual_time
async def test_a_leader_whose_lease_was_taken_stops():
    api = FakeApi()
    first = Candidate(api, "a")
    await clock.sleep(1)
    held = api.object(LEASES, "lock", "kube-system")
    api.put(LEASES, {**held, "spec": {**held["spec"], "holderIdentity": "usurper"}})
    await clock.sleep(5)
    assert not first.leading
    await first.kill()


@virtual_time
async def test_a_mistake_of_the_work_is_raised():
    async def work():
        raise ValueError("broken")

    leader = Leader(client=FakeClient(), namespace="kube-system", name="lock", identity="a")
    with pytest.raises(ValueError, match="broken"):
        await leader.run(work)
