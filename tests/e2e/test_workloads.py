"""Deployments on real containers: placed, scaled, replaced, undone."""

import pytest

from tests.e2e.cluster import deployment, eventually, pod, service

pytestmark = pytest.mark.e2e

SERVE = (
    "mkdir -p /www && hostname > /www/index.html && echo {version} >> /www/index.html && exec httpd -f -p 8080 -h /www"
)
READY = {"readinessProbe": {"httpGet": {"port": 8080, "path": "/"}, "periodSeconds": 1}}
NODES = ["node-1", "node-2", "node-3"]


def web(image, replicas=6, version="one", **spec):
    """A web server that says its name and version."""
    return deployment("web", SERVE.format(version=version), image=image, replicas=replicas, container=READY, **spec)


def client(node, image):
    """A pod on `node` that only waits to be used."""
    return pod(f"client-{node}", "sleep 3600", image=image, nodeSelector={"kubernetes.io/hostname": node})


def test_six_replicas_on_three_nodes_answer_through_their_service_from_everywhere(cluster, image):
    cluster.apply(web(image), service("web", 80, 8080, type="NodePort"), *(client(node, image) for node in NODES))
    cluster("rollout", "status", "deploy/web", "--timeout=90s")
    cluster.wait("condition=Ready", *(f"pod/client-{node}" for node in NODES))
    pods = cluster.json("get", "pods", "-l", "app=web")["items"]
    assert {each["spec"]["nodeName"] for each in pods} == set(NODES)
    assert max(sum(each["spec"]["nodeName"] == node for each in pods) for node in NODES) == 2
    address = cluster.field("svc/web", ".spec.clusterIP")
    for node in NODES:
        seen = cluster.exec(
            f"client-{node}", "sh", "-c", f"for i in $(seq 40); do curl -sf -m 5 http://{address}/; done"
        )
        names = {line for line in seen.split() if line.startswith("web-")}
        assert len(names) >= 4, f"from {node} only {names} answered"
    port = cluster.field("svc/web", ".spec.ports[0].nodePort")
    for node in NODES:
        outside = cluster.machine.field(f"node/{node}", '.status.addresses[?(@.type=="InternalIP")].address')
        assert "one" in cluster.run("-sf", "-m", "5", f"http://{outside}:{port}/", program="curl")


def test_scaling_follows_the_number(cluster, image):
    cluster.apply(web(image, replicas=1))
    cluster("scale", "deploy/web", "--replicas=4")
    cluster("rollout", "status", "deploy/web", "--timeout=60s")
    assert cluster.field("deploy/web", ".status.readyReplicas") == "4"
    cluster("scale", "deploy/web", "--replicas=0")
    eventually(lambda: not cluster.json("get", "pods", "-l", "app=web")["items"])


LOAD = """
for i in $(seq 2000); do
  [ -e /tmp/stop ] && break
  curl -sf -m 5 -o /dev/null http://{address}/ && echo ok || echo failed
done
"""


def test_a_rolling_update_and_its_undo_lose_no_request(cluster, image):
    graceful = {"lifecycle": {"preStop": {"exec": {"command": ["sleep", "1"]}}}}
    made = web(image, replicas=4)
    made["spec"]["template"]["spec"]["containers"][0] |= graceful
    made["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] = 5
    cluster.apply(made, service("web", 80, 8080))
    cluster("rollout", "status", "deploy/web", "--timeout=60s")
    address = cluster.field("svc/web", ".spec.clusterIP")
    cluster.apply(pod("load", LOAD.format(address=address) + "sleep 3600", image=image))
    cluster.wait("condition=Ready", "pod/load")
    made["spec"]["template"]["spec"]["containers"][0]["command"][2] = SERVE.format(version="two")
    cluster.apply(made)
    cluster("rollout", "status", "deploy/web", "--timeout=90s")
    assert "two" in cluster.exec("load", "curl", "-sf", f"http://{address}/")
    cluster("rollout", "undo", "deploy/web")
    cluster("rollout", "status", "deploy/web", "--timeout=90s")
    assert "one" in cluster.exec("load", "curl", "-sf", f"http://{address}/")
    cluster.exec("load", "touch", "/tmp/stop")
    words = cluster.logs("load").split()
    assert words.count("ok") > 50
    assert words.count("failed") == 0
    history = cluster("rollout", "history", "deploy/web")
    assert [line.split()[0] for line in history.splitlines()[2:]] == ["2", "3"]


def test_a_deleted_pod_comes_again_and_an_adopted_one_is_counted(cluster, image):
    cluster.apply(web(image, replicas=2))
    cluster("rollout", "status", "deploy/web", "--timeout=60s")
    first = cluster.json("get", "pods", "-l", "app=web")["items"][0]["metadata"]["name"]
    cluster("delete", "pod", first, "--grace-period=0", "--force")
    cluster("rollout", "status", "deploy/web", "--timeout=60s")
    names = [each["metadata"]["name"] for each in cluster.json("get", "pods", "-l", "app=web")["items"]]
    assert first not in names
    assert cluster.field("deploy/web", ".status.readyReplicas") == "2"


def test_recreate_never_runs_two_versions_beside_each_other(cluster, image):
    made = web(image, replicas=2, strategy={"type": "Recreate"})
    cluster.apply(made)
    cluster("rollout", "status", "deploy/web", "--timeout=60s")
    before = {each["metadata"]["uid"] for each in cluster.json("get", "pods", "-l", "app=web")["items"]}
    cluster("set", "env", "deploy/web", "V=2")
    cluster("rollout", "status", "deploy/web", "--timeout=60s")
    after = cluster.json("get", "pods", "-l", "app=web")["items"]
    assert before.isdisjoint(each["metadata"]["uid"] for each in after)


def test_an_image_that_is_missing_is_said_and_the_old_pods_stay(cluster, image):
    cluster.apply(web(image, replicas=2, progressDeadlineSeconds=3))
    cluster("rollout", "status", "deploy/web", "--timeout=60s")
    cluster("set", "image", "deploy/web", "main=localhost/absent:1")
    cluster("rollout", "status", "deploy/web", "--timeout=60s", code=1)
    assert "progress deadline" in cluster.last.stderr
    waiting = cluster("get", "pods", "-l", "app=web")
    assert "ErrImage" in waiting or "ImagePullBackOff" in waiting
    assert int(cluster.field("deploy/web", ".status.readyReplicas")) >= 2


def test_deleting_a_deployment_takes_its_pods_along(cluster, image):
    cluster.apply(web(image, replicas=2))
    cluster("rollout", "status", "deploy/web", "--timeout=60s")
    cluster("delete", "deploy/web")
    eventually(lambda: not cluster.json("get", "pods,rs")["items"])
