"""Descriptions show what a person needs to know, and nothing that should stay hidden."""

import base64
from datetime import UTC, datetime

import pytest

from pyk8s.cli.describe import describe
from pyk8s.cli.describe.generic import title
from pyk8s.cli.describe.layout import Related
from pyk8s.cli.describe.pod import probe_text, toleration_text
from pyk8s.cli.describe.service import endpoints_text

NOW = datetime(2030, 1, 1, 12, 0, 0, tzinfo=UTC)
NOTHING = Related()


def lines(value, related=NOTHING):
    return [" ".join(line.split()) for line in describe(value, related, NOW).splitlines()]


POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {
        "name": "web",
        "namespace": "shop",
        "labels": {"app": "web"},
        "ownerReferences": [{"kind": "ReplicaSet", "name": "web-5d", "controller": True}],
    },
    "spec": {
        "nodeName": "node-1",
        "containers": [
            {
                "name": "main",
                "image": "shop:1",
                "resources": {"limits": {"memory": "64Mi"}},
                "env": [
                    {"name": "A", "value": "1"},
                    {"name": "P", "valueFrom": {"secretKeyRef": {"name": "db", "key": "pass"}}},
                ],
            }
        ],
    },
    "status": {
        "phase": "Running",
        "podIP": "10.244.1.2",
        "hostIP": "172.18.0.2",
        "conditions": [{"type": "Ready", "status": "False", "reason": "ContainersNotReady"}],
        "containerStatuses": [
            {
                "name": "main",
                "state": {"waiting": {"reason": "CrashLoopBackOff"}},
                "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}},
                "restartCount": 4,
                "ready": False,
            }
        ],
    },
}


@pytest.mark.parametrize(
    "line",
    [
        "Name: web",
        "Node: node-1/172.18.0.2",
        "Controlled By: ReplicaSet/web-5d",
        "Status: Running",
        "IP: 10.244.1.2",
        "State: Waiting",
        "Reason: CrashLoopBackOff",
        "Last State: Terminated",
        "Reason: OOMKilled",
        "Exit Code: 137",
        "Restart Count: 4",
        "Ready False ContainersNotReady",
        "Environment: A: 1",
        "P: <set to the key 'pass' in secret 'db'>",
        "Events: <none>",
    ],
)
def test_a_pod_says(line):
    assert line in lines(POD)


def test_a_pod_being_deleted_says_so_instead_of_its_phase():
    leaving = {**POD, "metadata": {**POD["metadata"], "deletionTimestamp": "2030-01-01T11:59:50Z"}}
    assert "Status: Terminating (since 2030-01-01T11:59:50Z)" in lines(leaving)


def test_events_come_oldest_first_with_their_count():
    late = {
        "type": "Warning",
        "reason": "BackOff",
        "count": 3,
        "message": "again\n",
        "source": {"component": "kubelet"},
    }
    late |= {"firstTimestamp": "2030-01-01T11:50:00Z", "lastTimestamp": "2030-01-01T11:59:30Z"}
    early = {"type": "Normal", "reason": "Scheduled", "message": "put", "lastTimestamp": "2030-01-01T11:49:00Z"}
    shown = lines(POD, Related(events=(late, early)))[-2:]
    assert shown == ["Normal Scheduled 11m put", "Warning BackOff 30s (x3 over 10m) kubelet again"]


def test_a_secret_is_counted_and_never_shown():
    value = base64.b64encode(b"hunter2").decode()
    made = {"kind": "Secret", "metadata": {"name": "db"}, "type": "Opaque", "data": {"pass": value}}
    text = describe(made, NOTHING, NOW)
    assert "pass:  7 bytes" in text
    assert value not in text
    assert "hunter2" not in text


