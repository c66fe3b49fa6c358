import pytest

from pyk8s.apiserver.authorization.rbac import Rbac
from pyk8s.apiserver.authorization.values import Attributes
from pyk8s.apiserver.request import User
from tests.apiserver.makers import ADMIN, ALICE

READ_PODS = [{"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}]
BOT = User("system:serviceaccount:shop:bot", ("system:serviceaccounts", "system:serviceaccounts:shop"))


def role(name="reader", namespace="", rules=READ_PODS, labels=None, aggregates=None):
    made = {"metadata": {"name": name, "namespace": namespace, "labels": labels or {}}, "rules": rules}
    if aggregates is not None:
        made["aggregationRule"] = {"clusterRoleSelectors": [aggregates]}
    return made


def binding(subjects, *, role="reader", kind="ClusterRole", namespace="", name="b"):
    return {
        "metadata": {"name": name, "namespace": namespace},
        "roleRef": {"kind": kind, "name": role},
        "subjects": subjects,
    }


def user(name):
    return {"kind": "User", "name": name}


def get_pods(namespace="shop", resource="pods"):
    return Attributes(verb="get", resource=resource, namespace=namespace)


async def allowed(rbac, who=ALICE, asked=None):
    return (await rbac.decide(who, asked or get_pods())).allowed


@pytest.fixture
def rbac():
    made = Rbac()
    made.put("clusterroles", role())
    return made


async def test_without_a_binding_nobody_may_anything(rbac):
    assert not await allowed(rbac)


async def test_administrators_may_everything_whatever_the_roles_say(rbac):
    assert await allowed(Rbac(), ADMIN, Attributes(verb="get", path="/metrics"))


SUBJECTS = [
    (user("alice"), ALICE),
    ({"kind": "Group", "name": "dev"}, ALICE),
    ({"kind": "ServiceAccount", "name": "bot", "namespace": "shop"}, BOT),
    ({"kind": "Group", "name": "system:serviceaccounts:shop"}, BOT),
]


@pytest.mark.parametrize(("subject", "who"), SUBJECTS)
async def test_a_cluster_role_binding_holds_everywhere(rbac, subject, who):
    rbac.put("clusterrolebindings", binding([subject]))
    assert await allowed(rbac, who, get_pods("shop"))
    assert await allowed(rbac, who, get_pods(""))
    assert not await allowed(rbac, who, get_pods(resource="secrets"))


@pytest.mark.parametrize(
    "subject", [user("bob"), {"kind": "Group", "name": "alice"}, {"kind": "Robot", "name": "alice"}]
)
async def test_a_binding_of_others_grants_nothing(rbac, subject):
    rbac.put("clusterrolebindings", binding([subject]))
    assert not await allowed(rbac)


async def test_a_role_binding_holds_in_its_namespace_only(rbac):
    rbac.put("rolebindings", binding([user("alice")], namespace="shop"))
    assert await allowed(rbac, asked=get_pods("shop"))
    assert not await allowed(rbac, asked=get_pods("other"))
    assert not await allowed(rbac, asked=get_pods(""))


async def test_a_service_account_without_a_namespace_is_one_of_the_bindings(rbac):
    rbac.put("rolebindings", binding([{"kind": "ServiceAccount", "name": "bot"}], namespace="shop"))
    assert await allowed(rbac, BOT)


async def test_a_role_is_found_in_the_namespace_of_its_binding(rbac):
    rbac.put("roles", role("local", "shop"))
    rbac.put("rolebindings", binding([user("alice")], role="local", kind="Role", namespace="shop"))
    rbac.put("rolebindings", binding([user("alice")], role="local", kind="Role", namespace="other"))
    assert await allowed(rbac, asked=get_pods("shop"))
    assert not await allowed(rbac, asked=get_pods("other"))


async def test_every_change_counts_at_once(rbac):
    assert not await allowed(rbac)
    rbac.put("clusterrolebindings", binding([user("alice")]))
    assert await allowed(rbac)
    rbac.put("clusterroles", role(rules=[]))
    assert not await allowed(rbac)
    rbac.put("clusterroles", role())
    assert await allowed(rbac)
    rbac.put("clusterrolebindings", binding([user("bob")]))
    assert not await allowed(rbac)
    assert await allowed(rbac, User("bob"))
    rbac.remove("clusterrolebindings", binding([user("bob")]))
    assert not await allowed(rbac, User("bob"))


async def test_a_removed_role_grants_nothing(rbac):
    rbac.put("clusterrolebindings", binding([user("alice")]))
    rbac.remove("clusterroles", role())
    assert not await allowed(rbac)


async def test_a_role_that_aggregates_has_the_rules_of_those_it_selects(rbac):
    rbac.put("clusterroles", role("view", rules=None, aggregates={"matchLabels": {"to": "view"}}))
    rbac.put("clusterrolebindings", binding([user("alice")], role="view"))
    assert not await allowed(rbac)
    rbac.put("clusterroles", role("part", labels={"to": "view"}))
    assert await allowed(rbac)


async def test_roles_that_aggregate_each_other_end(rbac):
    rbac.put("clusterroles", role("a", labels={"x": "y"}, rules=[], aggregates={"matchLabels": {"x": "y"}}))
    rbac.put(
        "clusterroles",
        role("b", labels={"x": "y"}, aggregates={"matchExpressions": [{"key": "x", "operator": "Exists"}]}),
    )
    rbac.put("clusterrolebindings", binding([user("alice")], role="a"))
    assert await allowed(rbac)


async def test_a_selector_that_cannot_be_read_selects_nothing(rbac):
    broken = {"matchExpressions": [{"key": "x", "operator": "Near"}]}
    rbac.put("clusterroles", role("a", rules=[], aggregates=broken))
    rbac.put("clusterrolebindings", binding([user("alice")], role="a"))
    assert not await allowed(rbac)


def test_the_rules_of_a_user_are_listed_by_namespace(rbac):
    rbac.put("rolebindings", binding([user("alice")], namespace="shop"))
    assert rbac.listed(ALICE, "shop") == READ_PODS
    assert rbac.listed(ALICE, "") == []
    assert {"verbs": ["*"], "nonResourceURLs": ["*"]} in rbac.listed(ADMIN, "")
