"""What the supervisor starts, starts again, stops, and in which order: in virtual time, on hands that start nothing."""

import asyncio

import pytest

from pyk8s.aio import clock
from pyk8s.cluster.supervisor import process
from pyk8s.cluster.supervisor.unit import State
from tests.cluster.supervisor.rig import Rig, unit
from tests.virtual import virtual_time


@pytest.fixture
def rig(tmp_path, monkeypatch):
    # A virtual loop does no real I/O: what a process says comes from the test.
    monkeypatch.setattr(process.Listener, "open", lambda self: None)
    return Rig(tmp_path)


@virtual_time
async def test_a_process_is_ready_once_it_says_so(rig):
    rig.write(unit("etcd"))
    await rig.supervisor.apply()
    await rig.until("etcd", State.STARTING)
    await rig.ready("etcd")
    assert rig.report("etcd").state is State.READY
    assert rig.report("etcd").status == "serving"
    assert (rig.run / "etcd.pid").exists()
    await rig.supervisor.stop()


@virtual_time
async def test_a_process_that_cannot_say_so_is_ready_once_it_runs(rig):
    rig.write(unit("quiet", says_ready=False))
    await rig.supervisor.apply()
    await rig.until("quiet", State.READY)
    await rig.supervisor.stop()


@virtual_time
async def test_what_needs_another_waits_until_that_serves(rig):
    rig.write(unit("agent", after=("containerd",)), unit("containerd"))
    await rig.supervisor.apply()
    await rig.until("containerd", State.STARTING)
    assert rig.hands.started == ["containerd"]
    assert rig.report("agent").state is State.WAITING
    await rig.ready("containerd")
    await rig.until("agent", State.STARTING)
    assert rig.hands.started == ["containerd", "agent"]
    await rig.supervisor.stop()


@virtual_time
async def test_what_uses_another_starts_without_waiting_and_stops_before_it(rig):
    rig.write(unit("agent", uses=("api",)), unit("api", uses=("etcd",)), unit("etcd"))
    await rig.supervisor.apply()
    for name in ("agent", "api", "etcd"):
        await rig.ready(name)
    await rig.supervisor.stop()
    assert rig.hands.stopped == ["agent", "api", "etcd"]
    assert rig.supervisor.reports() == []


@virtual_time
async def test_a_process_that_ends_is_started_again_later_each_time(rig):
    rig.write(unit("api"))
    await rig.supervisor.apply()
    delays = []
    for count in range(4):
        await rig.ready("api")
        pid = rig.report("api").pid
        began = clock.monotonic()
        rig.hands.end(pid)
        await rig.until("api", State.BACKOFF)
        assert rig.report("api").exit == "exit code 1"
        await rig.until("api", State.STARTING)
        delays.append(clock.monotonic() - began)
        assert rig.report("api").restarts == count + 1
    assert delays == sorted(delays)
    assert 0.1 <= delays[0] <= 0.13
    assert delays[3] >= 0.8
    await rig.supervisor.stop()


@virtual_time
async def test_a_long_good_run_makes_the_next_restart_a_prompt_one(rig):
    rig.write(unit("api"))
    await rig.supervisor.apply()
    for _ in range(5):
        await rig.ready("api")
        rig.hands.end(rig.report("api").pid)
        await rig.until("api", State.BACKOFF)
    await rig.ready("api")
    await clock.sleep(process.HEALTHY_AFTER + 1)
    began = clock.monotonic()
    rig.hands.end(rig.report("api").pid)
    await rig.until("api", State.BACKOFF)
    await rig.until("api", State.STARTING)
    assert clock.monotonic() - began < 0.2
    await rig.supervisor.stop()


@virtual_time
async def test_a_program_that_cannot_be_started_is_tried_again_and_says_why(rig):
    rig.hands.refuse = 2
    rig.write(unit("api"))
    await rig.supervisor.apply()
    report = await rig.until("api", State.BACKOFF)
    assert report.exit == "no such program"
    await rig.ready("api")
    await rig.supervisor.stop()


