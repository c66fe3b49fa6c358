"""The loop, in virtual time, on a fake kernel."""

import asyncio

import pytest

from pyk8s.aio import clock
from pyk8s.kernel.conntrack.fake import FakeConntrack
from pyk8s.kernel.conntrack.values import Flow
from pyk8s.kernel.errors import Refused
from pyk8s.kernel.iptables.fake import FakeIptables
from pyk8s.proxy.config import Config
from pyk8s.proxy.iptables.trace import trace
from pyk8s.proxy.packet import Packet, fates
from pyk8s.proxy.sync import RESYNC_SECONDS, Proxy
from tests.proxy.flows import CLUSTER, GROUND, goes
from tests.proxy.services import at, endpoint_slice, service
from tests.virtual import virtual_time

CONFIG = Config("here", "172.30.0.2", (CLUSTER,))
PACKET = Packet("10.244.0.7", "10.96.0.20", 80)


class Ground:
    """A proxy on a fake kernel; `seconds` is how long the kernel takes for a transaction."""

    def __init__(self, *flows, seconds=0.01):
        self.kernel, self.connections, self.seconds = FakeIptables(), FakeConntrack(*flows), seconds
        self.broken = 0
        self.writes = []
        self.proxy = Proxy(CONFIG, self, self.connections, self.in_thread)

    async def in_thread(self, work, *arguments):
        await clock.sleep(self.seconds)
        return work(*arguments)

    def run(self, transaction):
        if self.broken:
            self.broken -= 1
            raise Refused("restore", 4)
        self.kernel.run(transaction)
        self.writes.append((asyncio.get_event_loop().time(), len(transaction)))

    def survey(self, table):
        return self.kernel.survey(table)

    async def __aenter__(self):
        self.task = asyncio.create_task(self.proxy.keep())
        return self

    async def __aexit__(self, *_):
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)

    def add_web(self, *addresses):
        self.proxy.note_service(None, service())
        self.proxy.note_slice(None, endpoint_slice("web", *(at(address) for address in addresses)))

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
            ground.proxy.note_service(None, service(f"s{number}", f"10.96.1.{number}"))
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
        ground.proxy.note_service(None, service(ports=UDP))
        ground.proxy.note_slice(None, endpoint_slice("web", at("10.244.0.5"), ports=UDP))
        await clock.sleep(1)
        assert ground.connections.flows == {GOOD, OTHER}
        ground.proxy.note_service(service(ports=UDP), None)
        await clock.sleep(1)
        assert ground.connections.flows == {OTHER}


@virtual_time
async def test_connections_that_cannot_be_listed_do_not_undo_what_was_written():
    async with Ground() as ground:
        await clock.sleep(1)

        def fail(protocol):
            raise Refused("list", 1)

        ground.connections.observe = fail
        ground.proxy.note_service(None, service(ports=UDP))
        ground.proxy.note_slice(None, endpoint_slice("web", at("10.244.0.5"), ports=UDP))
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
