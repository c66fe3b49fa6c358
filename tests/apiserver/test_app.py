"""A whole API server: how it starts, who may do what at its doors, and how it ends."""

import asyncio

import aiohttp
import orjson
import pytest

from pyk8s.api.errors import ApiError
from pyk8s.api.refs import CONFIG_MAPS, NAMESPACES, NODES, PODS, SECRETS, SERVICE_ACCOUNTS
from pyk8s.apiserver.app import ApiServer
from pyk8s.apiserver.request import Request
from pyk8s.client.grpc import GrpcClient
from pyk8s.observe import metrics
from pyk8s.storage.memory import MemoryStore
from pyk8s.wire.errors import KeyFileInvalid, WireError
from pyk8s.wire.pki import Authority
from tests.apiserver.agent import pod
from tests.apiserver.makers import ADMIN, refused
from tests.apiserver.served import Pki, served
from tests.wire.clients import client_context


def session(cluster, name="", groups=()):
    """An HTTPS client that shows a certificate for `name`, or none."""
    pki = cluster.pki
    files = pki.authority.issue(name, groups).write(pki.folder, "someone") if name else (None, None)
    context = client_context(pki.authority.certificate, *files)
    connector = aiohttp.TCPConnector(ssl=context)
    return aiohttp.ClientSession(f"https://127.0.0.1:{cluster.server.ports.https}", connector=connector)


def grpc(cluster, name, groups=()):
    return GrpcClient.connect(cluster.pki.connection(cluster.server, name, groups))


async def account(client, name="default", namespace="default"):
    body = orjson.dumps({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}})
    return orjson.loads(await client.create(SERVICE_ACCOUNTS.within(namespace), body))


async def test_it_is_ready_and_every_cluster_has_its_namespaces_and_roles(cluster):
    async with session(cluster) as nobody, nobody.get("/readyz?verbose") as answer:
        assert (answer.status, await answer.text()) == (
            200,
            "[+]ping ok\n[+]etcd ok\n[+]informer-sync ok\n[+]poststarthook/bootstrap ok\nreadyz check passed\n",
        )
    admin = grpc(cluster, "admin", ["system:masters"])
    names = [orjson.loads(one)["metadata"]["name"] for one in (await admin.list(NAMESPACES)).items]
    assert {"default", "kube-system", "kube-public", "kube-node-lease"} <= set(names)
    await admin.close()


async def test_a_stranger_learns_nothing_but_whether_it_is_well(cluster):
    async with session(cluster) as nobody:
        for path, code in (
            ("/healthz", 200),
            ("/version", 200),
            ("/api", 401),
            ("/api/v1/pods", 401),
            ("/metrics", 401),
        ):
            async with nobody.get(path) as answer:
                assert answer.status == code, path


async def test_a_client_of_another_authority_is_not_let_in(cluster, tmp_path):
    files = Authority.create("other").issue("admin", ["system:masters"]).write(tmp_path, "other")
    context = client_context(cluster.pki.authority.certificate, *files)
    url = f"https://127.0.0.1:{cluster.server.ports.https}/api/v1/pods"
    async with aiohttp.ClientSession() as other:
        with pytest.raises(aiohttp.ClientError):
            await other.get(url, ssl=context)


async def test_roles_decide_at_both_doors_alike(cluster):
    bob = grpc(cluster, "bob", ["dev"])
    over_grpc = await refused(bob.list(PODS.within("default")))
    async with session(cluster, "bob", ["dev"]) as person, person.get("/api/v1/namespaces/default/pods") as answer:
        over_rest = ApiError.from_status(orjson.loads(await answer.read()))
    assert over_grpc.code == over_rest.code == 403
    assert over_grpc.message == over_rest.message
    await bob.close()


async def test_a_service_account_uses_the_api_with_its_token_until_its_pod_is_gone(cluster):
    admin = grpc(cluster, "admin", ["system:masters"])
    await account(admin)
    made = orjson.loads(await admin.create(PODS.within("default"), orjson.dumps(pod(node_name=""))))
    bound = {"kind": "Pod", "apiVersion": "v1", "name": "web", "uid": made["metadata"]["uid"]}
    asked = orjson.dumps({"spec": {"boundObjectRef": bound, "expirationSeconds": 600}})
    reply = await admin.create(SERVICE_ACCOUNTS.of("default", "default").sub("token"), asked)
    headers = {"Authorization": f"Bearer {orjson.loads(reply)['status']['token']}"}
    async with session(cluster) as program:
        async with program.get("/api", headers=headers) as answer:
            assert answer.status == 200
        async with program.get("/api/v1/namespaces/default/pods", headers=headers) as answer:
            assert "system:serviceaccount:default:default" in (await answer.json())["message"]
        await admin.delete(PODS.of("web", "default"), grace_seconds=0)
        async with program.get("/api", headers=headers) as answer:
            assert answer.status == 401
        async with program.get("/api", headers={"Authorization": "Bearer nonsense"}) as answer:
            assert answer.status == 401
    await admin.close()


