"""Pods: what they are born with, what of them may change, how long they have to end."""

import pytest

from pyk8s.apiserver.registry.strategies import pod as rules
from tests.apiserver.registry.running import pod


def spec(**more):
    return {**pod()["spec"], **more}


def fields(causes):
    return [cause.field for cause in causes]


def test_a_new_pod_is_pending():
    made = rules.prepare_for_create({**pod(), "status": {"phase": "Running"}}, "T")
    assert made["status"] == {"phase": "Pending", "qosClass": "BestEffort"}


def test_a_gated_pod_says_why_it_is_not_scheduled():
    made = rules.prepare_for_create(pod(schedulingGates=[{"name": "example.com/wait"}]), "T")
    (condition,) = made["status"]["conditions"]
    assert (condition["type"], condition["status"], condition["reason"]) == ("PodScheduled", "False", "SchedulingGated")


@pytest.mark.parametrize(
    ("new", "old", "fine"),
    [
        pytest.param({}, {}, True, id="nothing"),
        pytest.param({"containers": [{"name": "main", "image": "nginx:2"}]}, {}, True, id="an image"),
        pytest.param({"containers": [{"name": "main", "image": "nginx:1", "tty": True}]}, {}, False, id="a terminal"),
        pytest.param({"nodeName": "n1"}, {}, False, id="a node"),
        pytest.param({"activeDeadlineSeconds": 5}, {}, True, id="a deadline"),
        pytest.param({"activeDeadlineSeconds": 4}, {"activeDeadlineSeconds": 5}, True, id="a shorter deadline"),
        pytest.param({"activeDeadlineSeconds": 6}, {"activeDeadlineSeconds": 5}, False, id="a longer deadline"),
        pytest.param({}, {"activeDeadlineSeconds": 5}, False, id="no deadline any more"),
        pytest.param({"terminationGracePeriodSeconds": 1}, {"terminationGracePeriodSeconds": 30}, False, id="a grace"),
        pytest.param({"terminationGracePeriodSeconds": 1}, {"terminationGracePeriodSeconds": -1}, True, id="a repair"),
        pytest.param(
            {"tolerations": [{"key": "a"}, {"key": "b"}]}, {"tolerations": [{"key": "a"}]}, True, id="one more"
        ),
        pytest.param({"tolerations": [{"key": "b"}]}, {"tolerations": [{"key": "a"}]}, False, id="one less"),
        pytest.param({}, {"schedulingGates": [{"name": "a"}]}, True, id="a gate is opened"),
        pytest.param({"schedulingGates": [{"name": "a"}]}, {}, False, id="a gate is closed"),
        pytest.param(
            {"schedulingGates": [{"name": "a"}], "nodeSelector": {"x": "y"}},
            {"schedulingGates": [{"name": "a"}]},
            True,
            id="a gated pod is narrowed down",
        ),
        pytest.param({"nodeSelector": {"x": "y"}}, {}, False, id="another pod is not"),
    ],
)
def test_what_may_change(new, old, fine):
    assert (rules.validate_change(spec(**new), spec(**old)) == []) is fine


@pytest.mark.parametrize(
    ("given", "asked", "seconds"),
    [
        (spec(), None, 0),
        (spec(nodeName="n"), None, 30),
        (spec(nodeName="n", terminationGracePeriodSeconds=5), None, 5),
        (spec(nodeName="n"), 7, 7),
        (spec(nodeName="n"), 0, 0),
        (spec(nodeName="n", terminationGracePeriodSeconds=-5), None, 1),
    ],
)
def test_grace(given, asked, seconds):
    assert rules.grace({"spec": given}, asked) == seconds


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
def test_a_pod_that_has_ended_needs_no_grace(phase):
    assert rules.grace({"spec": spec(nodeName="n"), "status": {"phase": phase}}, 30) == 0


def statuses(**states):
    return {"containerStatuses": [{"name": name, "state": {state: {}}} for name, state in states.items()]}


@pytest.mark.parametrize(
    ("policy", "new", "fine"),
    [("Never", "running", False), ("Never", "terminated", True), ("Always", "running", True)],
)
def test_a_container_that_is_not_restarted_stays_ended(policy, new, fine):
    old = {**pod(restartPolicy=policy), "status": statuses(main="terminated")}
    assert (rules.validate_status({**old, "status": statuses(main=new)}, old) == []) is fine


def test_ephemeral_containers_are_only_ever_added():
    one, two = {"name": "a", "image": "x"}, {"name": "b", "image": "x"}
    old = pod(ephemeralContainers=[one])
    assert rules.validate_ephemeral(pod(ephemeralContainers=[one, two]), old) == []
    assert fields(rules.validate_ephemeral(pod(ephemeralContainers=[two]), old)) == ["spec.ephemeralContainers"]
    changed = {**one, "image": "y"}
    assert fields(rules.validate_ephemeral(pod(ephemeralContainers=[changed]), old)) == ["spec.ephemeralContainers[0]"]


def test_a_write_of_ephemeral_containers_changes_nothing_else():
    new = {**pod(nodeName="other", ephemeralContainers=[{"name": "d", "image": "x"}])}
    merged = rules.ephemeral_of(new, pod(nodeName="n"))
    assert merged["spec"]["nodeName"] == "n"
    assert merged["spec"]["ephemeralContainers"] == [{"name": "d", "image": "x"}]


def with_cpu(amount, **more):
    resources = {"requests": {"cpu": amount}, "limits": {"cpu": "2"}}
    return pod(containers=[{"name": "main", "image": "nginx:1", "resources": resources}], **more)


def test_a_resize_changes_resources_and_nothing_else():
    merged = rules.resized(with_cpu("2", nodeName="other"), with_cpu("1", nodeName="n"))
    assert merged["spec"]["nodeName"] == "n"
    assert merged["spec"]["containers"][0]["resources"]["requests"] == {"cpu": "2"}


def test_a_resize_keeps_the_class_of_service():
    assert rules.validate_resize(with_cpu("2"), with_cpu("1")) == []
    assert fields(rules.validate_resize(pod(), with_cpu("1"))) == ["metadata"]


def test_a_mirror_pod_names_its_node():
    mirror = pod()
    mirror["metadata"]["annotations"] = {rules.MIRROR: "hash"}
    assert f"metadata.annotations[{rules.MIRROR}]" in fields(rules.validate(mirror, None))
