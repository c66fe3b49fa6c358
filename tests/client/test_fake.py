"""What only the fake API has: ways to disturb it; and rules that tests rely on."""

import orjson
import pytest

from pyk8s.aio import clock
from pyk8s.api.errors import ApiError, internal
from pyk8s.api.refs import CONFIG_MAPS, NAMESPACES, PODS, SERVICE_ACCOUNTS
from pyk8s.client.fake import FakeApi, FakeClient
from pyk8s.client.interface import PatchType
from tests.virtual import virtual_time

MAPS = CONFIG_MAPS.within("default")


def config_map(name="settings", **data):
    return orjson.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data})


async def add_namespace(client, name="default"):
    obj = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    return orjson.loads(await client.create(NAMESPACES, orjson.dumps(obj)))


@virtual_time
async def test_calls_are_noted_and_reactions_may_refuse_them():
    client = FakeClient()
    await client.create(MAPS, config_map())

    def react(verb, ref, body):
        raise internal("broken")

    client.api.reactions.append(react)
    with pytest.raises(ApiError, match="broken"):
        await client.get(MAPS.of("settings"))
    assert [verb for verb, *_ in client.api.calls] == ["create", "get"]


@virtual_time
async def test_clients_share_an_api():
    api = FakeApi()
    await FakeClient(api).create(MAPS, config_map())
    assert (await FakeClient(api).list(MAPS)).items


@virtual_time
async def test_down_means_that_nobody_answers():
    client = FakeClient()
    stream = client.watch(MAPS, resource_version="1")
    first = anext(stream, None)
    client.api.down = True
    with pytest.raises(ApiError) as caught:
        await client.list(MAPS)
    assert caught.value.reason == "ServiceUnavailable"
    with pytest.raises(ApiError):
        await first


@virtual_time
async def test_a_forgotten_version_is_expired():
    client = FakeClient()
    await client.create(MAPS, config_map())
    client.api.compact()
    with pytest.raises(ApiError) as caught:
        async for _ in client.watch(MAPS, resource_version="1"):
            pass
    assert caught.value.code == 410


@virtual_time
async def test_a_bookmark_advances_every_watch():
    client = FakeClient()
    stream = client.watch(MAPS, resource_version=str(client.api.revision))
    client.api.bookmark()
    (event,) = await anext(stream)
    assert (event.type, event.resource_version) == ("BOOKMARK", str(client.api.revision))
    await stream.aclose()


@virtual_time
async def test_a_namespace_lives_until_it_is_finalized():
    client = FakeClient()
    assert (await add_namespace(client))["status"]["phase"] == "Active"
    await client.delete(NAMESPACES.of("default"))
    held = orjson.loads(await client.get(NAMESPACES.of("default")))
    assert held["status"]["phase"] == "Terminating"
    with pytest.raises(ApiError) as caught:
        await client.create(MAPS, config_map())
    assert [cause.reason for cause in caught.value.causes] == ["NamespaceTerminating"]
    await client.update(NAMESPACES.of("default").sub("finalize"), orjson.dumps({**held, "spec": {"finalizers": []}}))
    assert client.api.object(NAMESPACES, "default") is None


@virtual_time
async def test_a_shorter_grace_hastens_a_deletion_and_a_longer_one_does_not():
    client = FakeClient()
    metadata = {"name": "web", "namespace": "default"}
    spec = {"nodeName": "n", "terminationGracePeriodSeconds": 30}
    client.api.put(PODS, {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
    ref = PODS.of("web", "default")

    def grace():
        return client.api.object(PODS, "web", "default")["metadata"]["deletionGracePeriodSeconds"]

    for asked, then in ((None, 30), (60, 30), (5, 5)):
        await client.delete(ref, grace_seconds=asked)
        assert grace() == then


@virtual_time
async def test_evicting_is_deleting():
    client = FakeClient()
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": "default"}, "spec": {}}
    client.api.put(PODS, pod)
    await client.create(PODS.of("web", "default").sub("eviction"), b'{"kind":"Eviction","apiVersion":"policy/v1"}')
    assert client.api.objects(PODS) == []


@virtual_time
async def test_a_token_is_given_for_an_account_that_is_there():
    client = FakeClient()
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "web"}}
    await client.create(SERVICE_ACCOUNTS.within("default"), orjson.dumps(account))
    request = orjson.dumps({"kind": "TokenRequest", "spec": {"expirationSeconds": 600}})
    ref = SERVICE_ACCOUNTS.of("web", "default").sub("token")
    status = orjson.loads(await client.create(ref, request))["status"]
    assert status["token"]
    assert status["expirationTimestamp"] > clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    with pytest.raises(ApiError):
        await client.create(SERVICE_ACCOUNTS.of("nobody", "default").sub("token"), request)


@virtual_time
@pytest.mark.parametrize(
    ("body", "reason"),
    [
        pytest.param({"metadata": {"name": "a"}}, "BadRequest", id="no kind"),
        pytest.param(
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "other"}},
            "BadRequest",
            id="another namespace",
        ),
    ],
)
async def test_bodies_that_do_not_fit_are_refused(body, reason):
    with pytest.raises(ApiError) as caught:
        await FakeClient().create(MAPS, orjson.dumps(body))
    assert caught.value.reason == reason


@virtual_time
@pytest.mark.parametrize(
    ("operations", "result"),
    [
        ([{"op": "add", "path": "/data/b", "value": "2"}], {"a": "1", "b": "2"}),
        ([{"op": "remove", "path": "/data/a"}], {}),
        ([{"op": "replace", "path": "/data", "value": {}}], {}),
        ([{"op": "add", "path": "/data/x~1y~0z", "value": "3"}], {"a": "1", "x/y~z": "3"}),
        ([{"op": "remove", "path": "/data/missing"}], None),
        ([{"op": "add", "path": "/nowhere/x", "value": "3"}], None),
    ],
)
async def test_json_patches(operations, result):
    client = FakeClient()
    await client.create(MAPS, config_map(a="1"))
    call = client.patch(MAPS.of("settings"), orjson.dumps(operations), PatchType.JSON)
    if result is None:
        with pytest.raises(ApiError):
            await call
    else:
        assert orjson.loads(await call)["data"] == result


@virtual_time
async def test_json_patches_reach_into_lists():
    client = FakeClient()
    obj = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "list": [{"n": 1}, {"n": 2}]}
    await client.create(MAPS, orjson.dumps(obj))
    operations = [
        {"op": "test", "path": "/list/0/n", "value": 1},
        {"op": "add", "path": "/list/-", "value": {"n": 3}},
        {"op": "remove", "path": "/list/0"},
        {"op": "replace", "path": "/list/0/n", "value": 9},
    ]
    answer = await client.patch(MAPS.of("a"), orjson.dumps(operations), PatchType.JSON)
    assert orjson.loads(answer)["list"] == [{"n": 9}, {"n": 3}]
