"""Pods as typed values."""

import msgspec
import pytest

from pyk8s.kubelet.spec import decode_pod, pod_of


def test_defaults_are_those_of_kubernetes():
    pod = decode_pod(b'{"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "livenessProbe": {}}]}}')
    probe = pod.spec.containers[0].liveness_probe
    assert (probe.period_seconds, probe.timeout_seconds, probe.failure_threshold) == (10, 1, 3)
    assert (pod.spec.restart_policy, pod.spec.termination_grace_period_seconds) == ("Always", 30)
    assert pod.spec.containers[0].termination_message_path == "/dev/termination-log"


def test_an_explicit_null_is_not_set():
    pod = decode_pod(
        b'{"metadata": {"name": "p", "labels": null}, "spec": {"containers": [{"name": "c", "args": null}]}}'
    )
    assert (pod.metadata.labels, pod.spec.containers[0].args) == ({}, [])


def test_words_in_capitals_are_found():
    port = {"containerPort": 1, "hostIP": "1.1.1.1"}
    pod = pod_of({"spec": {"hostPID": True, "hostIPC": True, "containers": [{"name": "c", "ports": [port]}]}})
    assert pod.spec.host_pid
    assert pod.spec.host_ipc
    assert pod.spec.containers[0].ports[0].host_ip == "1.1.1.1"


def test_a_wrong_type_is_named():
    with pytest.raises(msgspec.ValidationError, match=r"containers\[0\]\.name"):
        pod_of({"spec": {"containers": [{"name": 3}]}})


@pytest.mark.parametrize(
    ("image", "said", "policy"),
    [
        ("web", "", "Always"),
        ("web:latest", "", "Always"),
        ("web:1", "", "IfNotPresent"),
        ("host:5000/web", "", "Always"),
        ("host:5000/web:1", "", "IfNotPresent"),
        ("web@sha256:abc", "", "IfNotPresent"),
        ("web:latest", "Never", "Never"),
    ],
)
def test_the_pull_policy(image, said, policy):
    pod = pod_of({"spec": {"containers": [{"name": "c", "image": image, "imagePullPolicy": said}]}})
    assert pod.spec.containers[0].pull_policy == policy


def test_the_grace_of_a_deletion_wins():
    spec = {"terminationGracePeriodSeconds": 60}
    assert pod_of({"spec": spec}).grace_seconds == 60
    assert pod_of({"metadata": {"deletionGracePeriodSeconds": 0}, "spec": spec}).grace_seconds == 0
