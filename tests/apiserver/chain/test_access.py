from types import SimpleNamespace

import pytest

from pyk8s.apiserver.authorization.values import ALLOWED, NO_OPINION, Decision
from pyk8s.apiserver.chain.access import authenticate, authorize, impersonate
from pyk8s.apiserver.request import Impersonation, Peer, User
from pyk8s.wire.pki import Identity
from tests.apiserver.makers import ALICE, Recorder, refused, request


class Ruler:
    """An authorizer that allows exactly the attributes its function says yes to, and keeps what it was asked."""

    def __init__(self, rule):
        self.rule = rule
        self.asked = []

    async def decide(self, user, attributes):
        self.asked.append((user, attributes))
        decision = self.rule(user, attributes)
        return decision if isinstance(decision, Decision) else ALLOWED if decision else NO_OPINION


class Certificates:
    """An authenticator that knows certificates only."""

    async def user(self, peer):
        return User(peer.certificate.name) if peer.certificate else None


def authenticated(seen):
    return authenticate(seen, SimpleNamespace(authenticator=Certificates()))


async def test_the_user_comes_from_the_peer():
    seen = Recorder()
    await authenticated(seen)(request(peer=Peer(Identity("bob"))))
    assert seen.asked[0].user == User("bob")


async def test_a_caller_in_the_process_brings_its_user():
    seen = Recorder()
    await authenticated(seen)(request(user=ALICE, peer=Peer(Identity("bob"))))
    assert seen.asked[0].user == ALICE


@pytest.mark.parametrize("path", ["/healthz", "/livez", "/readyz", "/version", "/readyz/etcd", "/readyz?verbose"])
async def test_nobody_may_ask_whether_the_server_is_well(path):
    seen = Recorder()
    await authenticated(seen)(request(plural="", path=path))
    assert seen.asked[0].user.name == "system:anonymous"


@pytest.mark.parametrize("path", ["/", "/api", "/apis", "/metrics", "/versions", "/openapi/v2", "/healthzz"])
async def test_nobody_may_ask_anything_else(path):
    assert (await refused(authenticated(Recorder())(request(plural="", path=path)))).code == 401
    assert (await refused(authenticated(Recorder())(request("list", "namespaces")))).code == 401


async def test_what_is_allowed_goes_on():
    seen, ruler = Recorder(), Ruler(lambda user, attributes: attributes.verb == "get")
    await authorize(seen, SimpleNamespace(authorizer=ruler))(
        request("get", "pods", namespace="a", name="x", user=ALICE)
    )
    assert len(seen.asked) == 1


async def test_what_is_refused_is_said_as_kubernetes_says_it():
    handle = authorize(Recorder(), SimpleNamespace(authorizer=Ruler(lambda user, attributes: False)))
    error = await refused(handle(request("list", "deployments", "apps", namespace="shop", user=ALICE)))
    assert error.code == 403
    assert error.message == (
        'deployments.apps is forbidden: User "alice" cannot list resource "deployments" '
        'in API group "apps" in the namespace "shop"'
    )


async def test_a_path_that_is_refused_is_named():
    handle = authorize(Recorder(), SimpleNamespace(authorizer=Ruler(lambda user, attributes: False)))
    error = await refused(handle(request("get", plural="", path="/metrics", user=ALICE)))
    assert error.message == 'forbidden: User "alice" cannot get path "/metrics"'


async def test_the_reason_of_the_authorizer_is_told():
    ruler = Ruler(lambda user, attributes: Decision(False, "not your node"))
    handle = authorize(Recorder(), SimpleNamespace(authorizer=ruler))
    assert "not your node" in (await refused(handle(request("get", "nodes", name="n", user=ALICE)))).message


@pytest.mark.parametrize("subresource", ["exec", "attach", "portforward"])
async def test_a_stream_into_a_pod_opened_by_get_needs_the_right_to_create(subresource):
    ruler = Ruler(lambda user, attributes: True)
    made = request("get", "pods", namespace="a", name="x", subresource=subresource, user=ALICE)
    await authorize(Recorder(), SimpleNamespace(authorizer=ruler))(made)
    assert ruler.asked[0][1].verb == "create"


async def test_a_log_is_only_read():
    ruler = Ruler(lambda user, attributes: True)
    made = request("get", "pods", namespace="a", name="x", subresource="log", user=ALICE)
    await authorize(Recorder(), SimpleNamespace(authorizer=ruler))(made)
    assert ruler.asked[0][1].verb == "get"


def impersonating(wish, rule=lambda user, attributes: True):
    seen, ruler = Recorder(), Ruler(rule)
    handle = impersonate(seen, SimpleNamespace(authorizer=ruler))
    return seen, ruler, handle(request(user=ALICE, peer=Peer(impersonate=wish)))


async def test_who_may_impersonate_becomes_the_other_user():
    seen, ruler, asking = impersonating(Impersonation("bob", ("ops",), "u1", (("team", ("a", "b")),)))
    await asking
    became = seen.asked[0].user
    assert (became.name, became.groups, became.uid, became.extra) == (
        "bob",
        ("ops", "system:authenticated"),
        "u1",
        {"team": ("a", "b")},
    )
    assert [(one.resource, one.subresource, one.name) for _, one in ruler.asked] == [
        ("users", "", "bob"),
        ("groups", "", "ops"),
        ("uids", "", "u1"),
        ("userextras", "team", "a"),
        ("userextras", "team", "b"),
    ]
    assert {one.verb for _, one in ruler.asked} == {"impersonate"}


async def test_an_impersonated_service_account_has_the_groups_of_one():
    seen, ruler, asking = impersonating(Impersonation("system:serviceaccount:shop:web"))
    await asking
    assert seen.asked[0].user.groups == (
        "system:serviceaccounts",
        "system:serviceaccounts:shop",
        "system:authenticated",
    )
    assert (ruler.asked[0][1].resource, ruler.asked[0][1].namespace) == ("serviceaccounts", "shop")


async def test_who_may_not_impersonate_a_group_is_refused():
    _, _, asking = impersonating(
        Impersonation("bob", ("system:masters",)), lambda user, attributes: attributes.resource == "users"
    )
    error = await refused(asking)
    assert error.code == 403
    assert "system:masters" in error.message
