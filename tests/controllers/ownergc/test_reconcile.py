"""Cascades on a fake API."""

from contextlib import asynccontextmanager

import pytest

from pyk8s.aio import clock
from pyk8s.api.errors import unavailable
from pyk8s.api.refs import CONFIG_MAPS, DEPLOYMENTS, NODES, PODS, REPLICA_SETS, SECRETS
from pyk8s.api.resources import Resources
from pyk8s.controllers.ownergc.reconcile import OwnerGcController, followed
from tests.controllers.rig import WEB, deployment, replica_set, running
from tests.virtual import virtual_time


@asynccontextmanager
async def collecting(rig=None):
    resources = Resources.builtin()
    async with running(lambda context: OwnerGcController(context, resources), rig=rig) as made:
        yield made


def owner_of(obj, **more):
    metadata = obj["metadata"]
    return {
        "apiVersion": obj["apiVersion"],
        "kind": obj["kind"],
        "name": metadata["name"],
        "uid": metadata["uid"],
        **more,
    }


def config_map(name, *owners, namespace="default"):
    metadata = {"name": name, "namespace": namespace, "ownerReferences": list(owners)}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}


async def family(rig, block=True):
    """A deployment, its set, and two pods of that."""
    top = await rig.create(DEPLOYMENTS, deployment())
    below = replica_set()
    below["metadata"]["ownerReferences"] = [owner_of(top, controller=True, blockOwnerDeletion=block)]
    below = await rig.create(REPLICA_SETS, below)
    for number in range(2):
        references = [owner_of(below, controller=True, blockOwnerDeletion=block)]
        metadata = {"name": f"pod-{number}", "namespace": "default", "ownerReferences": references}
        await rig.create(PODS, {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {}})
    await rig.settled()


def left(rig):
    return [one["metadata"]["name"] for ref in (DEPLOYMENTS, REPLICA_SETS, PODS) for one in rig.api.objects(ref)]


@virtual_time
async def test_in_the_background_dependents_go_after_their_owner():
    async with collecting() as rig:
        await family(rig)
        await rig.client.delete(WEB, propagation="Background")
        assert rig.api.object(DEPLOYMENTS, "web", "default") is None
        await rig.settled()
        assert left(rig) == []


@virtual_time
async def test_in_the_foreground_owners_go_after_their_dependents():
    order = []
    async with collecting() as rig:
        await family(rig)

        def look(verb, ref, body):
            if left(rig) not in order:
                order.append(left(rig))

        rig.api.reactions.append(look)
        await rig.client.delete(WEB, propagation="Foreground")
        await rig.settled()
        look("", None, {})
        assert left(rig) == []
        assert order[0] == ["web", "web", "pod-0", "pod-1"]
        assert all(names[:1] == ["web"] for names in order if names)
        assert ["web", "web"] in order


@virtual_time
async def test_orphans_stay_and_forget_their_owner():
    async with collecting() as rig:
        await family(rig)
        await rig.client.delete(WEB, propagation="Orphan")
        await rig.settled()
        assert left(rig) == ["web", "pod-0", "pod-1"]
        assert "ownerReferences" not in rig.api.object(REPLICA_SETS, "web", "default")["metadata"]
        assert rig.api.object(PODS, "pod-0", "default")["metadata"]["ownerReferences"]


@virtual_time
async def test_one_owner_that_stays_is_enough():
    async with collecting() as rig:
        first, second = [await rig.create(CONFIG_MAPS, config_map(name)) for name in ("a", "b")]
        await rig.create(CONFIG_MAPS, config_map("child", owner_of(first), owner_of(second)))
        await rig.settled()
        await rig.client.delete(CONFIG_MAPS.of("a", "default"))
        await rig.settled()
        child = rig.api.object(CONFIG_MAPS, "child", "default")
        assert [one["name"] for one in child["metadata"]["ownerReferences"]] == ["b"]
        await rig.client.delete(CONFIG_MAPS.of("b", "default"))
        await rig.settled()
        assert rig.api.objects(CONFIG_MAPS) == []


@virtual_time
async def test_an_owner_that_never_was_is_looked_up_before_it_counts_as_gone():
    stranger = {"apiVersion": "v1", "kind": "Secret", "name": "ghost", "uid": "none"}
    async with collecting() as rig:
        await rig.create(CONFIG_MAPS, config_map("child", stranger))
        await rig.settled()
        assert rig.api.objects(CONFIG_MAPS) == []
        assert ("get", SECRETS.of("ghost", "default")) in [(verb, ref) for verb, ref, _ in rig.api.calls]


