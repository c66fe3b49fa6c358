"""What must survive: stopped nodes, restarted components, a whole stop and start."""

import json
import os
import signal

import pytest

from tests.e2e.cluster import Cluster, deployment, eventually, pod, service
from tests.images import build_tools

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(420)]

SERVE = "mkdir -p /www && hostname > /www/index.html && exec httpd -f -p 8080 -h /www"


@pytest.fixture(scope="module")
def breakable():
    """A cluster of its own: what is broken here disturbs no other test."""
    made = Cluster(nodes=3)
    try:
        made.up()
        made.image = build_tools(made)
        yield made
    finally:
        made.down()


def containers(cluster):
    """Every running container of the default namespace and how often it was started."""
    found = {}
    for each in cluster.json("get", "pods")["items"]:
        for status in each["status"].get("containerStatuses") or ():
            found[each["metadata"]["name"], status["name"]] = (status.get("containerID"), status["restartCount"])
    return found


def processes(cluster, role):
    """The pids of a role."""
    return [each["pid"] for each in cluster.status()["processes"] if each["role"] == role]


@pytest.fixture
def web(breakable):
    """Three web servers behind a service, and a client on node-1."""
    if "web" not in breakable("get", "deploy", "-o", "name"):
        breakable.apply(
            deployment("web", SERVE, image=breakable.image, replicas=3),
            service("web", 80, 8080, type="NodePort"),
            pod("client", "sleep 36000", image=breakable.image, nodeSelector={"kubernetes.io/hostname": "node-1"}),
        )
    breakable("rollout", "status", "deploy/web", "--timeout=60s", seconds=90)
    breakable.wait("condition=Ready", "pod/client")
    return breakable


def answers(cluster):
    """Whether the service answers the client."""
    address = cluster("get", "svc/web", "-o", "jsonpath={.spec.clusterIP}", code=None)
    return "web-" in cluster("exec", "client", "--", "curl", "-sf", "-m", "2", f"http://{address}/", code=None)


@pytest.mark.parametrize("role", ["control-plane", "etcd", "node", "containerd"])
def test_a_killed_component_comes_back_and_no_container_restarts(web, role):
    before = containers(web)
    pids = processes(web, role)
    assert pids, f"no process has the role {role}: {web.status()}"
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    eventually(lambda: len(set(processes(web, role)) - set(pids)) == len(pids), seconds=60)
    eventually(lambda: answers(web), seconds=60)
    web.apply(pod("after", "sleep 3600", image=web.image))
    web.wait("condition=Ready", "pod/after", seconds=90)
    web("delete", "pod", "after", "--grace-period=1")
    after = containers(web)
    assert {key: after[key] for key in before} == before


def test_a_stopped_node_loses_its_pods_to_the_others_and_comes_back(web):
    node = web.json("get", "pods", "-l", "app=web")["items"][0]["spec"]["nodeName"]
    if node == "node-1":
        node = next(
            each["spec"]["nodeName"]
            for each in web.json("get", "pods", "-l", "app=web")["items"]
            if each["spec"]["nodeName"] != "node-1"
        )
    web.run("node", "stop", node, "--cluster", web.name)
    web.wait("condition=Ready=Unknown", f"node/{node}", seconds=90)

    def elsewhere():
        pods = web.json("get", "pods", "-l", "app=web")["items"]
        ready = [
            each
            for each in pods
            if each["spec"].get("nodeName") != node
            and any(c["type"] == "Ready" and c["status"] == "True" for c in each["status"].get("conditions") or ())
        ]
        return len(ready) == 3

    eventually(elsewhere, seconds=90)
    assert answers(web)
    web.run("node", "start", node, "--cluster", web.name)
    web.wait("condition=Ready", f"node/{node}", seconds=90)
    eventually(lambda: len(web.json("get", "pods", "-l", "app=web")["items"]) == 3, seconds=60)


def test_a_node_is_added_and_takes_pods_and_is_removed_again(web):
    web.run("node", "add", "node-4", "--cluster", web.name, seconds=120)
    web.wait("condition=Ready", "node/node-4", seconds=60)
    here = {"nodeSelector": {"kubernetes.io/hostname": "node-4"}}
    web.apply(pod("on-four", "sleep 3600", image=web.image, **here))
    web.wait("condition=Ready", "pod/on-four", seconds=60)
    address = web.field("svc/web", ".spec.clusterIP")
    assert "web-" in web("exec", "on-four", "--", "curl", "-sf", "-m", "5", f"http://{address}/")
    web.run("node", "remove", "node-4", "--cluster", web.name, seconds=120)
    assert "node-4" not in web("get", "nodes")
    eventually(lambda: "on-four" not in web("get", "pods"), seconds=60)


def test_stop_and_start_bring_back_the_same_cluster_with_its_workloads(web):
    web("create", "configmap", "kept", "--from-literal=a=1")
    uid = web.field("configmap/kept", ".metadata.uid")
    nodes = {each["metadata"]["uid"] for each in web.json("get", "nodes")["items"]}
    web.run("cluster", "stop", "--name", web.name, seconds=120)
    listed = json.loads(web.run("cluster", "list", "-o", "json"))
    assert next(each for each in listed if each["name"] == web.name)["state"] == "stopped"
    web.run("cluster", "start", "--name", web.name, seconds=180)
    assert web.field("configmap/kept", ".metadata.uid") == uid
    assert {each["metadata"]["uid"] for each in web.json("get", "nodes")["items"]} == nodes
    eventually(lambda: web.field("deploy/web", ".status.readyReplicas") == "3", seconds=90)
    web.wait("condition=Ready", "pod/client", seconds=60)
    eventually(lambda: answers(web), seconds=30)


def test_a_static_pod_is_seen_in_the_api_and_goes_with_its_file(web):
    folder = web.home / "clusters" / web.name / "nodes" / "node-1" / "kubernetes" / "manifests"
    made = pod("static", "sleep 3600", image=web.image)
    made["metadata"]["namespace"] = "default"
    (folder / "static.json").write_text(json.dumps(made))
    web.wait("create", "pod/static-node-1", seconds=30)
    web.wait("condition=Ready", "pod/static-node-1", seconds=30)
    (folder / "static.json").unlink()
    web.wait("delete", "pod/static-node-1", seconds=30)


def test_a_drained_node_is_empty_and_takes_pods_again_when_uncordoned(web):
    web("drain", "node-2", "--force", "--delete-emptydir-data", "--ignore-daemonsets", "--timeout=60s")
    on_it = web.json("get", "pods", "-A", "--field-selector", "spec.nodeName=node-2")["items"]
    assert on_it == []
    assert "SchedulingDisabled" in web("get", "node", "node-2")
    web("uncordon", "node-2")
    assert "SchedulingDisabled" not in web("get", "node", "node-2")
