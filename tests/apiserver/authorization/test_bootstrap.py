"""The roles every cluster starts with, as a whole and for each component."""

import pytest

from pyk8s.api.resources import Resources
from pyk8s.apiserver.authorization.bootstrap.rows import Bound, Role, allow, binding_object, role_object
from pyk8s.apiserver.authorization.bootstrap.table import BINDINGS, ROLES, node_rules, objects
from pyk8s.apiserver.authorization.rbac import Rbac
from pyk8s.apiserver.authorization.values import Attributes
from pyk8s.apiserver.request import User

KINDS = {
    "ClusterRole": "clusterroles",
    "Role": "roles",
    "ClusterRoleBinding": "clusterrolebindings",
    "RoleBinding": "rolebindings",
}
AUTHENTICATED = "system:authenticated"
USERS = {
    "admin": User("kubernetes-admin", ("system:masters", AUTHENTICATED)),
    "scheduler": User("system:kube-scheduler", (AUTHENTICATED,)),
    "controllers": User("system:kube-controller-manager", (AUTHENTICATED,)),
    "proxy": User("system:kube-proxy", ("system:node-proxiers", AUTHENTICATED)),
    "node": User("system:node:n", ("system:nodes", AUTHENTICATED)),
    "person": User("alice", (AUTHENTICATED,)),
    "nobody": User("system:anonymous", ("system:unauthenticated",)),
}


@pytest.fixture(scope="module")
def rbac():
    made = Rbac()
    for obj in objects():
        made.put(KINDS[obj["kind"]], obj)
    return made


def on(verb, what, group="", namespace="shop", name=""):
    if what.startswith("/"):
        return Attributes(verb=verb, path=what)
    resource, _, subresource = what.partition("/")
    return Attributes(
        verb=verb, resource=resource, subresource=subresource, group=group, namespace=namespace, name=name
    )


MAY = [
    ("admin", on("delete", "nodes")),
    ("scheduler", on("create", "pods/binding")),
    ("scheduler", on("watch", "nodes")),
    ("scheduler", on("create", "events", "events.k8s.io")),
    ("scheduler", on("update", "leases", "coordination.k8s.io", "kube-system", "kube-scheduler")),
    ("controllers", on("create", "pods")),
    ("controllers", on("patch", "deployments/status", "apps")),
    ("controllers", on("create", "replicasets", "apps")),
    ("controllers", on("delete", "pods")),
    ("controllers", on("create", "endpointslices", "discovery.k8s.io")),
    ("controllers", on("update", "endpoints")),
    ("controllers", on("patch", "nodes")),
    ("controllers", on("patch", "nodes/status")),
    ("controllers", on("update", "namespaces/finalize")),
    ("controllers", on("deletecollection", "secrets")),
    ("controllers", on("watch", "widgets", "example.org")),
    ("controllers", on("create", "serviceaccounts")),
    ("controllers", on("create", "configmaps")),
    ("controllers", on("update", "leases", "coordination.k8s.io", "kube-system", "kube-controller-manager")),
    ("proxy", on("watch", "services")),
    ("proxy", on("watch", "endpointslices", "discovery.k8s.io")),
    ("proxy", on("create", "events", "events.k8s.io")),
    ("node", on("watch", "nodes")),
    ("person", on("get", "/apis/apps/v1")),
    ("person", on("get", "/openapi/v3")),
    ("person", on("create", "selfsubjectaccessreviews", "authorization.k8s.io", "")),
    ("nobody", on("get", "/version")),
    ("nobody", on("get", "/readyz")),
]

MAY_NOT = [
    ("scheduler", on("create", "pods")),
    ("scheduler", on("get", "secrets")),
    ("scheduler", on("patch", "nodes")),
    ("scheduler", on("update", "leases", "coordination.k8s.io", "kube-system", "other")),
    ("controllers", on("create", "clusterrolebindings", "rbac.authorization.k8s.io")),
    ("controllers", on("create", "pods/exec")),
    ("controllers", on("create", "secrets")),
    ("controllers", on("impersonate", "users")),
    ("proxy", on("get", "secrets")),
    ("proxy", on("update", "services")),
    ("proxy", on("list", "pods")),
    ("node", on("get", "secrets")),
    ("node", on("update", "nodes")),
    ("person", on("list", "pods")),
    ("person", on("get", "/metrics")),
    ("nobody", on("get", "/api")),
    ("nobody", on("list", "pods")),
]


