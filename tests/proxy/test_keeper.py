"""The loop, in virtual time, on a fake kernel."""

import asyncio
from datetime import UTC, datetime

import pytest

from pyk8s.aio import clock
from pyk8s.kernel.conntrack.fake import FakeConntrack
from pyk8s.kernel.conntrack.values import Flow
from pyk8s.kernel.errors import Refused, Unsupported
from pyk8s.kernel.iptables.fake import FakeIptables
from pyk8s.proxy import metrics
from pyk8s.proxy.backend import Backend
from pyk8s.proxy.changes import TRIGGERED, Changes
from pyk8s.proxy.config import RESYNC_SECONDS
from pyk8s.proxy.iptables.ruleset import SHARED, Ruleset
from pyk8s.proxy.iptables.trace import trace
from pyk8s.proxy.keeper import Keeper
from pyk8s.proxy.packet import Packet, fates
from pyk8s.proxy.plan import Settings
from tests.proxy.flows import CLUSTER, GROUND, goes
from tests.proxy.services import at, endpoint_slice, service
from tests.virtual import virtual_time

PACKET = Packet("10.244.0.7", "10.96.0.20", 80)


class Ground:
    """A keeper on a fake kernel; `seconds` is how long the kernel takes for a transaction."""

    def __init__(self, *flows, seconds=0.01):
        self.kernel, self.connections, self.seconds = FakeIptables(), FakeConntrack(*flows), seconds
        self.broken = 0
        self.writes = []
        self.proxy = Keeper(Changes("here"), self.make, self.connections, in_thread=self.in_thread)

    def make(self, mode="iptables", **settings):
        ruleset = Ruleset(Settings(cluster_ranges=(CLUSTER,), **settings))
        return Backend(mode, 4, ruleset, self, SHARED)

    async def in_thread(self, work, *arguments):
        await clock.sleep(self.seconds)
        return work(*arguments)

    def run(self, transaction):
        if self.broken:
            self.broken -= 1
            raise Refused("restore", 4)
        self.kernel.run(transaction)
        self.writes.append((asyncio.get_event_loop().time(), len(transaction)))

    def survey(self):
        return {table: self.kernel.survey(table) for table in ("nat", "filter")}

    def note_service(self, old, new):
        self.proxy.changes.note_service(old, new)
        self.proxy.wake()

    def note_slice(self, old, new):
        self.proxy.changes.note_slice(old, new)
        self.proxy.wake()

    async def __aenter__(self):
        self.task = asyncio.create_task(self.proxy.keep())
        return self

    async def __aexit__(self, *_):
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)

    def add_web(self, *addresses):
        self.note_service(None, service())
        self.note_slice(None, endpoint_slice("web", *(at(address) for address in addresses)))

    @property
    def fate(self):
        return fates(trace(self.kernel.tables, PACKET, GROUND))


@virtual_time
async def test_everything_is_written_at_the_start():
    ground = Ground()
    ground.add_web("10.244.0.5")
    async with ground:
        await clock.sleep(0.1)
        assert ground.fate == goes("10.244.0.5")
        assert len(ground.writes) == 1


@virtual_time
async def test_a_change_is_in_the_kernel_as_soon_as_the_kernel_can_take_it():
    async with Ground() as ground:
        await clock.sleep(5)
        ground.add_web("10.244.0.5")
        await clock.sleep(0.011)
        assert ground.fate == goes("10.244.0.5")


@virtual_time
async def test_what_comes_while_the_kernel_is_busy_goes_together():
    async with Ground(seconds=1.0) as ground:
        await clock.sleep(5)
        before = len(ground.writes)
        ground.add_web("10.244.0.5")
        for number in range(20):
            await clock.sleep(0.01)
            ground.note_service(None, service(f"s{number}", f"10.96.1.{number}"))
        await clock.sleep(5)
        assert len(ground.writes) == before + 2


@virtual_time
async def test_what_the_kernel_refuses_is_tried_again_and_then_written_whole():
    async with Ground() as ground:
        await clock.sleep(1)
        ground.broken = 3
        ground.add_web("10.244.0.5")
        await clock.sleep(1)
        assert ground.fate == goes("10.244.0.5")
        assert ground.writes[-1][1] > 10


@virtual_time
async def test_rules_that_somebody_flushed_come_back_at_the_next_look():
    ground = Ground()
    ground.add_web("10.244.0.5")
    async with ground:
        await clock.sleep(1)
        ground.kernel.tables = FakeIptables().tables
        await clock.sleep(RESYNC_SECONDS + 1)
        assert ground.fate == goes("10.244.0.5")


@virtual_time
async def test_nothing_is_written_while_nothing_changes():
    ground = Ground()
    ground.add_web("10.244.0.5")
    async with ground:
        await clock.sleep(10 * RESYNC_SECONDS)
        assert len(ground.writes) == 1


