"""A namespace uses no more than its quotas allow."""

import asyncio

import pytest

from tests.apiserver.registry.running import pod, refused, running_registry


@pytest.fixture
async def api():
    async with running_registry(namespaces=["default"]) as made:
        yield made


async def quota(api, name="q", namespace="default", scopes=None, **hard):
    spec = {"hard": {key.replace("_", "."): value for key, value in hard.items()}}
    if scopes:
        spec["scopes"] = scopes
    await api.create("resourcequotas", namespace, {"metadata": {"name": name}, "spec": spec})


async def used(api, name="q"):
    return (await api.get("resourcequotas", "default", name))["status"]["used"]


def config_map(name):
    return {"metadata": {"name": name}}


def pod_of(name, cpu="100m", memory="64Mi"):
    amounts = {"cpu": cpu, "memory": memory}
    resources = {"requests": amounts, "limits": amounts}
    return pod(name, containers=[{"name": "main", "image": "x", "resources": resources}])


async def test_objects_are_counted_until_there_is_no_room(api):
    await quota(api, configmaps="2")
    for name in ("a", "b"):
        await api.create("configmaps", "default", config_map(name))
    assert await used(api) == {"configmaps": "2"}
    error = await refused(api.create("configmaps", "default", config_map("c")))
    assert (error.code, error.reason) == (403, "Forbidden")
    assert error.message == (
        'configmaps "c" is forbidden: exceeded quota: q, requested: configmaps=1, used: configmaps=2, '
        "limited: configmaps=2"
    )


async def test_what_was_there_before_the_quota_counts(api):
    await api.create("configmaps", "default", config_map("a"))
    await quota(api, configmaps="1")
    assert (await refused(api.create("configmaps", "default", config_map("b")))).code == 403


async def test_a_new_quota_says_what_is_used_already(api):
    await api.create("configmaps", "default", config_map("a"))
    await quota(api, configmaps="9", services="9")
    assert await used(api) == {"configmaps": "1", "services": "1"}


async def test_a_quota_that_counts_something_else_says_so_at_once(api):
    await api.create("configmaps", "default", config_map("a"))
    await quota(api, secrets="9")
    await api.merge("resourcequotas", "default", "q", {"spec": {"hard": {"configmaps": "5"}}})
    status = (await api.get("resourcequotas", "default", "q"))["status"]
    assert status == {"hard": {"secrets": "9", "configmaps": "5"}, "used": {"secrets": "0", "configmaps": "1"}}


async def test_what_is_deleted_makes_room(api):
    await quota(api, configmaps="1")
    await api.create("configmaps", "default", config_map("a"))
    await api.delete("configmaps", "default", "a")
    await api.create("configmaps", "default", config_map("b"))
    assert await used(api) == {"configmaps": "1"}


async def test_the_last_place_is_given_once(api):
    await quota(api, configmaps="5")
    outcomes = await asyncio.gather(
        *(api.create("configmaps", "default", config_map(f"c{i}")) for i in range(20)), return_exceptions=True
    )
    assert sum(isinstance(one, dict) for one in outcomes) == 5
    assert len(await api.list("configmaps", "default")) == 5


async def test_the_last_place_is_given_once_after_some_went(api):
    await quota(api, configmaps="5")
    for number in range(5):
        await api.create("configmaps", "default", config_map(f"old{number}"))
    await api.ask("deletecollection", "configmaps", "default")
    outcomes = await asyncio.gather(
        *(api.create("configmaps", "default", config_map(f"c{i}")) for i in range(20)), return_exceptions=True
    )
    assert len(await api.list("configmaps", "default")) == sum(isinstance(one, dict) for one in outcomes)
    assert len(await api.list("configmaps", "default")) == 5


async def test_pods_count_by_what_they_request(api):
    await quota(api, requests_cpu="250m", limits_memory="1Gi", pods="9")
    await api.create("pods", "default", pod_of("a"))
    await api.create("pods", "default", pod_of("b"))
    assert await used(api) == {"requests.cpu": "200m", "limits.memory": "128Mi", "pods": "2"}
    error = await refused(api.create("pods", "default", pod_of("c")))
    assert "requested: requests.cpu=100m, used: requests.cpu=200m, limited: requests.cpu=250m" in error.message


async def test_a_pod_that_has_ended_uses_nothing(api):
    await quota(api, pods="1")
    await api.create("pods", "default", pod_of("a"))
    await api.merge("pods", "default", "a", {"status": {"phase": "Succeeded"}}, sub="status")
    await api.create("pods", "default", pod_of("b"))


async def test_what_a_quota_counts_must_be_said(api):
    await quota(api, requests_cpu="1", limits_memory="1Gi")
    error = await refused(api.create("pods", "default", pod()))
    assert "failed quota: q: must specify limits.memory for: main; requests.cpu for: main" in error.message


async def test_any_kind_may_be_counted(api):
    await quota(api, **{"count/secrets": "0", "count/deployments.apps": "0"})
    assert (await refused(api.create("secrets", "default", {"metadata": {"name": "s"}}))).code == 403


async def test_a_service_that_grows_is_charged_for_what_is_more(api):
    await quota(api, services="5", services_nodeports="1")
    spec = {"ports": [{"name": "a", "port": 80}, {"name": "b", "port": 81}]}
    await api.create("services", "default", {"metadata": {"name": "s"}, "spec": spec})
    error = await refused(api.merge("services", "default", "s", {"spec": {"type": "NodePort"}}))
    assert "services.nodeports=2" in error.message
    # The service of the API itself stands in this namespace too.
    assert await used(api) == {"services": "2", "services.nodeports": "0"}


async def test_a_quota_of_another_scope_is_not_charged(api):
    await quota(api, "best", scopes=["BestEffort"], pods="1")
    await api.create("pods", "default", pod_of("burst"))
    await api.create("pods", "default", pod("a"))
    assert (await refused(api.create("pods", "default", pod("b")))).code == 403
    assert await used(api, "best") == {"pods": "1"}


async def test_every_quota_of_the_namespace_is_charged(api):
    await quota(api, "one", configmaps="9")
    await quota(api, "two", configmaps="1")
    await api.create("configmaps", "default", config_map("a"))
    assert await used(api, "one") == await used(api, "two") == {"configmaps": "1"}
    assert "exceeded quota: two" in (await refused(api.create("configmaps", "default", config_map("b")))).message


async def test_a_dry_run_is_judged_and_not_charged(api):
    await quota(api, configmaps="1")
    await api.create("configmaps", "default", config_map("a"), dry_run=True)
    await api.create("configmaps", "default", config_map("a"))
    assert (await refused(api.create("configmaps", "default", config_map("b"), dry_run=True))).code == 403


async def test_another_namespace_has_its_own(api):
    await api.namespace("team")
    await quota(api, namespace="team", configmaps="0")
    await api.create("configmaps", "default", config_map("a"))
