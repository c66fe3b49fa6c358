"""The end of a namespace on a fake API."""

from contextlib import asynccontextmanager

from pyk8s.aio import clock
from pyk8s.api.errors import forbidden
from pyk8s.api.refs import CONFIG_MAPS, DEPLOYMENTS, NAMESPACES, PODS, SECRETS
from pyk8s.api.resources import Resources
from pyk8s.controllers.namespace.reconcile import NamespaceController
from tests.controllers.rig import deployment, running
from tests.virtual import virtual_time

SHOP = NAMESPACES.of("shop")


@asynccontextmanager
async def emptying():
    resources = Resources.builtin()
    async with running(lambda context: NamespaceController(context, lambda: resources)) as rig:
        for name in ("shop", "other"):
            await rig.create(NAMESPACES, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
            await rig.create(CONFIG_MAPS, config_map(name))
        yield rig


def config_map(namespace, name="settings", **metadata):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace, **metadata}}


def status(rig):
    rows = (rig.api.object(NAMESPACES, "shop").get("status") or {}).get("conditions") or ()
    return {one["type"] for one in rows if one["status"] == "True"}


@virtual_time
async def test_a_namespace_goes_with_everything_in_it_and_nothing_else():
    async with emptying() as rig:
        await rig.create(DEPLOYMENTS, deployment(namespace="shop"))
        await rig.client.delete(SHOP)
        await rig.settled()
        assert rig.api.object(NAMESPACES, "shop") is None
        assert rig.api.objects(DEPLOYMENTS) == []
        assert [one["metadata"]["namespace"] for one in rig.api.objects(CONFIG_MAPS)] == ["other"]
        assert rig.api.object(NAMESPACES, "other")


@virtual_time
async def test_nothing_else_goes_while_pods_are_left():
    async with emptying() as rig:
        metadata = {"name": "web", "namespace": "shop"}
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"nodeName": "n"}, "status": {}}
        rig.api.put(PODS, pod)
        await rig.client.delete(SHOP)
        await clock.sleep(1)
        assert "deletionTimestamp" in rig.api.object(PODS, "web", "shop")["metadata"]
        assert rig.api.object(CONFIG_MAPS, "settings", "shop")
        assert status(rig) == {"NamespaceContentRemaining"}
        gone = clock.monotonic()
        await rig.client.delete(PODS.of("web", "shop"), grace_seconds=0)
        await rig.until(lambda: rig.api.object(NAMESPACES, "shop") is None)
        assert clock.monotonic() - gone < 0.1  # the end of the pod is what wakes it


@virtual_time
async def test_a_finalizer_is_waited_for_and_said():
    async with emptying() as rig:
        await rig.create(CONFIG_MAPS, config_map("shop", "held", finalizers=["example.com/wait"]))
        await rig.client.delete(SHOP)
        await clock.sleep(1)
        assert status(rig) == {"NamespaceContentRemaining", "NamespaceFinalizersRemaining"}
        await rig.patch(CONFIG_MAPS.of("held", "shop"), {"metadata": {"finalizers": None}})
        await rig.until(lambda: rig.api.object(NAMESPACES, "shop") is None)


@virtual_time
async def test_a_refusal_is_said_and_tried_again():
    def refuse(verb, ref, body):
        if verb == "list" and ref.resource == "secrets":
            raise forbidden("", "secrets", "", "no rights")

    async with emptying() as rig:
        rig.api.reactions.append(refuse)
        await rig.client.delete(SHOP)
        await clock.sleep(1)
        assert status(rig) == {"NamespaceDeletionContentFailure"}
        rig.api.reactions.clear()
        await rig.until(lambda: rig.api.object(NAMESPACES, "shop") is None)


@virtual_time
async def test_another_finalizer_of_the_namespace_is_left_to_its_owner():
    async with emptying() as rig:
        await rig.patch(SHOP, {"metadata": {"finalizers": ["example.com/mine"]}})
        await rig.client.delete(SHOP)
        await rig.settled()
        held = rig.api.object(NAMESPACES, "shop")
        assert held["spec"]["finalizers"] == []
        assert rig.api.objects(SECRETS) == []
        await rig.patch(SHOP, {"metadata": {"finalizers": None}})
        await rig.settled()
        assert rig.api.object(NAMESPACES, "shop") is None
