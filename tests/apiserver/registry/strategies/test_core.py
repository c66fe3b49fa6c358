"""Small rules of single kinds, seen through the registry."""

import base64

import pytest

from pyk8s.api.resources import Resources
from pyk8s.apiserver.registry.metadata import NAME_RULES
from pyk8s.apiserver.registry.strategies import strategy_of
from pyk8s.apiserver.registry.strategies.table import STRATEGIES
from tests.apiserver.registry.running import pod, refused, running_registry


@pytest.fixture
async def api():
    async with running_registry(namespaces=["default"]) as made:
        yield made


def test_every_row_of_the_table_is_a_resource():
    served = {(one.group, one.plural) for one in Resources.builtin()}
    assert STRATEGIES.keys() <= served


def test_every_strategy_names_a_form_of_names():
    assert {one.names for one in STRATEGIES.values()} <= NAME_RULES.keys()


def test_a_kind_without_a_status_subresource_has_no_such_part():
    for resource in Resources.builtin():
        assert ("status" in strategy_of(resource).parts) == ("status" in resource.subresources)


async def test_a_namespace_is_held_by_its_finalizer(api):
    made = await api.create("namespaces", "", {"metadata": {"name": "team"}, "spec": {"finalizers": ["example.com/x"]}})
    assert made["spec"]["finalizers"] == ["example.com/x", "kubernetes"]
    assert made["metadata"]["labels"] == {"kubernetes.io/metadata.name": "team"}


async def test_finalizers_of_a_namespace_change_through_finalize_only(api):
    held = await api.create("namespaces", name="team")
    new = await api.merge("namespaces", "", "team", {"spec": {"finalizers": []}})
    assert new["spec"] == held["spec"]


async def test_the_phase_of_a_namespace_follows_its_deletion(api):
    await api.create("namespaces", name="team")
    new = await api.merge("namespaces", "", "team", {"status": {"phase": "Terminating"}}, sub="status")
    assert new["status"]["phase"] == "Active"


async def test_plain_text_of_a_secret_is_stored_encoded(api):
    made = await api.create("secrets", "default", {"metadata": {"name": "s"}, "stringData": {"k": "höhle"}})
    assert base64.b64decode(made["data"]["k"]).decode() == "höhle"
    assert "stringData" not in made
    new = await api.merge("secrets", "default", "s", {"stringData": {"l": "x"}})
    assert set(new["data"]) == {"k", "l"}


async def test_a_secret_keeps_its_type(api):
    await api.create("secrets", "default", {"metadata": {"name": "s"}})
    error = await refused(api.merge("secrets", "default", "s", {"type": "other"}))
    assert "field is immutable" in error.message


@pytest.mark.parametrize("plural", ["configmaps", "secrets"])
async def test_an_immutable_one_stays_as_it_is(api, plural):
    await api.create(plural, "default", {"metadata": {"name": "a"}, "immutable": True, "data": {"k": "eA=="}})
    for patch in ({"data": {"k": "eQ=="}}, {"immutable": None}):
        assert "immutable" in (await refused(api.merge(plural, "default", "a", patch))).message
    await api.merge(plural, "default", "a", {"metadata": {"labels": {"x": "y"}}})


async def test_a_binding_keeps_its_role(api):
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"}
    await api.create("clusterrolebindings", "", {"metadata": {"name": "system:b"}, "roleRef": role})
    error = await refused(api.merge("clusterrolebindings", "", "system:b", {"roleRef": {"name": "edit"}}))
    assert "cannot change roleRef" in error.message


async def test_the_pods_of_a_job_are_told_by_its_uid(api):
    template = {"spec": {**pod()["spec"], "restartPolicy": "Never"}}
    made = await api.create("jobs.batch", "default", {"metadata": {"name": "j"}, "spec": {"template": template}})
    uid = made["metadata"]["uid"]
    assert made["spec"]["selector"] == {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}
    assert made["spec"]["template"]["metadata"]["labels"]["batch.kubernetes.io/job-name"] == "j"
    sent = {"metadata": {"name": "j"}, "spec": {"template": made["spec"]["template"], "suspend": True}}
    new = await api.update("jobs.batch", "default", "j", sent)
    assert new["spec"]["selector"] == made["spec"]["selector"]


async def test_the_range_of_a_node_is_given_once(api):
    await api.create("nodes", name="n1")
    await api.merge("nodes", "", "n1", {"spec": {"podCIDR": "10.244.0.0/24"}})
    error = await refused(api.merge("nodes", "", "n1", {"spec": {"podCIDR": "10.244.1.0/24"}}))
    assert error.causes[0].field == "spec.podCIDR"
