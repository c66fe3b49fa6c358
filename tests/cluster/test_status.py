"""What is said of a cluster and its processes."""

import msgspec
import pytest

from pyk8s.cluster import status
from pyk8s.cluster.errors import CutOff
from pyk8s.cluster.folder import Folder
from pyk8s.cluster.supervisor.unit import Report, State
from tests.cluster.test_settings import DEMO

WHOLE = msgspec.structs.replace(DEMO, complete=True)


def report(state=State.READY, restarts=0, pid=7):
    return Report(name="etcd", role="etcd", node="", state=state, pid=pid, restarts=restarts)


@pytest.mark.parametrize(
    ("settings", "supervisor", "reports", "expected"),
    [
        (DEMO, 1, [report()], "incomplete"),
        (msgspec.structs.replace(WHOLE, stopped=True), 0, [], "stopped"),
        (WHOLE, 1, [report()], "running"),
        (WHOLE, 1, [report(), report(State.STARTING)], "starting"),
        (WHOLE, 1, [report(), report(State.BACKOFF, restarts=3)], "degraded"),
        (WHOLE, 0, [report()], "unsupervised"),
        (WHOLE, 0, [report(State.STOPPED, pid=0)], "dead"),
    ],
)
def test_one_word_for_the_whole(settings, supervisor, reports, expected):
    assert status.cluster_state(settings, supervisor, reports) == expected


@pytest.mark.parametrize(
    ("group", "command", "expected"),
    [
        ("node-1/system", "containerd-shim", ("node-1", "shim")),
        ("node-1/system", "iptables-restor", ("node-1", "helper")),
        ("node-1/kubepods/burstable/pod1/c1", "httpd", ("node-1", "container")),
        ("control", "sh", ("", "helper")),
        ("node-9/system", "sh", ("", "helper")),
    ],
)
def test_processes_nobody_supervises_are_named_by_their_cgroup(group, command, expected):
    assert status.place(group, command, WHOLE) == expected


async def test_a_damaged_cluster_is_listed_as_such(tmp_path):
    folder = Folder(tmp_path, "broken")
    folder.path.mkdir(parents=True)
    folder.settings.write_text("{")
    (found,) = await status.overview([folder])
    assert found["name"] == "broken"
    assert found["state"].startswith("damaged:")


async def test_what_an_up_that_was_cut_off_left_is_incomplete_and_what_went_is_not_listed(tmp_path):
    begun, gone = Folder(tmp_path, "begun"), Folder(tmp_path, "gone")
    begun.path.mkdir(parents=True)
    (found,) = await status.overview([begun, gone])
    assert (found["name"], found["state"]) == ("begun", "incomplete")
    with pytest.raises(CutOff, match="pyk8s cluster down --name begun"):
        await status.status(begun)


async def test_a_stopped_cluster_is_listed_without_asking_anybody(tmp_path):
    folder = Folder(tmp_path, "demo")
    folder.path.mkdir(parents=True)
    folder.write(msgspec.structs.replace(WHOLE, stopped=True))
    (found,) = await status.overview([folder])
    assert found == {"name": "demo", "state": "stopped", "nodes": 1, "server": "https://127.0.0.1:20001"}
    whole = await status.status(folder)
    assert [each["role"] for each in whole["processes"]] == ["supervisor"]
    assert whole["nodes"][0]["state"] == "stopped"
