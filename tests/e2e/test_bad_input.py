"""Wrong input at the command line: a clear sentence, the right exit code, nothing changed, never a traceback."""

import pytest

from tests.e2e.cluster import pod
from tests.e2e.conftest import Scoped

pytestmark = pytest.mark.e2e


def refused(cluster, *words, code=1, input=None):
    """What a refused command says."""
    cluster(*words, code=code, input=input)
    said = cluster.machine.last.stderr
    assert said.startswith(("error:", "Usage:")) or "error:" in said
    assert "Traceback" not in said
    return said


POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: x}]}\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("a: [1\nb: 2", "line 2", id="broken YAML"),
        pytest.param(
            POD.replace("image: x", "imagee: x"), 'unknown field "spec.containers[0].imagee"', id="unknown field"
        ),
        pytest.param(POD.replace("[{name: c, image: x}]", "3"), "spec.containers", id="wrong type"),
        pytest.param(POD.replace("name: p", "name: Not_A_Name"), "metadata.name", id="a name that is none"),
        pytest.param(POD.replace("kind: Pod", "kind: Pud"), "no kind 'Pud'", id="unknown kind"),
        pytest.param(POD.replace("[{name: c, image: x}]", "[]"), "spec.containers: Required value", id="no containers"),
    ],
)
def test_a_manifest_that_is_wrong(cluster, text, says):
    assert says in refused(cluster, "apply", "-f", "-", input=text)
    assert cluster.json("get", "pods")["items"] == []


def test_every_wrong_field_is_listed(cluster):
    text = POD.replace("name: c, image: x", "name: C_, image: x, ports: [{containerPort: 99999}]")
    said = refused(cluster, "create", "-f", "-", input=text)
    assert "spec.containers[0].name" in said
    assert "spec.containers[0].ports[0].containerPort" in said


def test_a_name_twice(cluster):
    cluster("create", "configmap", "c")
    assert 'configmaps "c" already exists' in refused(cluster, "create", "configmap", "c")


def test_an_immutable_field(cluster, image):
    cluster.apply(pod("p", "sleep 60", image=image))
    assert "spec" in refused(cluster, "patch", "pod/p", "-p", '{"spec":{"nodeSelector":{"a":"b"}}}')
    cluster("create", "deployment", "d", "--image=x")
    selector = '{"spec":{"selector":{"matchLabels":{"x":"y"}}}}'
    assert "spec.selector" in refused(cluster, "patch", "deploy/d", "-p", selector)


@pytest.mark.parametrize(
    ("words", "says", "code"),
    [
        pytest.param(("get", "gadgets"), "gadgets", 1, id="an unknown type"),
        pytest.param(("get", "pod", "nope"), 'pods "nope" not found', 1, id="an unknown object"),
        pytest.param(("get", "pods", "-o", "xml"), "unknown output format", 1, id="an unknown form"),
        pytest.param(("logs", "nope"), 'pods "nope" not found', 1, id="logs of nothing"),
        pytest.param(("exec", "nope", "--", "ls"), 'pods "nope" not found', 1, id="exec in nothing"),
        pytest.param(("apply", "-f", "/nonexistent.yaml"), "does not exist", 1, id="no such file"),
        pytest.param(("scale", "deploy/x", "--replicas=-1"), "--replicas", 2, id="fewer than none"),
        pytest.param(("gett", "pods"), "get", 2, id="a verb that is none"),
    ],
)
def test_words_that_are_wrong(cluster, words, says, code):
    assert says in refused(cluster, *words, code=code)


def test_a_deleted_namespace_takes_no_new_objects(cluster):
    cluster.machine("create", "namespace", f"{cluster.namespace}-x")
    cluster.machine("delete", "namespace", f"{cluster.namespace}-x")
    said = refused(Scoped(cluster.machine, f"{cluster.namespace}-x"), "create", "configmap", "c")
    assert "not found" in said


def test_somebody_with_a_certificate_of_another_authority_is_refused(cluster, tmp_path):
    from dataclasses import replace

    from pyk8s.wire import kubeconfig, pki

    held = kubeconfig.load(cluster.machine.kubeconfig)
    other = pki.Authority.create("another")
    forged = other.issue("kubernetes-admin", organizations=["system:masters"], client=True)
    file = tmp_path / "config"
    kubeconfig.write(file, replace(held, cert=forged.certificate, key=forged.key), name="forged")
    cluster.machine.run("--kubeconfig", str(file), "get", "pods", code=1)
    assert "Traceback" not in cluster.machine.last.stderr
    assert cluster.machine.last.stderr.startswith("error:")


def test_a_second_cluster_of_one_name_is_the_same_cluster(cluster):
    machine = cluster.machine
    pids = {each["pid"] for each in machine.status()["processes"]}
    machine.run("cluster", "up", "--name", machine.name, "--nodes", "3", seconds=120)
    assert {each["pid"] for each in machine.status()["processes"]} == pids
