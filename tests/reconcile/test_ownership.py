"""Whom a controller owns, adopts and releases."""

import orjson
import pytest

from pyk8s.api.errors import ApiError, unavailable
from pyk8s.api.refs import CONFIG_MAPS
from pyk8s.client.fake import FakeClient
from pyk8s.reconcile.fields import LabelSelector, Meta, Metadata
from pyk8s.reconcile.objects import parse
from pyk8s.reconcile.ownership import adopt, controller_of, is_alive, owner_reference, plan_claim, release
from tests.virtual import virtual_time

SELECTOR = LabelSelector(match_labels={"app": "web"})
OWNER = Metadata(name="web", uid="me")
CONFIG_MAP = (
    b'{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"web","namespace":"shop","finalizers":["a.b/c"]}}'
)
LEAVING = Metadata(name="web", uid="me", deletion_timestamp="2026-01-01T12:00:00Z")


def made(labels="web", owner="", leaving=False, controller=True):
    metadata = {"name": "x", "labels": {"app": labels}}
    if owner:
        metadata["ownerReferences"] = [{"kind": "ReplicaSet", "name": "n", "uid": owner, "controller": controller}]
    if leaving:
        metadata["deletionTimestamp"] = "2026-01-01T12:00:00Z"
    return parse(Meta, {"metadata": metadata})


@pytest.mark.parametrize(
    ("obj", "owner", "fate"),
    [
        pytest.param(made(owner="me"), OWNER, "owned", id="mine, and matches"),
        pytest.param(made(owner="me", leaving=True), OWNER, "owned", id="mine, and leaving"),
        pytest.param(made("db", owner="me"), OWNER, "release", id="mine, and matches no longer"),
        pytest.param(made("db", owner="me", leaving=True), OWNER, None, id="matches no longer, and leaving"),
        pytest.param(made("db", owner="me"), LEAVING, None, id="released by nobody who leaves"),
        pytest.param(made(owner="other"), OWNER, None, id="somebody else's"),
        pytest.param(made(), OWNER, "adopt", id="nobody's, and matches"),
        pytest.param(made("db"), OWNER, None, id="nobody's, and does not match"),
        pytest.param(made(leaving=True), OWNER, None, id="nobody's, and leaving"),
        pytest.param(made(), LEAVING, None, id="adopted by nobody who leaves"),
        pytest.param(made(owner="me", controller=False), OWNER, "adopt", id="an owner is not a controller"),
    ],
)
def test_claims(obj, owner, fate):
    claim = plan_claim(owner, SELECTOR, [obj])
    found = {name: list(getattr(claim, name)) for name in ("owned", "adopt", "release")}
    assert found == {name: [obj] if name == fate else [] for name in found}


def test_not_everything_can_be_adopted():
    assert plan_claim(OWNER, SELECTOR, [made()], adoptable=lambda obj: False).adopt == []


def test_the_controller_is_the_owner_that_says_so():
    rows = [{"kind": "A", "name": "a", "uid": "1"}, {"kind": "B", "name": "b", "uid": "2", "controller": True}]
    assert controller_of(parse(Meta, {"metadata": {"name": "x", "ownerReferences": rows}}).metadata).name == "b"
    assert controller_of(made().metadata) is None


REFERENCE = owner_reference("apps/v1", "ReplicaSet", "web", "me")


async def orphan(client):
    obj = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}}
    stored = await client.create(CONFIG_MAPS.within("default"), orjson.dumps(obj))
    return parse(Meta, orjson.loads(stored)).metadata


def owners(client):
    held = client.api.object(CONFIG_MAPS, "x", "default")["metadata"].get("ownerReferences") or ()
    return [one["uid"] for one in held]


@virtual_time
async def test_adopting_and_releasing():
    client = FakeClient()
    metadata = await orphan(client)
    assert await adopt(client, CONFIG_MAPS, metadata, REFERENCE)
    assert owners(client) == ["me"]
    assert await release(client, CONFIG_MAPS, metadata, "me")
    assert owners(client) == []


@virtual_time
async def test_an_object_that_is_gone_or_another_is_not_adopted():
    client = FakeClient()
    metadata = await orphan(client)
    await client.delete(CONFIG_MAPS.of("x", "default"))
    assert not await adopt(client, CONFIG_MAPS, metadata, REFERENCE)
    await orphan(client)
    assert not await adopt(client, CONFIG_MAPS, metadata, REFERENCE)
    assert owners(client) == []


@virtual_time
async def test_an_outage_is_no_answer():
    client = FakeClient()
    metadata = await orphan(client)
    client.api.down = True
    with pytest.raises(type(unavailable(""))):
        await adopt(client, CONFIG_MAPS, metadata, REFERENCE)


@virtual_time
async def test_an_owner_is_alive_while_the_api_has_the_same_one_and_keeps_it():
    client = FakeClient()
    made = orjson.loads(await client.create(CONFIG_MAPS.within("shop"), CONFIG_MAP))["metadata"]
    owner = Metadata(name="web", namespace="shop", uid=made["uid"])
    assert await is_alive(client, CONFIG_MAPS, owner)
    assert not await is_alive(client, CONFIG_MAPS, Metadata(name="web", namespace="shop", uid="former"))
    assert not await is_alive(client, CONFIG_MAPS, Metadata(name="other", namespace="shop", uid=made["uid"]))
    await client.delete(CONFIG_MAPS.of("web", "shop"))
    assert not await is_alive(client, CONFIG_MAPS, owner), "a finalizer keeps it, and it is leaving"
    client.api.down = True
    with pytest.raises(ApiError):
        await is_alive(client, CONFIG_MAPS, owner)