@virtual_time
async def test_a_process_deaf_to_sigterm_is_killed_when_its_time_is_up(rig):
    rig.hands.deaf.add("deaf")
    rig.write(unit("deaf", stop_seconds=7.0))
    await rig.supervisor.apply()
    await rig.ready("deaf")
    began = clock.monotonic()
    await rig.supervisor.stop()
    assert rig.hands.signals == [("deaf", "SIGTERM"), ("deaf", "SIGKILL")]
    assert clock.monotonic() - began == pytest.approx(7.0)


@virtual_time
async def test_apply_stops_what_is_gone_starts_what_is_new_and_leaves_the_rest(rig):
    rig.write(unit("a"), unit("b"))
    await rig.supervisor.apply()
    await rig.ready("a")
    await rig.ready("b")
    kept = rig.report("a").pid
    rig.write(unit("a"), unit("c"))
    await rig.supervisor.apply()
    await rig.ready("c")
    assert rig.hands.stopped == ["b"]
    assert rig.report("a").pid == kept
    assert [report.name for report in rig.supervisor.reports()] == ["a", "c"]
    await rig.supervisor.stop()


@virtual_time
async def test_a_changed_unit_is_started_anew(rig):
    rig.write(unit("a"))
    await rig.supervisor.apply()
    await rig.ready("a")
    rig.write(unit("a", env={"LEVEL": "debug"}))
    await rig.supervisor.apply()
    await rig.ready("a")
    assert rig.hands.started == ["a", "a"]
    await rig.supervisor.stop()


@virtual_time
async def test_restart_stops_and_starts_one_process(rig):
    rig.write(unit("a"), unit("b"))
    await rig.supervisor.apply()
    await rig.ready("a")
    await rig.ready("b")
    await rig.supervisor.restart("a")
    await rig.ready("a")
    assert rig.hands.started.count("a") == 2
    assert rig.hands.started.count("b") == 1
    with pytest.raises(KeyError):
        await rig.supervisor.restart("nobody")
    await rig.supervisor.stop()


@virtual_time
async def test_a_node_is_cleared_after_its_own_processes_have_stopped(rig):
    rig.write(unit("n.holder", holds="/t/n"), unit("n.containerd", enter="n.holder"), unit("n.agent", enter="n.holder"))
    await rig.supervisor.apply()
    await rig.ready("n.holder")
    await rig.ready("n.containerd")
    await rig.ready("n.agent")
    await rig.supervisor.stop(grace=4.0)
    assert rig.hands.stopped[-1] == "n.holder"
    assert ("n.holder", 4.0) in rig.hands.cleared


@virtual_time
async def test_stopping_ends_what_waits_and_what_backs_off_too(rig):
    rig.hands.refuse = 10_000
    rig.write(unit("broken"), unit("waiting", after=("broken",)))
    await rig.supervisor.apply()
    await rig.until("broken", State.BACKOFF)
    await rig.supervisor.stop()
    assert rig.supervisor.reports() == []
    assert len(asyncio.all_tasks()) == 1


@virtual_time
async def test_units_that_need_one_another_are_refused_and_nothing_changes(rig):
    rig.write(unit("a"))
    await rig.supervisor.apply()
    rig.write(unit("a", after=("b",)), unit("b", after=("a",)))
    with pytest.raises(ValueError, match="need one another: a, b"):
        await rig.supervisor.apply()
    assert [report.name for report in rig.supervisor.reports()] == ["a"]
    await rig.supervisor.stop()


@virtual_time
async def test_a_watcher_that_does_not_read_is_cut_off(rig):
    rig.write(unit("a"))
    await rig.supervisor.apply()
    await rig.ready("a")
    with rig.supervisor.watching() as queue:
        for _ in range(2000):
            rig.tell_ready("a")
        seen = [queue.get_nowait() for _ in range(queue.qsize())]
    assert seen[-1] is None
    assert len(seen) < 1100
    await rig.supervisor.stop()