@pytest.mark.parametrize(("who", "asked"), MAY)
async def test_a_component_may_do_its_work(rbac, who, asked):
    assert (await rbac.decide(USERS[who], asked)).allowed


@pytest.mark.parametrize(("who", "asked"), MAY_NOT)
async def test_and_no_more(rbac, who, asked):
    assert not (await rbac.decide(USERS[who], asked)).allowed


PEOPLE = [
    ("view", on("get", "pods"), True),
    ("view", on("get", "pods/log"), True),
    ("view", on("get", "secrets"), False),
    ("view", on("create", "pods"), False),
    ("edit", on("get", "pods"), True),
    ("edit", on("create", "deployments", "apps"), True),
    ("edit", on("create", "pods/exec"), True),
    ("edit", on("get", "secrets"), True),
    ("edit", on("create", "roles", "rbac.authorization.k8s.io"), False),
    ("admin", on("create", "rolebindings", "rbac.authorization.k8s.io"), True),
    ("admin", on("create", "pods"), True),
    ("admin", on("update", "resourcequotas"), False),
    ("admin", on("get", "nodes", namespace=""), False),
]


@pytest.mark.parametrize(("role", "asked", "allowed"), PEOPLE)
async def test_the_roles_for_people_in_one_namespace(role, asked, allowed):
    rbac = Rbac()
    for obj in objects():
        rbac.put(KINDS[obj["kind"]], obj)
    rbac.put("rolebindings", binding_object(Bound(role, ("User:carol",), namespace="shop"), ROLES))
    assert (await rbac.decide(User("carol"), asked)).allowed is allowed


def test_aggregated_roles_carry_their_rules_for_people_to_read():
    made = {obj["metadata"]["name"]: obj for obj in objects() if obj["kind"] == "ClusterRole"}
    for name in ("view", "edit", "admin"):
        assert made[name]["rules"]
    assert all(rule in made["edit"]["rules"] for rule in made["view"]["rules"])
    assert all(rule in made["admin"]["rules"] for rule in made["edit"]["rules"])


def test_every_name_is_there_once_and_every_binding_has_its_role():
    names = [(role.namespace, role.name) for role in ROLES]
    assert len(names) == len(set(names))
    known = {name for _, name in names}
    assert [bound.role for bound in BINDINGS if bound.role not in known] == []
    assert len({(bound.namespace, bound.name or bound.role) for bound in BINDINGS}) == len(BINDINGS)


def test_every_rule_speaks_of_groups_and_resources_that_are_served():
    resources = Resources.builtin()
    served = {(row.group, row.plural) for row in resources}
    foreign = {"metrics.k8s.io", "custom.metrics.k8s.io", "external.metrics.k8s.io"}
    parts = {"deployments/rollback", "namespaces/finalize"}
    for role in ROLES:
        for rule in role.rules:
            for resource in rule.get("resources", ()):
                plain = resource.split("/")[0]
                groups = set(rule["apiGroups"]) - foreign
                known = "*" in groups or plain in ("*", "signers") or resource in parts or not groups
                assert known or any((group, plain) in served for group in groups), (role.name, resource)


def test_objects_are_made_anew_each_time():
    first = objects()
    first[0]["rules"].clear()
    assert objects()[0]["rules"]


def test_a_row_becomes_a_role():
    made = role_object(Role("r", (allow("get", "pods", "core apps", "a"),), labels=("view",), namespace="x"))
    assert made["kind"] == "Role"
    assert made["metadata"]["namespace"] == "x"
    assert made["metadata"]["labels"]["rbac.authorization.k8s.io/aggregate-to-view"] == "true"
    assert made["rules"] == [
        {"verbs": ["get"], "apiGroups": ["", "apps"], "resources": ["pods"], "resourceNames": ["a"]}
    ]


@pytest.mark.parametrize(
    ("bound", "kind", "role_kind"),
    [
        (Bound("a", ("User:x",)), "ClusterRoleBinding", "ClusterRole"),
        (Bound("a", ("User:x",), namespace="n"), "RoleBinding", "ClusterRole"),
        (Bound("b", ("ServiceAccount:n/y",), namespace="n"), "RoleBinding", "Role"),
    ],
)
def test_a_row_becomes_a_binding(bound, kind, role_kind):
    made = binding_object(bound, (Role("a"), Role("b", namespace="n")))
    assert (made["kind"], made["roleRef"]["kind"]) == (kind, role_kind)


def test_the_rules_of_nodes_are_those_of_their_role():
    assert node_rules().allow(on("watch", "services"))
    assert not node_rules().allow(on("list", "deployments", "apps"))
