"""Requests and limits as the kernel counts them."""

import pytest

from pyk8s.kubelet.errors import PodError
from pyk8s.kubelet.resources import (
    amount,
    container_resources,
    group_path,
    group_paths,
    oom_score,
    pod_group,
    qos_class,
    total,
)
from tests.kubelet.values import init, make_pod

GI = 1024**3


def web(requests=None, limits=None, name="web"):
    return {"name": name, "image": "x", "resources": {"requests": requests or {}, "limits": limits or {}}}


BOTH = {"cpu": "500m", "memory": "1Gi"}


@pytest.mark.parametrize(
    ("containers", "qos"),
    [
        ([web()], "BestEffort"),
        ([web(BOTH, BOTH)], "Guaranteed"),
        ([web(limits=BOTH)], "Guaranteed"),
        ([web({"cpu": "1"})], "Burstable"),
        ([web(BOTH, BOTH), web(name="other")], "Burstable"),
        ([web({"cpu": "250m", "memory": "1Gi"}, BOTH)], "Burstable"),
    ],
)
def test_the_class_of_service(containers, qos):
    assert qos_class(make_pod(*containers)) == qos


@pytest.mark.parametrize(
    ("container", "score"),
    [
        (web(), 1000),
        (web(BOTH, BOTH), -997),
        (web({"memory": "1Gi"}), 750),
        (web({"memory": "4Gi"}), 3),
        (web({"cpu": "1"}), 999),
    ],
)
def test_the_smaller_a_share_the_sooner_it_is_killed(container, score):
    pod = make_pod(container)
    assert oom_score(pod, pod.spec.containers[0], 4 * GI) == score


def test_limits_of_a_container():
    pod = make_pod(web({"cpu": "250m"}, {"cpu": "1", "memory": "64Mi"}))
    made = container_resources(pod, pod.spec.containers[0], 4 * GI, 1)
    assert (made.cpu_shares, made.cpu_quota, made.cpu_period) == (256, 100_000, 100_000)
    assert made.memory_limit_in_bytes == made.memory_swap_limit_in_bytes == 64 * 1024 * 1024
    assert dict(made.unified) == {}


def test_version_two_kills_a_container_as_a_whole():
    pod = make_pod(web(limits={"memory": "64Mi"}))
    made = container_resources(pod, pod.spec.containers[0], 4 * GI, 2)
    assert dict(made.unified) == {"memory.oom.group": "1"}


def test_without_limits_there_are_none():
    pod = make_pod(web())
    made = container_resources(pod, pod.spec.containers[0], 4 * GI, 1)
    assert (made.cpu_shares, made.cpu_quota, made.memory_limit_in_bytes) == (2, 0, 0)


@pytest.mark.parametrize(
    ("inits", "cpu"),
    [
        ([], 300),
        ([init("a", resources={"requests": {"cpu": "1"}})], 1000),
        ([init("a", restartPolicy="Always", resources={"requests": {"cpu": "1"}})], 1300),
        (
            [
                init("a", restartPolicy="Always", resources={"requests": {"cpu": "100m"}}),
                init("b", resources={"requests": {"cpu": "350m"}}),
            ],
            450,
        ),
    ],
)
def test_what_a_pod_asks_for_as_a_whole(inits, cpu):
    pod = make_pod(web({"cpu": "100m"}), web({"cpu": "200m"}, name="other"), initContainers=inits)
    assert total(pod, "cpu") == cpu


def test_what_is_said_of_the_pod_as_a_whole_counts_before_its_containers():
    pod = make_pod(web({"cpu": "100m", "memory": "1Gi"}), resources={"requests": {"cpu": "2"}, "limits": {"cpu": "3"}})
    assert (total(pod, "cpu"), total(pod, "memory"), total(pod, "cpu", limits=True)) == (2000, GI, 3000)
    assert qos_class(pod) == "Burstable"
    assert qos_class(make_pod(web(), resources={"limits": BOTH})) == "Guaranteed"
    assert total(make_pod(web(), resources={"limits": {"cpu": "3"}}), "cpu") == 3000


def test_a_pod_has_a_limit_only_when_all_its_containers_have():
    assert total(make_pod(web(limits={"cpu": "1"}), web(name="other")), "cpu", limits=True) == 0
    assert total(make_pod(web(limits={"cpu": "1"}), web(limits={"cpu": "2"}, name="other")), "cpu", limits=True) == 3000


@pytest.mark.parametrize(
    ("container", "path"),
    [
        (web(), "/top/kubepods/besteffort/poduid-1"),
        (web(BOTH), "/top/kubepods/burstable/poduid-1"),
        (web(BOTH, BOTH), "/top/kubepods/poduid-1"),
    ],
)
def test_a_pods_group_stands_with_its_class(container, path):
    pod = make_pod(container)
    assert group_path("/top/", pod) == path
    assert path in group_paths("/top", "uid-1")


def test_the_group_of_a_pod_holds_the_sums():
    group = pod_group("/top", make_pod(web(BOTH, BOTH)))
    assert (group.cpu_millicores, group.cpu_weight_millicores, group.memory) == (500, 500, GI)


def test_what_is_no_quantity_is_a_configuration_error():
    with pytest.raises(PodError, match="'much' is not a quantity"):
        amount({"cpu": "much"}, "cpu")
