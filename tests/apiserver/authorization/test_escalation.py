import orjson
import pytest

from pyk8s.apiserver.authorization.escalation import Guard
from pyk8s.apiserver.authorization.rbac import Rbac
from pyk8s.apiserver.request import Answer
from tests.apiserver.makers import ADMIN, ALICE, Recorder, refused, request

RBAC = "rbac.authorization.k8s.io"


def rule(verbs, resources, groups="", names=""):
    made = {"verbs": verbs.split(), "resources": resources.split(), "apiGroups": groups.split() or [""]}
    return made | ({"resourceNames": names.split()} if names else {})


def guarded(*own, answer=None):
    """(what reaches the registry, the guarded handler) for alice, who has the rules `own` in namespace shop."""
    rbac = Rbac()
    rbac.put("clusterroles", {"metadata": {"name": "own"}, "rules": list(own)})
    rbac.put("clusterroles", {"metadata": {"name": "view"}, "rules": [rule("get", "pods")]})
    rbac.put("clusterroles", {"metadata": {"name": "power"}, "rules": [rule("*", "*", "*")]})
    rbac.put("roles", {"metadata": {"name": "local", "namespace": "shop"}, "rules": [rule("get", "secrets")]})
    binding = {
        "metadata": {"name": "b", "namespace": "shop"},
        "roleRef": {"kind": "ClusterRole", "name": "own"},
        "subjects": [{"kind": "User", "name": "alice"}],
    }
    rbac.put("rolebindings", binding)
    seen = Recorder(answer)
    return seen, Guard(rbac, rbac).before(seen)


def role(*rules, verb="create", plural="roles", user=ALICE):
    body = orjson.dumps({"metadata": {"name": "r"}, "rules": list(rules)})
    name = "" if verb == "create" else "r"
    return request(verb, plural, RBAC, namespace="shop", name=name, body=body, user=user)


def binding(kind, name, user=ALICE):
    body = orjson.dumps({"metadata": {"name": "b2"}, "roleRef": {"kind": kind, "name": name}})
    return request("create", "rolebindings", RBAC, namespace="shop", body=body, user=user)


HELD = [
    (rule("get list", "pods"), rule("get", "pods")),
    (rule("*", "pods"), rule("get delete", "pods")),
    (rule("get", "*", "*"), rule("get", "pods/log deployments", "apps")),
    (rule("get", "pods", "", "a b"), rule("get", "pods", "", "a")),
    (rule("get", "*/scale", "*"), rule("get", "*/scale", "*")),
    (rule("*", "*", "*"), rule("*", "*", "*")),
]

MORE = [
    (rule("get", "pods"), rule("list", "pods")),
    (rule("get", "pods"), rule("get", "secrets")),
    (rule("get", "pods"), rule("get", "pods", "metrics.k8s.io")),
    (rule("get list watch", "pods"), rule("*", "pods")),
    (rule("get", "pods secrets"), rule("get", "*")),
    (rule("get", "pods"), rule("get", "pods", "*")),
    (rule("get", "pods", "", "a"), rule("get", "pods")),
    (rule("get", "pods", "", "a"), rule("get", "pods", "", "a b")),
    (rule("get", "*", "*"), {"verbs": ["get"], "nonResourceURLs": ["/metrics"]}),
]


@pytest.mark.parametrize(("own", "given"), HELD)
@pytest.mark.parametrize("verb", ["create", "update"])
async def test_who_has_a_right_may_give_it(own, given, verb):
    seen, handle = guarded(own)
    await handle(role(given, verb=verb))
    assert len(seen.asked) == 1