@virtual_time
async def test_an_owner_of_the_same_name_and_another_uid_is_another():
    async with collecting() as rig:
        held = await rig.create(CONFIG_MAPS, config_map("parent"))
        await rig.create(CONFIG_MAPS, config_map("child", {**owner_of(held), "uid": "former"}))
        await rig.settled()
        assert [one["metadata"]["name"] for one in rig.api.objects(CONFIG_MAPS)] == ["parent"]


@virtual_time
async def test_when_the_owner_cannot_be_looked_up_nothing_is_deleted():
    def refuse(verb, ref, body):
        if verb == "get":
            raise unavailable("not now")

    stranger = {"apiVersion": "v1", "kind": "Secret", "name": "ghost", "uid": "none"}
    async with collecting() as rig:
        rig.api.reactions.append(refuse)
        await rig.create(CONFIG_MAPS, config_map("child", stranger))
        await clock.sleep(30)
        assert len(rig.api.objects(CONFIG_MAPS)) == 1
        rig.api.reactions.clear()
        await clock.sleep(30)
        assert rig.api.objects(CONFIG_MAPS) == []


@virtual_time
@pytest.mark.parametrize(
    "stranger",
    [
        pytest.param({"apiVersion": "example.com/v1", "kind": "Thing", "name": "t", "uid": "t"}, id="unknown kind"),
        pytest.param(
            {"apiVersion": "v1", "kind": "Node", "name": "node-1", "uid": "x"}, id="a node of another uid is gone"
        ),
    ],
)
async def test_kinds_that_nobody_serves_are_no_proof(stranger):
    async with collecting() as rig:
        await rig.create(NODES, {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node-1"}, "spec": {}})
        await rig.create(CONFIG_MAPS, config_map("child", stranger))
        await clock.sleep(30)
        assert bool(rig.api.objects(CONFIG_MAPS)) is (stranger["kind"] == "Thing")


@virtual_time
async def test_an_owner_in_another_namespace_is_none():
    async with collecting() as rig:
        far = await rig.create(CONFIG_MAPS, config_map("parent", namespace="other"))
        await rig.create(CONFIG_MAPS, config_map("child", owner_of(far)))
        await rig.settled()
        assert [one["metadata"]["name"] for one in rig.api.objects(CONFIG_MAPS)] == ["parent"]


@virtual_time
async def test_an_object_that_was_adopted_meanwhile_is_not_deleted():
    async with collecting() as rig:
        parents = [await rig.create(CONFIG_MAPS, config_map(name)) for name in ("a", "b")]
        await rig.create(CONFIG_MAPS, config_map("child", owner_of(parents[0])))
        await rig.settled()

        def adopt(verb, ref, body):
            """Just before the collector's delete arrives, another owner takes the object."""
            if verb == "delete" and ref.name == "child":
                rig.api.reactions.clear()
                held = rig.api.object(CONFIG_MAPS, "child", "default")
                metadata = {**held["metadata"], "ownerReferences": [owner_of(parents[1])]}
                rig.api.put(CONFIG_MAPS, {**held, "metadata": metadata})

        await rig.client.delete(CONFIG_MAPS.of("a", "default"))
        rig.api.reactions.append(adopt)
        await rig.settled()
        assert [one["metadata"]["name"] for one in rig.api.objects(CONFIG_MAPS)] == ["b", "child"]


@virtual_time
async def test_what_lost_its_owner_while_nobody_watched_is_found_at_the_start():
    async with collecting() as rig:
        held = await rig.create(CONFIG_MAPS, config_map("parent"))
        await rig.create(CONFIG_MAPS, config_map("child", owner_of(held)))
    await rig.client.delete(CONFIG_MAPS.of("parent", "default"))
    assert len(rig.api.objects(CONFIG_MAPS)) == 1
    async with collecting(rig) as again:
        await again.settled()
        assert again.api.objects(CONFIG_MAPS) == []


def test_events_are_not_followed_and_nothing_twice():
    found = [(ref.group, ref.resource) for ref in followed(Resources.builtin())]
    assert len(found) == len(set(found)) > 40
    assert ("", "events") not in found
