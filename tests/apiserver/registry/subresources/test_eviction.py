"""Evicting pods: only as many as their budget lets go."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from pyk8s.api.objectmeta import timestamp
from pyk8s.apiserver.registry.subresources.disruption import (
    Budget,
    applies,
    disrupted,
    may_go_unready,
    plan_budget,
    status_after,
)
from tests.apiserver.registry.running import pod, refused, running_registry

NOW = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)


@pytest.fixture
async def api():
    async with running_registry(namespaces=["default"]) as made:
        yield made


async def running_pods(api, count, ready=True, owner=None):
    for number in range(count):
        sent = pod(f"web-{number}", nodeName="n1")
        if owner:
            sent["metadata"]["ownerReferences"] = [owner]
        await api.create("pods", "default", sent)
        condition = {"type": "Ready", "status": "True" if ready else "False"}
        status = {"phase": "Running", "conditions": [condition]}
        await api.merge("pods", "default", f"web-{number}", {"status": status}, sub="status")


async def budget(api, name="web", **spec):
    selector = {"matchLabels": {"app": "web"}}
    sent = {"metadata": {"name": name}, "spec": {"selector": selector, **spec}}
    await api.create("poddisruptionbudgets.policy", "default", sent)


async def evict(api, name, **options):
    sent = {"metadata": {"name": name}, "deleteOptions": options}
    return await api.create("pods", "default", sent, at=name, sub="eviction")


async def going(api):
    return sum("deletionTimestamp" in one["metadata"] for one in await api.list("pods", "default"))


async def test_a_pod_without_a_budget_is_deleted(api):
    await running_pods(api, 1)
    status = await evict(api, "web-0", gracePeriodSeconds=3)
    assert (status["status"], api.answer.code) == ("Success", 201)
    assert (await api.get("pods", "default", "web-0"))["metadata"]["deletionGracePeriodSeconds"] == 3


async def test_a_budget_lets_go_as_many_as_it_can_spare(api):
    await running_pods(api, 3)
    await budget(api, minAvailable=2)
    await evict(api, "web-0")
    error = await refused(evict(api, "web-1"))
    assert (error.code, error.reason, error.retry_after) == (429, "TooManyRequests", 10)
    assert error.message == "Cannot evict pod as it would violate the pod's disruption budget."
    assert error.causes[0].reason == "DisruptionBudget"
    assert "needs 2 healthy pods and has 2 currently" in error.causes[0].message
    assert await going(api) == 1


async def test_evictions_at_the_same_time_spend_no_disruption_twice(api):
    await running_pods(api, 5)
    await budget(api, maxUnavailable=2)
    outcomes = await asyncio.gather(*(evict(api, f"web-{i}") for i in range(5)), return_exceptions=True)
    assert sum(isinstance(one, dict) for one in outcomes) == 2
    assert await going(api) == 2


async def test_an_eviction_is_noted_in_the_status_of_its_budget(api):
    await running_pods(api, 3)
    await budget(api, minAvailable="50%")
    await evict(api, "web-0")
    status = (await api.get("poddisruptionbudgets.policy", "default", "web"))["status"]
    assert list(status["disruptedPods"]) == ["web-0"]
    assert (status["currentHealthy"], status["desiredHealthy"], status["expectedPods"]) == (3, 2, 3)
    assert (status["disruptionsAllowed"], status["observedGeneration"]) == (0, 1)


async def test_what_should_be_there_is_what_the_controller_wants(api):
    labels = {"app": "web"}
    template = {"metadata": {"labels": labels}, "spec": pod()["spec"]}
    spec = {"replicas": 4, "selector": {"matchLabels": labels}, "template": template}
    made = await api.create("replicasets.apps", "default", {"metadata": {"name": "web"}, "spec": spec})
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web", "controller": True}
    await running_pods(api, 3, owner={**owner, "uid": made["metadata"]["uid"]})
    await budget(api, maxUnavailable=1)
    assert (await refused(evict(api, "web-0"))).code == 429


async def test_two_budgets_for_one_pod_are_an_error(api):
    await running_pods(api, 1)
    await budget(api, "one", minAvailable=0)
    await budget(api, "two", minAvailable=0)
    assert "more than one PodDisruptionBudget" in (await refused(evict(api, "web-0"))).message


@pytest.mark.parametrize("phase", ["Pending", "Succeeded", "Failed"])
async def test_a_pod_that_does_not_run_is_never_protected(api, phase):
    await running_pods(api, 1)
    await api.merge("pods", "default", "web-0", {"status": {"phase": phase}}, sub="status")
    await budget(api, minAvailable=1)
    await evict(api, "web-0")


async def test_a_pod_that_is_not_ready_goes_when_its_policy_says_so(api):
    await running_pods(api, 1, ready=False)
    await budget(api, minAvailable=1)
    assert (await refused(evict(api, "web-0"))).code == 429
    await api.merge(
        "poddisruptionbudgets.policy", "default", "web", {"spec": {"unhealthyPodEvictionPolicy": "AlwaysAllow"}}
    )
    await evict(api, "web-0")


async def test_a_dry_run_spends_nothing(api):
    await running_pods(api, 2)
    await budget(api, minAvailable=1)
    await evict(api, "web-0", dryRun=["All"])
    assert "status" not in await api.get("poddisruptionbudgets.policy", "default", "web")
    assert await going(api) == 0


async def test_an_eviction_of_another_life_of_the_pod_is_a_conflict(api):
    await running_pods(api, 1)
    assert (await refused(evict(api, "web-0", preconditions={"uid": "other"}))).reason == "Conflict"


@pytest.mark.parametrize(("body", "code"), [({"kind": "Pod"}, 400), ({"metadata": {"name": "other"}}, 400)])
async def test_an_eviction_that_means_something_else_is_refused(api, body, code):
    await running_pods(api, 1)
    assert (await refused(api.create("pods", "default", body, at="web-0", sub="eviction"))).code == code


async def test_a_pod_that_is_not_there_is_not_found(api):
    assert (await refused(evict(api, "web-0"))).reason == "NotFound"


# The arithmetic.


def pods(ready, unready=0, going=0):
    made = []
    for number in range(ready + unready + going):
        condition = {"type": "Ready", "status": "True" if number < ready or number >= ready + unready else "False"}
        metadata = {"name": f"p{number}", "labels": {"app": "web"}}
        if number >= ready + unready:
            metadata["deletionTimestamp"] = "2026-01-01T12:00:00Z"
        made.append({"metadata": metadata, "status": {"conditions": [condition]}})
    return made


@pytest.mark.parametrize(
    ("spec", "given", "expected", "budget", "allowed"),
    [
        ({"minAvailable": 2}, pods(3), 3, Budget(3, 2, 3), 1),
        ({"minAvailable": 2}, pods(1), 3, Budget(1, 2, 3), 0),
        ({"minAvailable": "50%"}, pods(3), 3, Budget(3, 2, 3), 1),
        ({"minAvailable": "100%"}, pods(3), 3, Budget(3, 3, 3), 0),
        ({"maxUnavailable": 1}, pods(3), 4, Budget(3, 3, 4), 0),
        ({"maxUnavailable": "34%"}, pods(3), 3, Budget(3, 1, 3), 2),
        ({"maxUnavailable": 5}, pods(3), 3, Budget(3, 0, 3), 3),
        ({"minAvailable": 1}, pods(2, unready=1, going=1), 4, Budget(2, 1, 4), 1),
        ({}, pods(2), 2, Budget(2, 1, 2), 1),
    ],
)
def test_plan_budget(spec, given, expected, budget, allowed):
    found = plan_budget({"metadata": {}, "spec": spec}, given, expected, NOW)
    assert found == budget
    assert found.allowed == allowed


def test_a_pod_evicted_of_late_counts_as_gone_for_two_minutes():
    names = {f"p{i}": timestamp(NOW - timedelta(minutes=i)) for i in range(4)}
    held = {"metadata": {}, "spec": {"minAvailable": 1}, "status": {"disruptedPods": {**names, "other": "x"}}}
    held["status"]["disruptedPods"]["other"] = timestamp(NOW)
    assert list(disrupted(held, pods(4), NOW)) == ["p0", "p1"]
    assert plan_budget(held, pods(4), 4, NOW).healthy == 2


def test_the_status_names_who_goes():
    numbers = Budget(3, 1, 3)
    status = status_after({"metadata": {"generation": 2}}, numbers, pods(3), "p1", NOW)
    assert status["disruptedPods"] == {"p1": timestamp(NOW)}
    assert (status["disruptionsAllowed"], status["observedGeneration"]) == (1, 2)


@pytest.mark.parametrize(
    ("policy", "numbers", "may"),
    [
        ("AlwaysAllow", Budget(0, 1, 1), True),
        ("IfHealthyBudget", Budget(0, 1, 1), False),
        ("IfHealthyBudget", Budget(2, 1, 3), True),
        (None, Budget(2, 0, 3), False),
    ],
)
def test_may_go_unready(policy, numbers, may):
    assert may_go_unready({"spec": {"unhealthyPodEvictionPolicy": policy}}, numbers) is may


def test_a_budget_without_a_selector_protects_nobody():
    assert not applies({"spec": {}}, pods(1)[0])
    assert applies({"spec": {"selector": {}}}, pods(1)[0])
