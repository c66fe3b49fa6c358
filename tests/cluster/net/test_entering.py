"""Which process is in a node's or a pod's network."""

import os

import msgspec
import pytest

from pyk8s.cluster import procs
from pyk8s.cluster.errors import NotRunning
from pyk8s.cluster.folder import Folder
from pyk8s.cluster.net.entering import node_space, process_of
from pyk8s.cluster.supervisor.unit import Record

UID = "1b2c-3d"


@pytest.mark.parametrize(
    ("groups", "pid"),
    [
        ({7: "/c/n/kubepods/pod1b2c-3d/abc", 5: "/c/n/system"}, 7),
        ({9: "/c/n/kubepods.slice/kubepods-pod1b2c_3d.slice/x", 8: "/c/n/kubepods/podother/x"}, 9),
        ({5: "/c/n/system"}, 0),
        ({}, 0),
    ],
)
def test_a_process_of_a_pod_is_found_by_its_control_group(groups, pid):
    assert process_of(groups, UID) == pid


def test_a_node_is_entered_by_what_holds_its_namespaces(tmp_path):
    folder = Folder(tmp_path, "demo")
    folder.run.mkdir(parents=True)
    held = procs.identify(os.getpid())
    (folder.run / "n.holder.pid").write_bytes(msgspec.json.encode(Record(identity=held)))
    assert node_space(folder, "n") == f"/proc/{os.getpid()}/ns/net"


@pytest.mark.parametrize("content", [None, b"{", "gone"])
def test_a_node_that_does_not_run_is_said_so_with_what_to_do(tmp_path, content):
    folder = Folder(tmp_path, "demo")
    folder.run.mkdir(parents=True)
    if content == "gone":
        held = msgspec.structs.replace(procs.identify(os.getpid()), started=1)
        content = msgspec.json.encode(Record(identity=held))
    if content is not None:
        (folder.run / "n.holder.pid").write_bytes(content)
    with pytest.raises(NotRunning, match="pyk8s node start n --name demo"):
        node_space(folder, "n")
