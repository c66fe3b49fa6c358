"""The usual client library for Python, as a program in a pod would use it: with a service account's token."""

import asyncio

import kubernetes
import pytest
from kubernetes.stream import stream


@pytest.fixture
async def library(staffed):
    """Runs a function with a client of the service account `default`, which may do everything with pods."""
    cluster, _ = staffed
    for words in (
        ("role", "pods", "--verb=*", "--resource=pods,pods/log,pods/exec,configmaps"),
        ("rolebinding", "pods", "--role=pods", "--serviceaccount=default:default"),
    ):
        assert (await cluster.kubectl("create", *words)).code == 0
    token = (await cluster.kubectl("create", "token", "default")).out.strip()
    configuration = kubernetes.client.Configuration()
    configuration.host = f"https://127.0.0.1:{cluster.server.ports.https}"
    configuration.ssl_ca_cert = str(cluster.pki.folder / "ca.crt")
    configuration.api_key = {"authorization": token}
    configuration.api_key_prefix = {"authorization": "Bearer"}

    async def run(work):
        def call():
            with kubernetes.client.ApiClient(configuration) as client:
                return work(kubernetes.client.CoreV1Api(client))

        return await asyncio.wait_for(asyncio.to_thread(call), 20)

    return run


def config_map(name):
    return kubernetes.client.V1ConfigMap(metadata=kubernetes.client.V1ObjectMeta(name=name), data={"k": "v"})


async def test_it_creates_reads_patches_and_deletes(library):
    def work(api):
        api.create_namespaced_config_map("default", config_map("a"))
        api.patch_namespaced_config_map("a", "default", {"data": {"k": "w"}})
        found = api.read_namespaced_config_map("a", "default").data
        api.delete_namespaced_config_map("a", "default")
        return found, [one.metadata.name for one in api.list_namespaced_config_map("default").items]

    assert await library(work) == ({"k": "w"}, [])


async def test_it_watches(library):
    def work(api):
        start = api.list_namespaced_config_map("default").metadata.resource_version
        api.create_namespaced_config_map("default", config_map("b"))
        watch = kubernetes.watch.Watch()
        for event in watch.stream(
            api.list_namespaced_config_map, "default", resource_version=start, timeout_seconds=10
        ):
            watch.stop()
            return event["type"], event["object"].metadata.name
        return None

    assert await library(work) == ("ADDED", "b")


async def test_it_reads_logs_and_runs_programs(library):
    def work(api):
        log = api.read_namespaced_pod_log("web", "default", tail_lines=1)
        said = stream(
            api.connect_get_namespaced_pod_exec, "web", "default", command=["echo", "hello"], stdout=True, stderr=True
        )
        return log, said

    assert await library(work) == ("line 3\n", "hello\n")


async def test_it_is_told_what_it_may_not(library):
    def work(api):
        with pytest.raises(kubernetes.client.ApiException) as caught:
            api.list_node()
        return caught.value.status, caught.value.body

    status, body = await library(work)
    assert status == 403
    assert "system:serviceaccount:default:default" in body