async def test_a_node_sees_what_its_pods_refer_to_and_nothing_else(cluster):
    admin = grpc(cluster, "admin", ["system:masters"])
    await account(admin)
    for name in ("mine", "other"):
        body = orjson.dumps({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}})
        await admin.create(SECRETS.within("default"), body)
    web = pod()
    web["spec"]["volumes"] = [{"name": "s", "secret": {"secretName": "mine"}}]
    await admin.create(PODS.within("default"), orjson.dumps(web))
    node = grpc(cluster, "system:node:node-1", ["system:nodes"])
    await node.create(NODES, orjson.dumps({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node-1"}}))
    assert b'"mine"' in await node.get(SECRETS.of("mine", "default"))
    assert (await refused(node.get(SECRETS.of("other", "default")))).code == 403
    listing = await node.list(PODS, fields="spec.nodeName=node-1")
    assert [orjson.loads(one)["metadata"]["name"] for one in listing.items] == ["web"]
    assert (await refused(node.list(PODS))).code == 403
    await node.close()
    await admin.close()


async def test_what_is_seen_at_one_door_was_written_at_the_other(cluster):
    admin = grpc(cluster, "admin", ["system:masters"])
    async with session(cluster, "root", ["system:masters"]) as rest:
        start = (await admin.list(CONFIG_MAPS)).resource_version
        async with rest.get(f"/api/v1/configmaps?watch=true&resourceVersion={start}") as watch:
            body = orjson.dumps(
                {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"k": "v"}}
            )
            await admin.create(CONFIG_MAPS.within("default"), body)
            event = orjson.loads(await asyncio.wait_for(watch.content.readline(), 30))
        assert (event["type"], event["object"]["data"]) == ("ADDED", {"k": "v"})
        async with rest.get("/api/v1/namespaces/default/configmaps/a") as answer:
            assert (await answer.json())["data"] == {"k": "v"}
    await admin.close()


async def test_requests_are_counted_where_dashboards_look(cluster):
    async with session(cluster, "root", ["system:masters"]) as rest:
        async with rest.get("/api/v1/nodes") as answer:
            assert answer.status == 200
        async with rest.get("/metrics") as answer:
            text = await answer.text()
    assert 'apiserver_request_total{code="200",group="",resource="nodes",scope="cluster"' in text
    assert "apiserver_request_duration_seconds_bucket" in text


async def test_it_ends_at_once_though_clients_watch_and_idle(tmp_path):
    async with served(tmp_path) as cluster:
        rest = session(cluster, "root", ["system:masters"])
        watch = await rest.get("/api/v1/pods?watch=true")
        admin = grpc(cluster, "admin", ["system:masters"])
        following = asyncio.ensure_future(anext(admin.watch(PODS, resource_version="")))
        await admin.list(PODS)
        begun = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - begun < 5
    assert await watch.read() == b""
    assert isinstance((await asyncio.gather(following, return_exceptions=True))[0], ApiError | StopAsyncIteration)
    await rest.close()
    await admin.close()


async def test_the_same_cluster_is_there_again_after_a_restart(tmp_path):
    pki, store = Pki.make(tmp_path), Kept()
    async with ApiServer(pki.settings(), store) as server:
        before = server.cacher.revision
    async with ApiServer(pki.settings(), store) as server:
        assert server.cacher.revision >= before
        assert server.rbac.role("", {"kind": "ClusterRole", "name": "cluster-admin"})
    # A start that finds everything writes nothing but its own upkeep.
    assert server.cacher.revision - before < 5


class Kept(MemoryStore):
    """A store that outlives the server which closes it."""

    async def close(self):
        pass


async def test_a_port_that_is_taken_is_said_and_nothing_is_left(tmp_path):
    async with served(tmp_path) as cluster:
        (tmp_path / "second").mkdir()
        pki = Pki.make(tmp_path / "second")
        for door, port in (("https", cluster.server.ports.https), ("grpc", cluster.server.ports.grpc)):
            with pytest.raises(WireError, match=str(port)):
                await ApiServer(pki.settings(**{door: {"port": port}})).__aenter__()
    counted = [one for one in metrics.REGISTRY._collector_to_names if type(one).__name__ == "Record"]
    assert counted == []


async def test_a_missing_key_is_named(tmp_path):
    pki = Pki.make(tmp_path)
    (tmp_path / "sa.key").unlink()
    with pytest.raises(KeyFileInvalid, match=r"sa\.key"):
        await ApiServer(pki.settings()).__aenter__()


async def test_before_it_has_started_it_says_so(tmp_path):
    server = ApiServer(Pki.make(tmp_path).settings())
    assert (await refused(server.handler(Request(verb="get", path="/version")))).code == 503


async def test_without_credentials_for_nodes_there_are_no_streams(tmp_path):
    async with ApiServer(Pki.make(tmp_path).settings(kubelet=None)) as server:
        log = {"namespace": "default", "name": "x", "subresource": "log"}
        asked = Request(verb="get", resource=server.resources.by_ref(PODS), user=ADMIN, **log)
        assert "kubelet" in (await refused(server.handler(asked))).message
