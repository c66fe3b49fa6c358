"""What every namespace has, on a fake API."""

import pytest

from pyk8s.api.errors import forbidden
from pyk8s.api.refs import CONFIG_MAPS, NAMESPACES, SERVICE_ACCOUNTS
from pyk8s.controllers.serviceaccount.reconcile import ServiceAccountController
from tests.controllers.rig import running
from tests.virtual import virtual_time

TRUST = CONFIG_MAPS.of("kube-root-ca.crt", "shop")


def serving():
    return running(lambda context: ServiceAccountController(context, "PEM"))


async def add(rig, name="shop"):
    await rig.create(NAMESPACES, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})


def held(rig, name="shop"):
    accounts = [one["metadata"]["name"] for one in rig.api.objects(SERVICE_ACCOUNTS.within(name))]
    return accounts, [one["data"] for one in rig.api.objects(CONFIG_MAPS.within(name))]


COMPLETE = (["default"], [{"ca.crt": "PEM"}])


@virtual_time
async def test_a_namespace_gets_its_account_and_the_certificates():
    async with serving() as rig:
        await add(rig)
        await rig.settled()
        assert held(rig) == COMPLETE


@virtual_time
@pytest.mark.parametrize("ref", [TRUST, SERVICE_ACCOUNTS.of("default", "shop")], ids=["certificates", "account"])
async def test_what_is_deleted_is_made_again(ref):
    async with serving() as rig:
        await add(rig)
        await rig.settled()
        await rig.client.delete(ref)
        await rig.settled()
        assert held(rig) == COMPLETE


@virtual_time
async def test_certificates_that_were_changed_are_put_right():
    async with serving() as rig:
        await add(rig)
        await rig.settled()
        await rig.patch(TRUST, {"data": {"ca.crt": "forged", "more": "of it"}})
        await rig.settled()
        assert held(rig) == COMPLETE


@virtual_time
async def test_a_namespace_that_ends_gets_nothing():
    async with serving() as rig:
        await add(rig)
        await rig.settled()
        await rig.client.delete(NAMESPACES.of("shop"))
        await rig.client.delete(TRUST)
        await rig.settled()
        assert held(rig) == (["default"], [])


@virtual_time
async def test_a_refusal_is_tried_again():
    refused = []

    def refuse(verb, ref, body):
        if verb == "create" and ref.resource == "configmaps" and len(refused) < 3:
            refused.append(ref)
            raise forbidden("", "configmaps", "", "not yet")

    async with serving() as rig:
        rig.api.reactions.append(refuse)
        await add(rig)
        await rig.settled()
        assert len(refused) == 3
        assert held(rig) == COMPLETE
