"""Clusters of two families and of IPv6 alone on real containers: each of two nodes, for as long as one test takes."""

import json
from contextlib import contextmanager

import pytest

from tests.e2e.cluster import Cluster, deployment, eventually, pod, service
from tests.images import TOOLS, build_tools

pytestmark = pytest.mark.e2e

SERVE = "mkdir -p /www && hostname > /www/index.html && exec httpd -f -p 8080 -h /www"
READY = {"readinessProbe": {"httpGet": {"port": 8080, "path": "/"}, "periodSeconds": 1}}
NODES = ("node-1", "node-2")


def on(node, name, command, **more):
    """A pod that runs `command` on `node`."""
    return pod(f"{name}-{node}", command, image=TOOLS, nodeSelector={"kubernetes.io/hostname": node}, **more)


@contextmanager
def cluster_of(*options):
    """A cluster of two nodes, with a pod on each that asks, and one that answers."""
    made = Cluster(nodes=2, options=("--cpus", "1", "--memory", "1Gi", *options))
    try:
        made.up()
        build_tools(made)
        made("wait", "--for=create", "serviceaccount/default", "--timeout=20s")
        clients = (on(node, "client", "sleep 3600") for node in NODES)
        made.apply(deployment("web", SERVE, image=TOOLS, replicas=2, container=READY), *clients)
        yield made
    finally:
        made.down()


def ready(cluster):
    cluster("rollout", "status", "deploy/web", "--timeout=90s")
    cluster.wait("condition=Ready", *(f"pod/client-{node}" for node in NODES))


def url(address, port):
    return f"http://[{address}]:{port}/" if ":" in address else f"http://{address}:{port}/"


def asked(cluster, node, *urls, times=1):
    """Who answers a pod on `node` at each of `urls`, asked several times: one word for each answer."""
    calls = "; ".join(f"curl -gsf -m 5 {each}" for each in urls)
    return cluster.exec(f"client-{node}", "sh", "-c", f"for i in $(seq {times}); do {calls}; done", code=None).split()


def addresses_of(cluster, node):
    held = json.loads(cluster("get", "node", node, "-o", "json"))["status"]["addresses"]
    return [each["address"] for each in held if each["type"] == "InternalIP"]


def test_a_cluster_of_two_families_answers_on_both_everywhere_and_changes_its_way():
    with cluster_of("--ip-family", "dual", "--network-backend", "vxlan") as cluster:
        cluster.apply(service("web", 80, 8080, type="NodePort", ipFamilyPolicy="RequireDualStack"))
        ports = {"ports": [{"containerPort": 8080, "hostPort": 8081}], **READY}
        cluster.apply(on("node-2", "port", SERVE, container=ports))
        ready(cluster)
        spec = cluster.json("get", "svc/web")["spec"]
        assert (spec["ipFamilies"], len(spec["clusterIPs"])) == (["IPv4", "IPv6"], 2)
        for one in cluster.json("get", "pods", "-l", "app=web")["items"]:
            status = one["status"]
            assert [":" in each["ip"] for each in status["podIPs"]] == [False, True]
            assert [each["ip"] for each in status["hostIPs"]] == addresses_of(cluster, one["spec"]["nodeName"])
        slices = cluster.json("get", "endpointslices", "-l", "kubernetes.io/service-name=web")["items"]
        assert {(one["addressType"], len(one["endpoints"])) for one in slices} == {("IPv4", 2), ("IPv6", 2)}
        _answers(cluster, spec)
        cluster.wait("condition=Ready", "pod/port-node-2")
        hosts = [url(each, 8081) for each in addresses_of(cluster, "node-2")]
        assert asked(cluster, "node-1", *hosts) == ["port-node-2"] * 2
        assert "mtu 1430" in cluster.exec("client-node-1", "ip", "link", "show", "eth0")
        # Another way, and another family less, while it runs.
        cluster("create", "configmap", "pyk8s-network", "-n", "kube-system", "--from-literal=backend=host-gw")
        eventually(lambda: not _vteps(cluster))
        eventually(lambda: "mtu 1500" in cluster.exec("client-node-1", "ip", "link", "show", "eth0"))
        _answers(cluster, spec)
        cluster("patch", "svc/web", "--type=merge", "-p", '{"spec": {"ipFamilyPolicy": "SingleStack"}}')
        assert cluster.json("get", "svc/web")["spec"]["clusterIPs"] == spec["clusterIPs"][:1]


def _vteps(cluster):
    nodes = cluster.json("get", "nodes")["items"]
    return [one for one in nodes if "pyk8s.dev/vtep-mac" in (one["metadata"].get("annotations") or {})]


def _answers(cluster, spec):
    """Both pods answer each cluster address from each node, and each node's port from within and outside."""
    for node in NODES:
        for address in spec["clusterIPs"]:
            at = url(address, 80)
            eventually(lambda node=node, at=at: len(set(asked(cluster, node, at, times=12))) == 2)
    ports = [url(each, spec["ports"][0]["nodePort"]) for node in NODES for each in addresses_of(cluster, node)]
    assert len(asked(cluster, "node-1", *ports)) == len(ports)
    for each in ports:
        assert cluster.run("-gsf", "-m", "5", each, program="curl").startswith("web-")


def test_a_cluster_of_ipv6_alone_has_no_other_address_and_all_of_it_works():
    with cluster_of("--ip-family", "ipv6") as cluster:
        cluster.apply(service("web", 80, 8080, type="NodePort"))
        ready(cluster)
        assert "server: https://[::1]:" in cluster.kubeconfig.read_text()
        spec = cluster.json("get", "svc/web")["spec"]
        assert (spec["ipFamilies"], spec["ipFamilyPolicy"], len(spec["clusterIPs"])) == (["IPv6"], "SingleStack", 1)
        _answers(cluster, spec)
        assert " inet " not in cluster.exec("client-node-1", "ip", "addr", "show", "eth0")
        # The API from within, by its service; streams into containers; forwarded ports.
        assert "ok" in cluster.exec(
            "client-node-2", "sh", "-c", 'curl -gsk "https://[$KUBERNETES_SERVICE_HOST]/healthz"'
        )
        assert "client-node-1" in cluster.kubectl("exec", "client-node-1", "--", "hostname")
        refused = cluster("expose", "deploy/web", "--name=four", "--port=80", code=None)
        cluster("patch", "svc/four", "--type=merge", "-p", '{"spec": {"ipFamilyPolicy": "RequireDualStack"}}', code=1)
        assert "this cluster is not configured for dual-stack services" in cluster.last.stderr, refused
