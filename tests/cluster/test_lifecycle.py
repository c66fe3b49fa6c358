"""Actions that are whole or taken back; the rest of a cluster's life is tested end to end."""

import asyncio
import os
import signal
import tempfile
from pathlib import Path

import msgspec
import pytest

from pyk8s.cluster import folder, lifecycle, wish
from pyk8s.cluster.errors import ClusterError, NoSuchCluster, NotAllowed, SettingInvalid, StartFailed
from tests.cluster.test_settings import DEMO


@pytest.fixture
def home(monkeypatch):
    with tempfile.TemporaryDirectory(prefix="pk") as made:
        monkeypatch.setenv("PYK8S_HOME", f"{made}/home")
        monkeypatch.delenv("PYK8S_DEBUG", raising=False)
        monkeypatch.setattr(lifecycle.machine, "require_root", lambda action: None)
        yield Path(made) / "home"


async def _work(why=None):
    if why:
        raise why
    return "done"


@pytest.mark.parametrize("why", [ClusterError("x"), asyncio.CancelledError(), KeyboardInterrupt(), ValueError("x")])
async def test_what_fails_is_undone_before_the_error_goes_on(why, home):
    undone = []

    async def undo():
        undone.append(True)

    with pytest.raises(type(why)):
        await lifecycle.undone_by(_work(why), undo)
    assert undone == [True]


async def test_what_succeeds_is_not_undone(home):
    async def undo():
        raise AssertionError("nothing is to be undone")

    assert await lifecycle.undone_by(_work(), undo) == "done"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_no_signal_cuts_off_what_takes_back(home, number):
    before, undone = signal.getsignal(number), []

    async def undo():
        os.kill(os.getpid(), number)
        undone.append(True)

    with pytest.raises(ClusterError):
        await lifecycle.undone_by(_work(ClusterError("x")), undo)
    assert undone == [True]
    assert signal.getsignal(number) is before


async def test_who_debugs_keeps_what_failed_but_not_what_was_interrupted(home, monkeypatch):
    monkeypatch.setenv("PYK8S_DEBUG", "1")
    undone = []

    async def undo():
        undone.append(True)

    with pytest.raises(ClusterError):
        await lifecycle.undone_by(_work(ClusterError("x")), undo)
    assert undone == []
    with pytest.raises(asyncio.CancelledError):
        await lifecycle.undone_by(_work(asyncio.CancelledError()), undo)
    assert undone == [True]


@pytest.mark.parametrize("action", [lifecycle.start, lifecycle.stop, lifecycle.down])
async def test_an_action_on_no_cluster_makes_nothing(home, action):
    with pytest.raises(NoSuchCluster):
        await action("nope")
    assert not home.exists()


@pytest.mark.parametrize(
    ("name", "asked"), [("Bad Name", wish.Wish()), ("x", wish.Wish(nodes=0)), ("x", wish.Wish(cpus="many"))]
)
async def test_a_wish_that_cannot_be_met_makes_nothing(home, name, asked):
    with pytest.raises(SettingInvalid):
        await lifecycle.up(name, asked)
    assert not home.exists()


async def test_who_is_not_root_is_told_before_anything_is_made(home, monkeypatch):
    def refuse(action):
        raise NotAllowed(f"{action} needs root")

    monkeypatch.setattr(lifecycle.machine, "require_root", refuse)
    for action in (lifecycle.up("x", wish.Wish()), lifecycle.down("x"), lifecycle.stop("x"), lifecycle.start("x")):
        with pytest.raises(NotAllowed):
            await action
    assert not home.exists()


async def test_an_unfit_machine_is_told_before_anything_is_made_that_it_could_not_take_back(home, monkeypatch):
    def unfit():
        raise lifecycle.machine.MachineUnfit("etcd is missing")

    ended = []
    monkeypatch.setattr(lifecycle.machine, "probe", unfit)
    monkeypatch.setattr(lifecycle, "_destroy", lambda folder: ended.append(folder.name))
    with pytest.raises(lifecycle.machine.MachineUnfit):
        await lifecycle.up("x", wish.Wish())
    assert ended == []
    assert not home.exists()


async def test_a_stopped_cluster_that_cannot_start_stays_a_stopped_one(home, monkeypatch):
    async def fails(*words):
        raise StartFailed("its port is taken")

    async def halt(made):
        assert not made.read().stopped

    made = folder.of("x")
    made.path.mkdir(parents=True)
    made.write(msgspec.structs.replace(DEMO, name="x", complete=True, stopped=True))
    monkeypatch.setattr(lifecycle, "_fit", dict)
    monkeypatch.setattr(lifecycle, "_start", fails)
    monkeypatch.setattr(lifecycle, "_halt", halt)
    for action in (lifecycle.start("x"), lifecycle.up("x", wish.Wish())):
        with pytest.raises(StartFailed):
            await action
        assert made.read().stopped


async def test_waiting_ends_with_the_first_thing_that_fails(home, monkeypatch):
    made = folder.of("x")

    async def fails(*words):
        raise StartFailed("etcd does not come up")

    monkeypatch.setattr(lifecycle.launch, "until_ready", fails)
    monkeypatch.setattr(lifecycle.builtin, "ensure_sandbox", lambda store: None)
    with pytest.raises(StartFailed, match="etcd does not come up"):
        await lifecycle.bring_ready(made, {"control-plane": "control-plane"}, [], lifecycle.quiet)
