"""Tokens of service accounts, renewed before they expire."""

import orjson
import pytest

from pyk8s.aio import clock
from pyk8s.api.errors import unavailable
from pyk8s.api.refs import SERVICE_ACCOUNTS
from pyk8s.client.fake import FakeClient
from pyk8s.kubelet.errors import PodError
from pyk8s.kubelet.tokens import Tokens, renewal
from tests.kubelet.values import make_pod
from tests.virtual import virtual_time

POD = make_pod(serviceAccountName="robot")


async def case():
    client = FakeClient()
    made = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "robot", "namespace": "default"}}
    await client.create(SERVICE_ACCOUNTS.within("default"), orjson.dumps(made))
    asked, create = [], client.create

    async def note(ref, body, **options):
        asked.append((ref.path, orjson.loads(body)["spec"]))
        return await create(ref, body, **options)

    client.create = note
    return client, Tokens(client), asked


@pytest.mark.parametrize(("asked", "expires", "renew"), [(0, 100, 80), (50, 150, 130), (0, 400_000, 86_400)])
def test_a_token_is_renewed_after_most_of_its_life_or_a_day(asked, expires, renew):
    assert renewal(asked, expires) == renew


@virtual_time
async def test_a_token_is_bound_to_the_pod():
    _, tokens, asked = await case()
    token = await tokens.get(POD, "vault", 600)
    ((path, spec),) = asked
    assert token.text == "fake-default-robot"
    assert path == "/api/v1/namespaces/default/serviceaccounts/robot/token"
    assert spec == {
        "audiences": ["vault"],
        "expirationSeconds": 600,
        "boundObjectRef": {"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "uid-1"},
    }


@virtual_time
async def test_a_token_is_kept_until_it_is_due():
    _, tokens, asked = await case()
    first = await tokens.get(POD, "", 1000)
    await clock.sleep(799)
    assert await tokens.get(POD, "", 1000) is first
    await clock.sleep(2)
    assert await tokens.get(POD, "", 1000) is not first
    assert len(asked) == 2


@virtual_time
async def test_while_the_api_is_away_the_old_token_serves_until_it_expires():
    client, tokens, _ = await case()
    first = await tokens.get(POD, "", 1000)

    async def away(ref, body, **options):
        raise unavailable("away")

    client.create = away
    await clock.sleep(900)
    assert await tokens.get(POD, "", 1000) is first
    await clock.sleep(200)
    with pytest.raises(PodError, match="token of service account 'robot'"):
        await tokens.get(POD, "", 1000)


@virtual_time
async def test_a_pod_that_is_gone_is_forgotten():
    _, tokens, asked = await case()
    await tokens.get(POD, "", 1000)
    tokens.forget("uid-1")
    await tokens.get(POD, "", 1000)
    assert len(asked) == 2