def test_a_deployment_tells_old_replica_sets_from_the_new_one():
    def owned(name, revision, count):
        notes = {"deployment.kubernetes.io/revision": revision}
        return {
            "metadata": {"name": name, "annotations": notes},
            "spec": {"replicas": count},
            "status": {"replicas": count},
        }

    made = {
        "kind": "Deployment",
        "metadata": {"name": "web", "annotations": {"deployment.kubernetes.io/revision": "2"}},
        "spec": {"replicas": 3, "selector": {"matchLabels": {"app": "web"}}, "template": {}},
        "status": {"replicas": 4, "updatedReplicas": 1, "availableReplicas": 3},
    }
    shown = lines(made, Related(objects=(owned("web-1", "1", 3), owned("web-2", "2", 1))))
    assert "Replicas: 3 desired | 1 updated | 4 total | 3 available | 0 unavailable" in shown
    assert "OldReplicaSets: web-1 (3/3 replicas created)" in shown
    assert "NewReplicaSet: web-2 (1/1 replicas created)" in shown


def test_a_service_shows_the_ready_endpoints_of_each_port():
    slices = [
        {
            "ports": [{"name": "http", "port": 8080}],
            "endpoints": [{"addresses": [f"10.0.0.{n}"], "conditions": {"ready": n != 3}} for n in range(1, 7)],
        }
    ]
    port = {"name": "http", "port": 80}
    assert endpoints_text(port, slices) == "10.0.0.1:8080,10.0.0.2:8080,10.0.0.4:8080 + 2 more..."
    assert endpoints_text({"name": "other", "port": 81}, slices) == ""


def test_a_node_sums_what_its_pods_ask_for():
    def pod(cpu, phase="Running"):
        asks = {"requests": {"cpu": cpu, "memory": "64Mi"}}
        return {
            "metadata": {"name": "p", "namespace": "d"},
            "spec": {"containers": [{"resources": asks}]},
            "status": {"phase": phase},
        }

    node = {
        "kind": "Node",
        "metadata": {"name": "node-1", "labels": {"node-role.kubernetes.io/control-plane": ""}},
        "spec": {"taints": [{"key": "k", "value": "v", "effect": "NoSchedule"}]},
        "status": {"allocatable": {"cpu": "2", "memory": "256Mi"}},
    }
    shown = lines(node, Related(objects=(pod("500m"), pod("250m"), pod("1", "Succeeded"))))
    assert "Roles: control-plane" in shown
    assert "Taints: k=v:NoSchedule" in shown
    assert "Non-terminated Pods (2 in total):" in shown
    assert "cpu: 750m (37%)" in shown
    assert "memory: 128Mi (50%)" in shown


def test_a_kind_without_a_description_of_its_own_is_shown_whole():
    made = {
        "apiVersion": "v1",
        "kind": "LimitRange",
        "metadata": {"name": "x"},
        "spec": {"limits": [{"maxLimit": {"cpu": "1"}}]},
    }
    assert [line for line in lines(made) if line] == [
        "Name: x",
        "Labels: <none>",
        "Annotations: <none>",
        "API Version: v1",
        "Kind: LimitRange",
        "Created: <none>",
        "Spec:",
        "Limits:",
        "Max Limit:",
        "Cpu: 1",
        "Events: <none>",
    ]


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("storageClassName", "Storage Class Name"),
        ("podCIDR", "Pod CIDR"),
        ("app.kubernetes.io/x", "app.kubernetes.io/x"),
    ],
)
def test_a_field_name_becomes_words(field, words):
    assert title(field) == words


@pytest.mark.parametrize(
    ("probe", "text"),
    [
        pytest.param({"httpGet": {"port": 80, "path": "/h"}}, "http-get http://:80/h", id="http"),
        pytest.param({"tcpSocket": {"port": 5432}}, "tcp-socket :5432", id="tcp"),
        pytest.param({"exec": {"command": ["cat", "/x"]}}, "exec [cat /x]", id="exec"),
        pytest.param({"grpc": {"port": 9}}, "grpc <pod>:9", id="grpc"),
    ],
)
def test_a_probe_in_one_line(probe, text):
    assert probe_text(probe) == f"{text} delay=0s timeout=1s period=10s #success=1 #failure=3"


def test_a_toleration_in_one_line():
    text = toleration_text({"key": "k", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300})
    assert text == "k:NoExecute op=Exists for 300s"