@virtual_time
async def test_health_follows_what_waits():
    async with Ground() as ground:
        fresh = ground.proxy.freshness
        await clock.sleep(1)
        ground.broken = 10**9
        ground.add_web("10.244.0.5")
        await clock.sleep(2 * RESYNC_SECONDS - 1)
        wall = fresh.waiting_since
        assert wall
        assert fresh.well(wall + 2 * RESYNC_SECONDS - 1)
        assert not fresh.well(wall + 2 * RESYNC_SECONDS + 1)
        ground.broken = 0
        await clock.sleep(15)
        assert fresh.waiting_since == 0


UDP = [{"name": "", "port": 53, "protocol": "UDP"}]
STALE = Flow("udp", ("10.244.0.7", 1), ("10.96.0.20", 53), ("10.244.0.4", 53))
GOOD = Flow("udp", ("10.244.0.7", 2), ("10.96.0.20", 53), ("10.244.0.5", 53))
OTHER = Flow("udp", ("10.244.0.7", 3), ("192.0.2.1", 53), ("192.0.2.1", 53))


@virtual_time
async def test_udp_connections_to_endpoints_that_are_gone_are_forgotten():
    async with Ground(STALE, GOOD, OTHER) as ground:
        await clock.sleep(1)
        ground.note_service(None, service(ports=UDP))
        ground.note_slice(None, endpoint_slice("web", at("10.244.0.5"), ports=UDP))
        await clock.sleep(1)
        assert ground.connections.flows == {GOOD, OTHER}
        ground.note_service(service(ports=UDP), None)
        await clock.sleep(1)
        assert ground.connections.flows == {OTHER}


@virtual_time
async def test_connections_that_cannot_be_listed_do_not_undo_what_was_written():
    async with Ground() as ground:
        await clock.sleep(1)

        def fail(protocol):
            raise Refused("list", 1)

        ground.connections.observe = fail
        ground.note_service(None, service(ports=UDP))
        ground.note_slice(None, endpoint_slice("web", at("10.244.0.5"), ports=UDP))
        await clock.sleep(1)
        assert len(ground.writes) == 2
        assert ground.proxy.freshness.waiting_since == 0


@virtual_time
async def test_a_mistake_of_ours_is_not_swallowed():
    ground = Ground()

    def fail(transaction):
        raise ZeroDivisionError

    ground.run = fail
    with pytest.raises(ZeroDivisionError):
        await ground.proxy.keep()


@virtual_time
async def test_the_proxy_is_at_work_once_the_kernel_has_everything_and_says_so_once():
    ground, told = Ground(), []
    ground.add_web("10.244.0.5")
    ground.broken = 3
    keeping = asyncio.create_task(ground.proxy.keep(lambda: told.append(ground.fate)))
    await clock.sleep(3 * RESYNC_SECONDS)
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
    assert told == [goes("10.244.0.5")]


class Other:
    """Another mode, that says what is done with it: its rules are the services' names."""

    def __init__(self, log, *, able=True, fails=0, busy=0):
        self.busy = busy
        self.log, self.able, self.fails, self.intents = log, able, fails, {}
        self.tended = []

    def make(self):
        if not self.able:
            raise Unsupported("this kernel has no such thing: use another")
        if self.busy:
            self.busy -= 1
            raise Refused("make", 12)
        linger, close = lambda: self.log.append("lingers"), lambda: self.log.append("closed")
        return Backend("other", 4, self, self, tend=self.tend, linger=linger, close=close)

    def change(self, services):
        self.intents |= services
        return ()

    def whole(self, seen):
        return ("whole", *sorted(self.intents))

    def nothing(self, seen, keep=frozenset()):
        return ("nothing",)

    def stands(self, seen):
        return True

    def survey(self):
        return None

    def run(self, transaction):
        if self.fails:
            self.fails -= 1
            raise Refused("other", 4)
        self.log.append(transaction)

    def tend(self):
        self.tended.append(clock.monotonic())
        return 3.0 if len(self.tended) < 4 else None


@virtual_time
async def test_a_mode_is_changed_without_a_moment_without_rules_and_leaves_nothing():
    ground, log = Ground(), []
    other = Other(log)
    ground.add_web("10.244.0.5")
    async with ground:
        await clock.sleep(1)
        ground.proxy.switch(other.make)
        other_wrote = [("whole", "shop/web")]
        await clock.sleep(0.035)
        assert log == other_wrote
        assert ground.fate == goes("10.244.0.5")
        await clock.sleep(1)
        assert ground.kernel.tables == FakeIptables().tables
        assert ground.proxy.mode == "other"
        ground.proxy.switch(ground.make)
        await clock.sleep(1)
        assert ground.fate == goes("10.244.0.5")
        assert log == [*other_wrote, "lingers", ("nothing",)]


@virtual_time
async def test_connections_of_a_former_mode_are_looked_after_until_they_have_ended():
    ground, other = Ground(), Other([])
    async with ground:
        await clock.sleep(1)
        ground.proxy.switch(other.make)
        await clock.sleep(1)
        other.tended.clear()
        ground.proxy.switch(ground.make)
        await clock.sleep(60)
        assert len(other.tended) == 4
        assert other.tended[1] - other.tended[0] == pytest.approx(3.0, abs=0.1)


