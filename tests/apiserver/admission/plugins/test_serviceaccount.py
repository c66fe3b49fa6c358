"""Every pod has a service account and, where it wants it, a token in its place."""

import pytest

from pyk8s.apiserver.admission.plugins.serviceaccount import MIRROR, PLACE, with_volume
from tests.apiserver.registry.running import pod, refused, running_registry


@pytest.fixture
async def api():
    async with running_registry(namespaces=["default"]) as made:
        yield made


def token_volumes(spec):
    return [one for one in spec.get("volumes") or () if one["name"].startswith("kube-api-access-")]


async def test_a_pod_has_the_default_account_and_its_token(api):
    spec = (await api.create("pods", "default", pod()))["spec"]
    assert spec["serviceAccountName"] == "default"
    (volume,) = token_volumes(spec)
    (mount,) = spec["containers"][0]["volumeMounts"]
    assert mount == {"name": volume["name"], "readOnly": True, "mountPath": PLACE}
    token, ca, namespace = volume["projected"]["sources"]
    assert token == {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}}
    assert ca["configMap"] == {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}
    assert namespace["downwardAPI"]["items"][0]["path"] == "namespace"


async def test_a_pod_keeps_the_account_it_names(api):
    await api.create("serviceaccounts", "default", {"metadata": {"name": "robot"}, "imagePullSecrets": [{"name": "s"}]})
    spec = (await api.create("pods", "default", pod(serviceAccountName="robot")))["spec"]
    assert spec["serviceAccountName"] == spec["serviceAccount"] == "robot"
    assert spec["imagePullSecrets"] == [{"name": "s"}]


async def test_an_account_that_is_not_there_is_refused(api):
    error = await refused(api.create("pods", "default", pod(serviceAccountName="nobody")))
    assert error.code == 403
    assert 'error looking up service account default/nobody: serviceaccount "nobody" not found' in error.message


@pytest.mark.parametrize(
    ("of_pod", "of_account", "mounted"),
    [(None, None, True), (False, None, False), (None, False, False), (True, False, True), (False, True, False)],
)
async def test_the_pods_word_on_its_token_counts_before_the_accounts(api, of_pod, of_account, mounted):
    account = {"metadata": {"name": "robot"}}
    if of_account is not None:
        account["automountServiceAccountToken"] = of_account
    await api.create("serviceaccounts", "default", account)
    extra = {} if of_pod is None else {"automountServiceAccountToken": of_pod}
    spec = (await api.create("pods", "default", pod(serviceAccountName="robot", **extra)))["spec"]
    assert bool(token_volumes(spec)) is mounted


def test_a_container_that_has_something_there_keeps_it():
    own = {"name": "mine", "mountPath": PLACE}
    spec = {
        "containers": [{"name": "a", "volumeMounts": [own]}, {"name": "b"}],
        "initContainers": [{"name": "c"}],
        "volumes": [{"name": "mine", "emptyDir": {}}],
    }
    changed = with_volume(spec)
    assert changed["containers"][0]["volumeMounts"] == [own]
    name = changed["volumes"][1]["name"]
    assert changed["containers"][1]["volumeMounts"][0]["name"] == name
    assert changed["initContainers"][0]["volumeMounts"][0]["name"] == name


def test_without_anybody_to_see_it_there_is_no_volume():
    own = {"name": "mine", "mountPath": PLACE}
    assert "volumes" not in with_volume({"containers": [{"name": "a", "volumeMounts": [own]}]})


def test_a_volume_that_is_there_already_is_used():
    held = {"name": "kube-api-access-abcde", "projected": {"sources": []}}
    changed = with_volume({"containers": [{"name": "a"}], "volumes": [held]})
    assert "volumes" not in changed
    assert changed["containers"][0]["volumeMounts"][0]["name"] == held["name"]


def mirror(**spec):
    made = pod(nodeName="n1", **spec)
    made["metadata"]["annotations"] = {MIRROR: "hash"}
    return made


async def test_a_mirror_pod_gets_no_account(api):
    spec = (await api.create("pods", "default", mirror()))["spec"]
    assert "serviceAccountName" not in spec
    assert "volumes" not in spec


@pytest.mark.parametrize(
    "spec",
    [
        {"serviceAccountName": "default"},
        {"volumes": [{"name": "v", "secret": {"secretName": "s"}}]},
        {"volumes": [{"name": "v", "projected": {"sources": [{"serviceAccountToken": {"path": "t"}}]}}]},
    ],
)
async def test_a_mirror_pod_may_not_want_what_only_the_api_can_give(api, spec):
    error = await refused(api.create("pods", "default", mirror(**spec)))
    assert "a mirror pod may not" in error.message
