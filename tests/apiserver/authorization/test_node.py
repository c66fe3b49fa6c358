import orjson
import pytest

from pyk8s.apiserver.authorization.bootstrap.table import node_rules
from pyk8s.apiserver.authorization.graph import Graph
from pyk8s.apiserver.authorization.node import NodeAuthorizer, node_of
from pyk8s.apiserver.authorization.values import Attributes
from pyk8s.apiserver.request import User
from tests.apiserver.makers import ADMIN, ALICE

NODE = User("system:node:node-1", ("system:nodes", "system:authenticated"))
POD = {
    "metadata": {"name": "web", "namespace": "shop"},
    "spec": {
        "nodeName": "node-1",
        "serviceAccountName": "bot",
        "volumes": [
            {"name": "s", "secret": {"secretName": "mine"}},
            {"name": "c", "configMap": {"name": "mine"}},
            {"name": "d", "persistentVolumeClaim": {"claimName": "mine"}},
        ],
    },
}


@pytest.fixture(scope="module")
def authorizer():
    graph = Graph()
    graph.pod(("shop", "web"), orjson.dumps(POD))
    other = POD | {"metadata": {"name": "far", "namespace": "shop"}, "spec": {"nodeName": "node-2"}}
    graph.pod(("shop", "far"), orjson.dumps(other))
    graph.claim(("shop", "mine"), {"spec": {"volumeName": "pv-1"}})
    graph.attachment("here", {"spec": {"nodeName": "node-1"}})
    return NodeAuthorizer(graph, node_rules())


def asks(verb, resource, name="", *, namespace="shop", group="", fields=""):
    resource, _, subresource = resource.partition("/")
    return Attributes(
        verb=verb,
        resource=resource,
        subresource=subresource,
        name=name,
        namespace=namespace,
        group=group,
        fields=fields,
    )


LEASE = {"group": "coordination.k8s.io", "namespace": "kube-node-lease"}
CSI = {"group": "storage.k8s.io", "namespace": ""}
CLUSTER = {"namespace": ""}

MAY = [
    asks("get", "secrets", "mine"),
    asks("watch", "secrets", "mine"),
    asks("list", "configmaps", "mine"),
    asks("get", "persistentvolumeclaims", "mine"),
    asks("patch", "persistentvolumeclaims/status", "mine"),
    asks("get", "persistentvolumes", "pv-1", **CLUSTER),
    asks("get", "serviceaccounts", "bot"),
    asks("create", "serviceaccounts/token", "bot"),
    asks("get", "pods", "web"),
    asks("delete", "pods", "web"),
    asks("patch", "pods/status", "web"),
    asks("create", "pods/eviction", "web"),
    asks("create", "pods"),
    asks("list", "pods", namespace="", fields="spec.nodeName=node-1"),
    asks("watch", "pods", namespace="", fields="spec.nodeName=node-1"),
    asks("create", "nodes", **CLUSTER),
    asks("get", "nodes", "node-1", **CLUSTER),
    asks("watch", "nodes", "node-1", **CLUSTER),
    asks("patch", "nodes/status", "node-1", **CLUSTER),
    asks("update", "nodes", "node-1", **CLUSTER),
    asks("create", "leases", **LEASE),
    asks("update", "leases", "node-1", **LEASE),
    asks("get", "csinodes", "node-1", **CSI),
    asks("create", "csinodes", **CSI),
    asks("get", "volumeattachments", "here", **CSI),
    asks("list", "services", namespace=""),
    asks("create", "events"),
    asks("watch", "runtimeclasses", group="node.k8s.io", namespace=""),
    asks("create", "tokenreviews", group="authentication.k8s.io", namespace=""),
]

MAY_NOT = [
    asks("get", "secrets", "other"),
    asks("list", "secrets"),
    asks("update", "secrets", "mine"),
    asks("get", "secrets", "mine", namespace="other"),
    asks("watch", "configmaps"),
    asks("update", "persistentvolumeclaims", "mine"),
    asks("list", "persistentvolumeclaims"),
    asks("get", "persistentvolumes", "pv-2", **CLUSTER),
    asks("create", "serviceaccounts/token", "default"),
    asks("update", "serviceaccounts", "bot"),
    asks("get", "pods", "far"),
    asks("delete", "pods", "far"),
    asks("patch", "pods/status", "far"),
    asks("update", "pods", "web"),
    asks("list", "pods", namespace=""),
    asks("list", "pods", namespace="", fields="spec.nodeName=node-2"),
    asks("create", "pods/exec", "web"),
    asks("create", "pods/binding", "web"),
    asks("get", "nodes", "node-2", **CLUSTER),
    asks("list", "nodes", **CLUSTER),
    asks("patch", "nodes/status", "node-2", **CLUSTER),
    asks("delete", "nodes", "node-1", **CLUSTER),
    asks("get", "nodes/proxy", "node-1", **CLUSTER),
    asks("update", "leases", "node-2", **LEASE),
    asks("update", "leases", "node-1", group="coordination.k8s.io", namespace="kube-system"),
    asks("list", "leases", **LEASE),
    asks("deletecollection", "leases", "node-1", **LEASE),
    asks("get", "leases/status", "node-1", **LEASE),
    asks("deletecollection", "csinodes", "node-1", **CSI),
    asks("get", "csinodes/status", "node-1", **CSI),
    asks("update", "volumeattachments", "here", **CSI),
    asks("get", "volumeattachments/status", "here", **CSI),
    asks("get", "csinodes", "node-2", **CSI),
    asks("list", "csinodes", **CSI),
    asks("get", "volumeattachments", "elsewhere", **CSI),
    asks("list", "volumeattachments", **CSI),
    asks("list", "namespaces", **CLUSTER),
    asks("get", "deployments", "web", group="apps"),
    asks("create", "clusterrolebindings", group="rbac.authorization.k8s.io", namespace=""),
]


def shown(asked):
    return f"{asked.verb} {asked.resource}/{asked.subresource} {asked.namespace} {asked.name} {asked.fields}"


@pytest.mark.parametrize("asked", MAY, ids=shown)
async def test_a_node_may(authorizer, asked):
    decision = await authorizer.decide(NODE, asked)
    assert decision.allowed, decision.reason


@pytest.mark.parametrize("asked", MAY_NOT, ids=shown)
async def test_a_node_may_not(authorizer, asked):
    assert not (await authorizer.decide(NODE, asked)).allowed


async def test_a_refusal_says_why(authorizer):
    decision = await authorizer.decide(NODE, asks("get", "secrets", "other"))
    assert decision.reason == "no relationship found between node 'node-1' and this object"
    decision = await authorizer.decide(NODE, asks("list", "secrets"))
    assert decision.reason == "nodes may not read secrets without naming one"


@pytest.mark.parametrize(
    "who",
    [
        ADMIN,
        ALICE,
        User("system:node:node-1", ()),
        User("node-1", ("system:nodes",)),
        User("system:node:", ("system:nodes",)),
    ],
)
async def test_about_anybody_else_it_says_nothing(authorizer, who):
    decision = await authorizer.decide(who, asks("get", "secrets", "mine"))
    assert (decision.allowed, decision.reason) == (False, "")
    assert node_of(who) == ""
