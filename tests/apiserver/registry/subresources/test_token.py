"""Tokens of service accounts."""

import pytest

from pyk8s.aio import clock
from pyk8s.apiserver.registry.subresources.token import check
from pyk8s.apiserver.request import User
from pyk8s.wire.pki import signing_key
from pyk8s.wire.tokens import Bound, Signer, Verifier
from tests.apiserver.registry.running import pod, refused, running_registry

ISSUER = "https://issuer.example"
KEY = signing_key()


@pytest.fixture
async def api():
    async with running_registry(namespaces=["default"], signer=Signer(ISSUER, KEY)) as made:
        await made.create("nodes", name="n1")
        yield made


async def ask(api, account="default", **spec):
    return await api.create("serviceaccounts", "default", {"spec": spec}, at=account, sub="token")


def claims(answer, audience=ISSUER):
    return Verifier(ISSUER, [KEY]).verify(answer["status"]["token"], audiences=[audience], now=clock.wall())


async def test_a_token_says_who_it_is_for(api):
    answer = await ask(api)
    assert api.answer.code == 201
    account = await api.get("serviceaccounts", "default", "default")
    found = claims(answer)
    assert found.subject == "system:serviceaccount:default:default"
    assert found.account == Bound("default", account["metadata"]["uid"])
    assert found.expires - found.issued == 3600
    assert answer["spec"]["expirationSeconds"] == 3600
    assert answer["status"]["expirationTimestamp"].endswith("Z")


async def test_a_token_has_the_audiences_and_the_life_it_was_asked_for(api):
    found = claims(await ask(api, audiences=["vault", "db"], expirationSeconds=1200), "db")
    assert found.audiences == ("vault", "db")
    assert found.expires - found.issued == 1200


async def test_a_token_is_bound_to_its_pod_and_its_pods_node(api):
    made = await api.create("pods", "default", pod(nodeName="n1"))
    uid = made["metadata"]["uid"]
    found = claims(await ask(api, boundObjectRef={"apiVersion": "v1", "kind": "Pod", "name": "web", "uid": uid}))
    assert found.pod == Bound("web", uid)
    assert found.node.name == "n1"
    assert found.node.uid


async def test_a_token_may_be_bound_to_a_secret_or_a_node(api):
    await api.create("secrets", "default", name="s")
    assert claims(await ask(api, boundObjectRef={"apiVersion": "v1", "kind": "Secret", "name": "s"})).secret.name == "s"
    assert claims(await ask(api, boundObjectRef={"apiVersion": "v1", "kind": "Node", "name": "n1"})).node.name == "n1"


@pytest.mark.parametrize(
    ("ref", "code"),
    [
        ({"kind": "Pod", "name": "gone"}, 404),
        ({"kind": "Pod", "name": "web", "uid": "other"}, 409),
        ({"kind": "Deployment", "name": "web"}, 400),
        ({"kind": "Pod", "apiVersion": "v2", "name": "web"}, 400),
    ],
)
async def test_a_token_is_bound_to_what_is_there_only(api, ref, code):
    await api.create("pods", "default", pod())
    assert (await refused(ask(api, boundObjectRef={"apiVersion": "v1", **ref}))).code == code


async def test_a_pod_of_another_account_binds_no_token(api):
    await api.create("serviceaccounts", "default", name="other")
    await api.create("pods", "default", pod())
    ref = {"apiVersion": "v1", "kind": "Pod", "name": "web"}
    assert "different service account" in (await refused(ask(api, "other", boundObjectRef=ref))).message


async def test_an_account_that_is_not_there_gets_no_token(api):
    assert (await refused(ask(api, "nobody"))).reason == "NotFound"


async def test_an_account_that_goes_gets_no_token(api):
    held = {"metadata": {"name": "going", "finalizers": ["example.com/hold"]}}
    await api.create("serviceaccounts", "default", held)
    await api.delete("serviceaccounts", "default", "going")
    assert (await refused(ask(api, "going"))).reason == "NotFound"


@pytest.mark.parametrize(
    ("spec", "fields"),
    [
        ({}, []),
        ({"expirationSeconds": 599}, ["spec.expirationSeconds"]),
        ({"expirationSeconds": 600}, []),
        ({"expirationSeconds": 2**32}, []),
        ({"expirationSeconds": 2**32 + 1}, ["spec.expirationSeconds"]),
        ({"expirationSeconds": "x"}, ["spec.expirationSeconds"]),
        ({"audiences": [""]}, ["spec.audiences"]),
        ({"audiences": "vault"}, ["spec.audiences"]),
    ],
)
def test_check(spec, fields):
    assert [cause.field for cause in check(spec)] == fields


async def test_a_request_that_cannot_be_is_invalid(api):
    error = await refused(ask(api, expirationSeconds=10))
    assert error.code == 422
    assert "may not specify a duration less than 10 minutes" in error.message


async def test_a_dry_run_signs_nothing(api):
    answer = await api.create("serviceaccounts", "default", {"spec": {}}, at="default", sub="token", dry_run=True)
    assert answer["status"]["token"] == ""


async def test_a_server_without_a_key_gives_no_tokens():
    async with running_registry(namespaces=["default"]) as api:
        assert (await refused(ask(api))).reason == "NotFound"


async def test_something_that_is_no_token_request_is_refused(api):
    asking = api.create("serviceaccounts", "default", {"kind": "Pod"}, at="default", sub="token")
    assert (await refused(asking)).code == 400


async def test_a_node_gets_tokens_for_its_own_pods_only(api):
    kubelet = api.by(User("system:node:n1", ("system:nodes", "system:authenticated")))
    mine = await api.create("pods", "default", pod("mine", nodeName="n1"))
    other = await api.create("pods", "default", pod("other", nodeName="n2"))
    await api.cacher.fresh()

    def ref(held):
        metadata = held["metadata"]
        return {"apiVersion": "v1", "kind": "Pod", "name": metadata["name"], "uid": metadata["uid"]}

    assert claims(await ask(kubelet, boundObjectRef=ref(mine))).pod.name == "mine"
    assert "different node" in (await refused(ask(kubelet, boundObjectRef=ref(other)))).message
    assert (await refused(ask(kubelet))).code == 403
    assert (await refused(ask(kubelet, boundObjectRef={**ref(mine), "uid": ""}))).code == 403
