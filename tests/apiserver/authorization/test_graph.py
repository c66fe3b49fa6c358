import orjson
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from pyk8s.apiserver.authorization.graph import MIRROR, Graph


def pod(name="web", node="node-1", namespace="shop", annotations=None, **spec):
    metadata = {"name": name, "namespace": namespace} | ({"annotations": annotations} if annotations else {})
    return orjson.dumps({"metadata": metadata, "spec": {"nodeName": node, "containers": [], **spec}})


def graph_of(body, name="web"):
    made = Graph()
    made.pod(("shop", name), body)
    return made


NEEDED = [
    pytest.param({"serviceAccountName": "bot"}, "serviceaccounts", "bot", id="service account"),
    pytest.param({"imagePullSecrets": [{"name": "pull"}]}, "secrets", "pull", id="pull secret"),
    pytest.param(
        {"containers": [{"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]}]},
        "secrets",
        "s",
        id="environment from a secret",
    ),
    pytest.param(
        {"initContainers": [{"env": [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "k"}}}]}]},
        "configmaps",
        "c",
        id="environment of an init container from a config map",
    ),
    pytest.param(
        {"ephemeralContainers": [{"envFrom": [{"secretRef": {"name": "s"}}]}]},
        "secrets",
        "s",
        id="whole secret as environment of an ephemeral container",
    ),
    pytest.param({"containers": [{"envFrom": [{"configMapRef": {"name": "c"}}]}]}, "configmaps", "c", id="envFrom"),
    pytest.param({"volumes": [{"name": "v", "secret": {"secretName": "s"}}]}, "secrets", "s", id="secret volume"),
    pytest.param({"volumes": [{"name": "v", "configMap": {"name": "c"}}]}, "configmaps", "c", id="config map volume"),
    pytest.param(
        {"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "d"}}]},
        "persistentvolumeclaims",
        "d",
        id="claim",
    ),
    pytest.param(
        {"volumes": [{"name": "v", "ephemeral": {"volumeClaimTemplate": {}}}]},
        "persistentvolumeclaims",
        "web-v",
        id="ephemeral claim",
    ),
    pytest.param(
        {"volumes": [{"name": "v", "projected": {"sources": [{"secret": {"name": "s"}}]}}]},
        "secrets",
        "s",
        id="projected secret",
    ),
    pytest.param(
        {"volumes": [{"name": "v", "projected": {"sources": [{"configMap": {"name": "c"}}]}}]},
        "configmaps",
        "c",
        id="projected config map",
    ),
    pytest.param(
        {"volumes": [{"name": "v", "csi": {"driver": "d", "nodePublishSecretRef": {"name": "s"}}}]},
        "secrets",
        "s",
        id="secret of an inline CSI volume",
    ),
]


@pytest.mark.parametrize(("spec", "resource", "name"), NEEDED)
def test_what_a_pod_refers_to_its_node_needs(spec, resource, name):
    graph = graph_of(pod(**spec))
    assert graph.needs("node-1", resource, "shop", name)
    assert not graph.needs("node-2", resource, "shop", name)
    assert not graph.needs("node-1", resource, "other", name)
    assert not graph.needs("node-1", resource, "shop", "else")


def test_a_pod_runs_on_its_node_only():
    graph = graph_of(pod())
    assert graph.runs("node-1", "shop", "web")
    assert not graph.runs("node-2", "shop", "web")


@pytest.mark.parametrize("gone", [None, pod(node=""), b'{"metadata":{"name":1},"spec":{}}'])
def test_a_pod_that_is_gone_or_on_no_node_gives_nothing(gone):
    graph = graph_of(pod(serviceAccountName="bot"))
    graph.pod(("shop", "web"), gone)
    assert not graph.runs("node-1", "shop", "web")
    assert not graph.needs("node-1", "serviceaccounts", "shop", "bot")


def test_what_two_pods_need_stays_when_one_goes():
    graph = graph_of(pod(serviceAccountName="bot"))
    graph.pod(("shop", "other"), pod("other", serviceAccountName="bot"))
    graph.pod(("shop", "web"), None)
    assert graph.needs("node-1", "serviceaccounts", "shop", "bot")


def test_a_mirror_pod_opens_nothing():
    graph = graph_of(pod(annotations={MIRROR: "x"}, volumes=[{"name": "v", "secret": {"secretName": "s"}}]))
    assert graph.runs("node-1", "shop", "web")
    assert not graph.needs("node-1", "secrets", "shop", "s")


def test_a_volume_is_needed_through_its_claim_and_its_secrets_through_it():
    graph = graph_of(pod(volumes=[{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}]))
    assert not graph.needs("node-1", "persistentvolumes", "", "pv-1")
    graph.claim(("shop", "data"), {"spec": {"volumeName": "pv-1"}})
    assert graph.needs("node-1", "persistentvolumes", "", "pv-1")
    secret = {"name": "key", "namespace": "vault"}
    graph.volume("pv-1", {"spec": {"csi": {"nodeStageSecretRef": secret}, "capacity": {"storage": "1Gi"}}})
    assert graph.needs("node-1", "secrets", "vault", "key")
    assert not graph.needs("node-2", "secrets", "vault", "key")
    graph.claim(("shop", "data"), None)
    assert not graph.needs("node-1", "persistentvolumes", "", "pv-1")
    assert not graph.needs("node-1", "secrets", "vault", "key")


def test_an_attachment_is_of_its_node():
    graph = Graph()
    graph.attachment("a", {"spec": {"nodeName": "node-1"}})
    assert graph.attached("node-1", "a")
    assert not graph.attached("node-2", "a")
    graph.attachment("a", None)
    assert not graph.attached("node-1", "a")


class GraphMachine(RuleBasedStateMachine):
    """Pods come, move and go; the graph says what a plain walk over the pods says."""

    def __init__(self):
        super().__init__()
        self.real, self.model = Graph(), {}

    @rule(name=st.sampled_from("ab"), node=st.sampled_from(["n1", "n2"]), secrets=st.sets(st.sampled_from("xyz")))
    def put(self, name, node, secrets):
        self.real.pod(("shop", name), pod(name, node, imagePullSecrets=[{"name": one} for one in sorted(secrets)]))
        self.model[name] = (node, secrets)

    @rule(name=st.sampled_from("ab"))
    def remove(self, name):
        self.real.pod(("shop", name), None)
        self.model.pop(name, None)

    @invariant()
    def says_the_same(self):
        for node in ("n1", "n2"):
            for secret in "xyz":
                wanted = any(on == node and secret in secrets for on, secrets in self.model.values())
                assert self.real.needs(node, "secrets", "shop", secret) is wanted
            for name in "ab":
                assert self.real.runs(node, "shop", name) is (self.model.get(name, ("",))[0] == node)


GraphMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=20)
TestGraph = GraphMachine.TestCase
