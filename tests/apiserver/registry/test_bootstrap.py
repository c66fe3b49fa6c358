"""What every cluster has from the start."""

import asyncio

import pytest

from pyk8s.apiserver.authorization.bootstrap.table import objects
from pyk8s.apiserver.registry.bootstrap import AUTOUPDATE, Bootstrap, mend
from pyk8s.apiserver.registry.config import Config
from tests.apiserver.registry.running import RESOURCES, running_registry


@pytest.fixture
async def api():
    config = Config(advertise_address="10.1.1.1", advertise_port=6443, account_wait=0.0)
    async with running_registry(config=config, bootstrap=False) as made:
        yield made


async def test_a_cluster_has_namespaces_classes_and_its_own_service(api):
    await api.real.begin([])
    assert await api.names("namespaces") == ["default", "kube-node-lease", "kube-public", "kube-system"]
    assert await api.names("priorityclasses") == ["system-cluster-critical", "system-node-critical"]
    service = await api.get("services", "default", "kubernetes")
    assert service["spec"]["clusterIP"] == "10.96.0.1"
    assert service["spec"]["ports"][0]["targetPort"] == 6443
    cidr = await api.get("servicecidrs.networking.k8s.io", "", "kubernetes")
    assert cidr["spec"]["cidrs"] == ["10.96.0.0/16"]


async def test_a_second_start_writes_nothing(api):
    await api.real.begin(objects())
    before = await api.store.revision()
    await api.real.begin(objects())
    assert await api.store.revision() == before


async def test_two_servers_that_start_together_do_not_disturb_each_other(api):
    await asyncio.gather(*(api.real.begin(objects()) for _ in range(3)))
    assert len(await api.list("namespaces")) == 4


async def test_another_port_of_the_server_is_told_to_the_service(api):
    await api.real.begin([])
    async with running_registry(api.store, config=Config(advertise_port=7443), bootstrap=False) as other:
        await other.real.begin([])
    service = await api.get("services", "default", "kubernetes")
    assert service["spec"]["ports"][0]["targetPort"] == 7443
    assert service["spec"]["clusterIP"] == "10.96.0.1"


def role(*rules, **annotations):
    metadata = {"name": "r", "annotations": annotations}
    return {"kind": "ClusterRole", "apiVersion": "rbac.authorization.k8s.io/v1", "metadata": metadata, "rules": rules}


READ, WRITE = {"verbs": ["get"], "resources": ["pods"]}, {"verbs": ["create"], "resources": ["pods"]}


@pytest.mark.parametrize(
    ("held", "wanted", "rules"),
    [
        (role(READ, WRITE), role(READ), None),
        (role(READ), role(READ, WRITE), [READ, WRITE]),
        (role(WRITE), role(READ), [WRITE, READ]),
        (role(**{AUTOUPDATE: "false"}), role(READ), None),
    ],
)
def test_a_role_gets_back_what_it_lacks(held, wanted, rules):
    mended = mend(held, wanted)
    assert (mended and list(mended["rules"])) == rules


def test_a_binding_gets_back_the_subject_it_lacks():
    user = {"kind": "User", "name": "a"}
    binding = {**role(), "kind": "ClusterRoleBinding", "subjects": [{**user, "apiGroup": "rbac.authorization.k8s.io"}]}
    assert mend(binding, {**binding, "subjects": [user]}) is None
    other = {"kind": "Group", "name": "g"}
    assert mend(binding, {**binding, "subjects": [other]})["subjects"] == [*binding["subjects"], other]


async def test_what_people_changed_of_other_kinds_stays(api):
    await api.real.begin([])
    await api.merge("namespaces", "", "kube-public", {"metadata": {"labels": {"mine": "yes"}}})
    await Bootstrap(api.handle, RESOURCES).run(api.real.config, [])
    assert (await api.get("namespaces", "", "kube-public"))["metadata"]["labels"]["mine"] == "yes"


async def test_the_first_address_is_the_apis_for_ever(api):
    await api.real.begin([])
    await api.delete("services", "default", "kubernetes")
    assert "10.96.0.1" in await api.names("ipaddresses.networking.k8s.io")
    await api.real.begin([])
    assert (await api.get("services", "default", "kubernetes"))["spec"]["clusterIP"] == "10.96.0.1"