@pytest.mark.parametrize(("own", "given"), MORE)
@pytest.mark.parametrize("verb", ["create", "update"])
async def test_who_has_it_not_may_not_give_it(own, given, verb):
    seen, handle = guarded(own)
    error = await refused(handle(role(given, verb=verb)))
    assert error.code == 403
    assert "not currently held" in error.message
    assert seen.asked == []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (rule("get", "pods/log", "apps"), "{APIGroups:['apps'], Resources:['pods/log'], Verbs:['get']}"),
        (rule("get", "pods", "", "a"), "{APIGroups:[''], Resources:['pods'], ResourceNames:['a'], Verbs:['get']}"),
        ({"verbs": ["get"], "nonResourceURLs": ["/metrics"]}, "{NonResourceURLs:['/metrics'], Verbs:['get']}"),
    ],
)
async def test_the_right_that_one_has_not_is_named(given, said):
    _, handle = guarded()
    assert said in (await refused(handle(role(given)))).message


async def test_a_patch_is_judged_by_what_it_leads_to():
    leads_to = Answer(orjson.dumps({"metadata": {"name": "r"}, "rules": [rule("get", "secrets")]}))
    seen, handle = guarded(rule("get", "pods"), answer=leads_to)
    patch = request("patch", "roles", RBAC, namespace="shop", name="r", body=b"{}", user=ALICE)
    assert (await refused(handle(patch))).code == 403
    assert [one.options.dry_run for one in seen.asked] == [True]
    seen, handle = guarded(rule("get", "secrets"), answer=leads_to)
    await handle(patch)
    assert [one.options.dry_run for one in seen.asked] == [True, False]


@pytest.mark.parametrize(("kind", "name"), [("ClusterRole", "view"), ("ClusterRole", "none")])
async def test_a_role_whose_rights_one_has_may_be_bound(kind, name):
    seen, handle = guarded(rule("get", "pods"))
    await handle(binding(kind, name))
    assert len(seen.asked) == 1


@pytest.mark.parametrize(
    ("kind", "name", "plural", "code"),
    [
        ("Role", "local", "roles", 0),
        ("Role", "local", "clusterroles", 403),
        ("ClusterRole", "power", "clusterroles", 0),
        ("ClusterRole", "power", "roles", 403),
    ],
)
async def test_the_right_to_bind_is_one_to_that_kind_of_role(kind, name, plural, code):
    seen, handle = guarded(rule("bind", plural, RBAC))
    if code:
        assert (await refused(handle(binding(kind, name)))).code == code
    else:
        await handle(binding(kind, name))
    assert len(seen.asked) == (not code)


@pytest.mark.parametrize(("kind", "name"), [("ClusterRole", "power"), ("Role", "local")])
async def test_a_role_with_more_rights_may_not_be_bound(kind, name):
    _, handle = guarded(rule("get", "pods"))
    assert (await refused(handle(binding(kind, name)))).code == 403


async def test_the_verbs_escalate_and_bind_allow_it():
    _, handle = guarded(rule("escalate", "roles", RBAC), rule("bind", "clusterroles", RBAC, "power"))
    await handle(role(rule("*", "*", "*"), verb="update"))
    await handle(binding("ClusterRole", "power"))
    assert (await refused(handle(binding("Role", "local")))).code == 403


async def test_a_role_that_aggregates_gives_what_it_takes_in():
    _, handle = guarded(rule("get", "pods"))
    body = {"metadata": {"name": "r"}, "aggregationRule": {"clusterRoleSelectors": [{}]}}
    made = request("create", "clusterroles", RBAC, body=orjson.dumps(body), user=ALICE)
    assert (await refused(handle(made))).code == 403


async def test_administrators_and_other_requests_pass():
    seen, handle = guarded()
    await handle(role(rule("*", "*", "*"), user=ADMIN))
    await handle(request("create", "pods", namespace="shop", body=b"{}", user=ALICE))
    await handle(request("get", "roles", RBAC, namespace="shop", name="r", user=ALICE))
    assert len(seen.asked) == 3


@pytest.mark.parametrize("body", [b"{", b"[]"])
async def test_a_body_that_is_no_role_gives_nothing(body):
    seen, handle = guarded()
    made = request("create", "roles", RBAC, namespace="shop", body=body, user=ALICE)
    if body == b"{":
        assert (await refused(handle(made))).code == 400
    else:
        await handle(made)
        assert len(seen.asked) == 1
