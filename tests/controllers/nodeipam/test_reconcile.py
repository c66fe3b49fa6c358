"""Ranges written to nodes on a fake API."""

import orjson

from pyk8s.api.errors import ApiError
from pyk8s.api.refs import EVENTS, NODES
from pyk8s.controllers.nodeipam.reconcile import NodeIpamController
from tests.controllers.rig import running
from tests.virtual import virtual_time


def allocating(*ranges):
    return running(lambda context: NodeIpamController(context, ranges or (("10.244.0.0/16", 24),)))


async def add(rig, name, **spec):
    await rig.create(NODES, {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}, "spec": spec})


def ranges(rig):
    return {one["metadata"]["name"]: one["spec"].get("podCIDR") for one in rig.api.objects(NODES)}


@virtual_time
async def test_each_node_gets_a_range_of_its_own():
    async with allocating() as rig:
        for number in range(20):
            await add(rig, f"node-{number}")
        await rig.settled()
        assert len(set(ranges(rig).values())) == 20
        assert all(ranges(rig).values())
        assert rig.api.object(NODES, "node-3")["spec"]["podCIDRs"] == [ranges(rig)["node-3"]]


@virtual_time
async def test_in_a_cluster_of_two_families_each_node_gets_a_range_of_both():
    async with allocating(("10.244.0.0/16", 24), ("fd00:0:0:100::/56", 64)) as rig:
        for name in ("a", "b"):
            await add(rig, name)
        await rig.settled()
        assert [rig.api.object(NODES, name)["spec"]["podCIDRs"] for name in ("a", "b")] == [
            ["10.244.0.0/24", "fd00:0:0:100::/64"],
            ["10.244.1.0/24", "fd00:0:0:101::/64"],
        ]
        assert ranges(rig)["b"] == "10.244.1.0/24"


@virtual_time
async def test_a_node_that_finds_one_family_used_up_gets_none_of_the_other():
    async with allocating(("10.244.0.0/16", 24), ("fd00::/63", 64)) as rig:
        for name in ("a", "b", "c"):
            await add(rig, name)
        await rig.settled()
        assert ranges(rig)["c"] is None
        await rig.client.delete(NODES.of("a"))
        await rig.settled()
        assert rig.api.object(NODES, "c")["spec"]["podCIDRs"] == ["10.244.0.0/24", "fd00::/64"]


@virtual_time
async def test_a_node_keeps_the_range_it_has():
    async with allocating() as rig:
        await add(rig, "old", podCIDR="10.244.0.0/24", podCIDRs=["10.244.0.0/24"])
        await add(rig, "new")
        await rig.settled()
        assert ranges(rig) == {"old": "10.244.0.0/24", "new": "10.244.1.0/24"}


@virtual_time
async def test_what_a_node_has_of_the_second_family_is_given_to_nobody_else():
    async with allocating(("10.244.0.0/16", 24), ("fd00:0:0:100::/56", 64)) as rig:
        await add(rig, "old", podCIDR="10.244.5.0/24", podCIDRs=["10.244.5.0/24", "fd00:0:0:100::/64"])
        await add(rig, "new")
        await rig.settled()
        assert rig.api.object(NODES, "new")["spec"]["podCIDRs"] == ["10.244.0.0/24", "fd00:0:0:101::/64"]


@virtual_time
async def test_a_range_is_for_the_node_that_was_seen_and_not_for_another_of_its_name():
    said = []

    async with allocating() as rig:
        client = rig.controllers[0]._client
        patch = client.patch

        async def heard(ref, body, *more, **options):
            said.append(orjson.loads(body)["metadata"])
            return await patch(ref, body, *more, **options)

        client.patch = heard
        await add(rig, "a")
        await rig.settled()
        assert said == [{"uid": rig.api.object(NODES, "a")["metadata"]["uid"]}]


@virtual_time
async def test_a_range_is_free_again_when_its_node_goes():
    async with allocating(("10.0.0.0/24", 25)) as rig:
        for name in ("a", "b", "c"):
            await add(rig, name)
        await rig.settled()
        assert [name for name, given in ranges(rig).items() if not given] == ["c"]
        assert "CIDRNotAvailable" in [event["reason"] for event in rig.api.objects(EVENTS)]
        freed = ranges(rig)["a"]
        await rig.client.delete(NODES.of("a"))
        await rig.settled()
        assert ranges(rig)["c"] == freed


@virtual_time
async def test_a_lost_answer_gives_the_range_to_nobody_else():
    lost = []

    async with allocating() as rig:
        client = rig.controllers[0]._client
        patch = client.patch

        async def lossy(ref, body, *more, **options):
            made = await patch(ref, body, *more, **options)
            if not lost:
                lost.append(ref.name)
                raise ApiError("Timeout", "the answer did not come")
            return made

        client.patch = lossy
        await add(rig, "a")
        await add(rig, "b")
        await rig.settled(2)
        assert lost
        assert len(set(ranges(rig).values())) == 2