@virtual_time
async def test_a_mode_that_the_machine_cannot_is_told_of_and_not_taken():
    ground = Ground()
    ground.add_web("10.244.0.5")
    async with ground:
        await clock.sleep(1)
        ground.proxy.switch(Other([], able=False).make)
        await clock.sleep(1)
        assert ground.proxy.mode == "iptables"
        assert "no such thing" in ground.proxy.refused
        ground.note_slice(None, endpoint_slice("web", at("10.244.0.6"), name="web-2"))
        await clock.sleep(1)
        assert ground.fate == goes("10.244.0.5", "10.244.0.6")


async def test_without_a_first_mode_there_is_no_proxy():
    keeper = Keeper(Changes("here"), Other([], able=False).make, FakeConntrack())
    with pytest.raises(Unsupported, match="no such thing"):
        await keeper.keep()


@virtual_time
async def test_what_could_not_be_removed_of_a_former_mode_is_removed_later():
    ground, log = Ground(), []
    other = Other(log)
    async with ground:
        await clock.sleep(1)
        ground.proxy.switch(other.make)
        await clock.sleep(1)
        other.fails = 1
        ground.proxy.switch(ground.make)
        await clock.sleep(1)
        assert log[-1] == "lingers"
        await clock.sleep(RESYNC_SECONDS + 1)
        assert log[-1] == ("nothing",)


@virtual_time
async def test_other_settings_of_the_same_mode_are_written_at_once():
    ground = Ground()
    ground.add_web("10.244.0.5")
    async with ground:
        await clock.sleep(1)
        ground.proxy.switch(lambda: ground.make(masquerade_all=True))
        await clock.sleep(1)
        assert ground.fate == goes("10.244.0.5", masqueraded=True)


@virtual_time
async def test_started_is_told_once_everything_is_written():
    ground, told = Ground(seconds=1.0), []
    ground.add_web("10.244.0.5")
    task = asyncio.create_task(ground.proxy.keep(lambda: told.append(ground.fate)))
    await clock.sleep(2 * RESYNC_SECONDS + 10)
    task.cancel()
    assert told == [goes("10.244.0.5")]


@virtual_time
async def test_a_first_mode_that_the_kernel_refuses_for_now_is_tried_again():
    ground, log = Ground(), []
    ground.add_web("10.244.0.5")
    ground.proxy.switch(Other(log, busy=3).make)
    async with ground:
        await clock.sleep(1)
        assert log == [("whole", "shop/web")]


@virtual_time
async def test_while_the_kernel_refuses_a_mode_the_other_goes_on_and_then_it_is_taken():
    ground, log = Ground(), []
    other = Other(log, busy=8)
    async with ground:
        await clock.sleep(1)
        ground.proxy.switch(other.make)
        await clock.sleep(0.1)
        ground.add_web("10.244.0.5")
        await clock.sleep(0.1)
        assert (ground.proxy.mode, ground.fate) == ("iptables", goes("10.244.0.5"))
        assert "make" in ground.proxy.refused
        await clock.sleep(RESYNC_SECONDS)
        assert (ground.proxy.mode, ground.proxy.refused) == ("other", "")
        assert log == [("whole", "shop/web")]


@virtual_time
async def test_a_mode_that_is_asked_for_while_another_is_made_is_made_next():
    ground, first, second = Ground(seconds=1.0), Other([]), Other([])
    async with ground:
        await clock.sleep(5)
        ground.proxy.switch(first.make)
        await clock.sleep(0.5)
        ground.proxy.switch(second.make)
        await clock.sleep(10)
        assert ground.proxy.backend.ruleset is second


@virtual_time
async def test_hands_that_are_no_longer_needed_are_closed():
    ground, log = Ground(), []
    async with ground:
        await clock.sleep(1)
        ground.proxy.switch(Other(log).make)
        await clock.sleep(1)
        ground.proxy.switch(Other(log).make)
        await clock.sleep(1)
        assert log == [("whole",), "closed", ("whole",)]
        ground.proxy.switch(ground.make)
        await clock.sleep(60)
        assert log[3:] == ["lingers", ("nothing",), "closed"]


def programmed():
    """How many changes were written, and how long all of them took."""
    held = {each.name: each.value for each in metrics.PROGRAMMING.labels("IPv4")._child_samples()}
    return held["_count"], held["_sum"]


@virtual_time
async def test_how_long_a_change_takes_counts_from_what_its_slice_says_even_when_it_fails_first():
    async with Ground() as ground:
        await clock.sleep(1)
        before, ground.broken = programmed(), 2
        made = endpoint_slice("web", at("10.244.0.5"))
        begun = datetime.fromtimestamp(clock.wall() - 40, UTC)
        made.metadata.annotations = {TRIGGERED: begun.isoformat()}
        ground.note_service(None, service())
        ground.note_slice(None, made)
        await clock.sleep(1)
        after = programmed()
        assert after[0] == before[0] + 1
        assert 40 < after[1] - before[1] < 41
        ground.note_slice(made, endpoint_slice("web", at("10.244.0.6")))
        await clock.sleep(1)
        last = programmed()
        assert last[0] == after[0] + 1
        assert last[1] - after[1] < 1
