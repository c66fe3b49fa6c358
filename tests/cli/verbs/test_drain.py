"""Which pods a drain evicts, leaves, or gives up over."""

import pytest

from pyk8s.api.errors import ApiError
from pyk8s.api.refs import NODES, PODS
from pyk8s.cli.verbs.drain import drain, judge_pod
from tests.cli.verbs.rig import pod

PLAIN = {"force": False, "ignore_daemon_sets": False, "delete_empty_dirs": False, "orphan_set": False}
MIRROR = {"kubernetes.io/config.mirror": "x"}


def mirror():
    made = pod("static")
    made["metadata"]["annotations"] = MIRROR
    return made


@pytest.mark.parametrize(
    ("value", "flags", "action"),
    [
        pytest.param(pod("a", owner="ReplicaSet"), {}, "evict", id="a pod somebody makes again"),
        pytest.param(pod("a"), {}, "refuse", id="a pod nobody makes again"),
        pytest.param(pod("a"), {"force": True}, "evict", id="by force"),
        pytest.param(pod("a", phase="Succeeded"), {}, "evict", id="a pod that has ended"),
        pytest.param(mirror(), {}, "leave", id="a static pod"),
        pytest.param(pod("a", owner="DaemonSet"), {}, "refuse", id="a pod of a daemon set"),
        pytest.param(pod("a", owner="DaemonSet"), {"ignore_daemon_sets": True}, "leave", id="ignored"),
        pytest.param(pod("a", owner="DaemonSet"), {"orphan_set": True}, "evict", id="its daemon set is gone"),
        pytest.param(
            pod("a", owner="ReplicaSet", volumes=[{"name": "v", "emptyDir": {}}]), {}, "refuse", id="local data"
        ),
        pytest.param(
            pod("a", owner="ReplicaSet", volumes=[{"name": "v", "emptyDir": {}}]),
            {"delete_empty_dirs": True},
            "evict",
            id="local data that may go",
        ),
    ],
)
def test_judge(value, flags, action):
    assert judge_pod(value, **PLAIN | flags).action == action


@pytest.fixture
def node(rig):
    rig.create(NODES, {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}, "spec": {}})
    return rig


def test_a_refusal_names_each_pod_and_the_flag_and_evicts_none(node):
    node.create(PODS.within("default"), pod("lonely", node="n"))
    node.create(PODS.within("default"), pod("owned", node="n", owner="ReplicaSet"))
    result = node.run(drain, "n")
    assert "default/lonely: pods that declare no controller (use --force" in result.output
    assert node.names(PODS.within("default")) == ["lonely", "owned"]
    assert node.get(NODES.of("n"))["spec"]["unschedulable"] is True


def test_pods_of_the_node_go_and_those_of_others_stay(node):
    node.create(PODS.within("default"), pod("here", node="n", owner="ReplicaSet", phase="Failed"))
    node.create(PODS.within("default"), pod("there", node="m", owner="ReplicaSet"))
    said = node.said(drain, "n", "--grace-period=0")
    assert said.splitlines() == [
        "node/n cordoned",
        "evicting pod default/here",
        "pod/here evicted",
        "node/n drained",
    ]
    assert node.names(PODS.within("default")) == ["there"]


def test_a_dry_run_changes_nothing(node):
    node.create(PODS.within("default"), pod("here", node="n", owner="ReplicaSet"))
    assert "evicting pod default/here (dry run)" in node.said(drain, "n", "--dry-run")
    assert "unschedulable" not in node.get(NODES.of("n"))["spec"]
    assert node.names(PODS.within("default")) == ["here"]


def test_a_refusal_of_the_server_ends_the_drain_with_its_reason(node):
    node.create(PODS.within("default"), pod("here", node="n", owner="ReplicaSet"))

    def refuse(verb, ref, body):
        if ref.subresource == "eviction":
            raise ApiError("Forbidden", "not yours")

    node.session.api.reactions.append(refuse)
    assert node.run(drain, "n").exception.message == "not yours"
