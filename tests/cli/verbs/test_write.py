"""Verbs that change objects: what they send, what they say, and what they refuse before anything is changed."""

import pytest

from pyk8s.api.refs import CONFIG_MAPS, DEPLOYMENTS, NODES, PODS, SECRETS, SERVICES
from pyk8s.cli.verbs.create import create
from pyk8s.cli.verbs.delete import delete
from pyk8s.cli.verbs.drain import cordon, uncordon
from pyk8s.cli.verbs.edit import edit
from pyk8s.cli.verbs.expose import expose
from pyk8s.cli.verbs.label import annotate, label, split_words
from pyk8s.cli.verbs.patch import patch
from pyk8s.cli.verbs.rollout import rollout
from pyk8s.cli.verbs.run import run
from pyk8s.cli.verbs.scale import scale
from pyk8s.cli.verbs.set import set_

DEFAULT_PODS, WEB = PODS.within("default"), DEPLOYMENTS.within("default").of("web")


def test_create_says_what_it_made_and_sends_it(rig):
    assert rig.said(create, "deployment", "web", "--image=shop:1", "--replicas=3") == "deployment.apps/web created\n"
    assert rig.get(WEB)["spec"]["replicas"] == 3


def test_create_from_a_manifest_checks_all_before_it_sends_any(rig, tmp_path):
    good = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
    (tmp_path / "x.yaml").write_text(good + "---\n" + good.replace("ConfigMap", "Konfig"))
    result = rig.run(create, "-f", str(tmp_path / "x.yaml"))
    assert "document 2: no kind 'Konfig'" in str(result.exception)
    assert rig.names(CONFIG_MAPS.within("default")) == []


def test_create_with_dry_run_sends_nothing(rig):
    text = rig.said(create, "configmap", "c", "--from-literal=a=1", "--dry-run=client", "-o", "yaml")
    assert "data:\n  a: '1'\n" in text
    assert rig.names(CONFIG_MAPS.within("default")) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["cm", "c"], "configmap/c created\n"),
        (["deploy", "d", "--image=x:1"], "deployment.apps/d created\n"),
        (["ns", "n"], "namespace/n created\n"),
        (["sa", "s"], "serviceaccount/s created\n"),
        (["svc", "clusterip", "v", "--tcp=80"], "service/v created\n"),
    ],
)
def test_kinds_have_short_names(rig, words, said):
    assert rig.said(create, *words) == said


def test_a_name_twice_is_an_error(rig):
    rig.said(create, "configmap", "c")
    assert rig.run(create, "configmap", "c").exception.reason == "AlreadyExists"


def test_a_secret_is_stored_in_base64(rig):
    rig.said(create, "secret", "generic", "db", "--from-literal=pass=x")
    assert rig.get(SECRETS.within("default").of("db"))["data"] == {"pass": "eA=="}


@pytest.mark.parametrize("words", [["configmap", "c"], ["secret", "generic", "c"]])
def test_a_key_given_twice_in_two_ways_is_refused(rig, tmp_path, words):
    (tmp_path / "a").write_text("2")
    result = rig.run(create, *words, "--from-literal=a=1", f"--from-file={tmp_path / 'a'}")
    assert "the key 'a' is given twice" in str(result.exception)
    assert rig.names(CONFIG_MAPS.within("default")) == rig.names(SECRETS.within("default")) == []


def test_run_makes_a_pod(rig):
    assert rig.said(run, "web", "--image=shop:1", "--port=80", "--env=A=1") == "pod/web created\n"
    (container,) = rig.get(DEFAULT_PODS.of("web"))["spec"]["containers"]
    assert container["env"] == [{"name": "A", "value": "1"}]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        pytest.param(["--rm"], "--rm needs -i", id="rm without a terminal"),
        pytest.param(["-t"], "-t needs -i", id="a terminal without input"),
    ],
)
def test_run_refuses_flags_that_make_no_sense_together(rig, words, says):
    result = rig.run(run, "web", "--image=x", *words)
    assert result.exit_code == 2
    assert says in result.output


@pytest.mark.parametrize(
    ("words", "says"),
    [
        pytest.param(["web", "--image=Bad Image!!"], "'Bad Image!!' is no name of an image", id="image"),
        pytest.param(["BAD_name", "--image=x"], "cannot be called 'BAD_name': a lowercase RFC 1123 label", id="name"),
        pytest.param(["a.b", "--image=x"], "cannot be called 'a.b'", id="name of a container"),
    ],
)
def test_run_refuses_what_cannot_be_before_anything_is_sent(rig, words, says):
    result = rig.run(run, *words)
    assert says in str(result.exception)
    assert result.exception.exit_code == 2
    assert rig.names(DEFAULT_PODS) == []


def test_set_image_refuses_what_is_no_image(shop):
    assert "no name of an image" in str(shop.run(set_, "image", "deploy/web", "main=Bad Image!!").exception)
    assert shop.get(WEB)["spec"]["template"]["spec"]["containers"][0]["image"] == "shop:1"


def test_expose_takes_selector_and_labels_of_the_deployment(shop):
    assert shop.said(expose, "deploy/web", "--port=80", "--target-port=http") == "service/web created\n"
    spec = shop.get(SERVICES.within("default").of("web"))["spec"]
    assert spec["selector"] == {"app": "web"}
    assert spec["ports"] == [{"port": 80, "protocol": "TCP", "targetPort": "http"}]


def test_expose_without_any_port_says_so(shop):
    assert "give --port" in str(shop.run(expose, "deploy/web").output)


def test_scale_changes_the_count(shop):
    assert shop.said(scale, "deploy/web", "--replicas=5") == "deployment.apps/web scaled\n"
    assert shop.get(WEB)["spec"]["replicas"] == 5


def test_scale_only_from_the_count_that_was_meant(shop):
    result = shop.run(scale, "deploy/web", "--replicas=5", "--current-replicas=9")
    assert "has 2 replicas, not the 9" in result.output
    assert shop.get(WEB)["spec"]["replicas"] == 2


def test_what_cannot_be_scaled_is_said(shop):
    assert "pod/web-1 cannot be scaled" in shop.run(scale, "pod/web-1", "--replicas=1").output


@pytest.mark.parametrize(
    ("kind", "text", "replicas"),
    [
        pytest.param("merge", '{"spec":{"replicas":7}}', 7, id="merge"),
        pytest.param("strategic", "spec: {replicas: 8}", 8, id="strategic, in YAML"),
        pytest.param("json", '[{"op":"replace","path":"/spec/replicas","value":9}]', 9, id="json"),
    ],
)
def test_patch(shop, kind, text, replicas):
    assert shop.said(patch, "deploy", "web", "--type", kind, "-p", text) == "deployment.apps/web patched\n"
    assert shop.get(WEB)["spec"]["replicas"] == replicas


@pytest.mark.parametrize(
    ("words", "says"),
    [
        pytest.param(["-p", "[1"], "-p, line 2, column 1: cannot be read as YAML", id="broken"),
        pytest.param(["-p", "[" * 300 + "]" * 300], "nested ", id="too deep"),
        pytest.param(["-p", '{"spec":{"replicas":99999999999999999999}}'], "spec.replicas: 9", id="too large a number"),
        pytest.param(["--patch-file", "/dev/zero"], "larger than 16 MiB", id="without end"),
        pytest.param(["-p", "[]"], "must be an object", id="a list for a merge"),
        pytest.param(["--type=json", "-p", "{}"], "a list of operations", id="an object for a JSON patch"),
        pytest.param([], "one of -p and --patch-file", id="none"),
    ],
)
def test_a_patch_that_is_none_is_refused(shop, words, says):
    assert says in shop.run(patch, "deploy/web", *words).output


def test_label_sets_and_removes(shop):
    assert shop.said(label, "pod", "web-1", "tier=front", "app-") == "pod/web-1 labeled\n"
    assert shop.get(DEFAULT_PODS.of("web-1"))["metadata"]["labels"] == {"tier": "front"}


def test_a_label_is_not_replaced_without_leave(shop):
    assert "use --overwrite" in shop.run(label, "pod/web-1", "app=other").output
    assert shop.get(DEFAULT_PODS.of("web-1"))["metadata"]["labels"] == {"app": "web"}
    shop.said(label, "pod/web-1", "app=other", "--overwrite")
    assert shop.get(DEFAULT_PODS.of("web-1"))["metadata"]["labels"] == {"app": "other"}


def test_annotate_by_selector(shop):
    assert shop.said(annotate, "pods", "-l", "app=web", "seen=yes") == "pod/web-1 annotated\npod/web-2 annotated\n"


def test_words_of_label_are_told_apart():
    assert split_words(["pod", "web-1", "a=1", "b-"]) == (["pod", "web-1"], {"a": "1", "b": None})


def test_set_image_names_a_container_that_is_not_there(shop):
    assert "has no container 'nope' (it has: main)" in shop.run(set_, "image", "deploy/web", "nope=x:2").output


def test_set_image(shop):
    assert shop.said(set_, "image", "deploy/web", "main=shop:2") == "deployment.apps/web image updated\n"
    assert shop.get(WEB)["spec"]["template"]["spec"]["containers"][0]["image"] == "shop:2"


def test_set_env_adds_and_removes(shop):
    shop.said(set_, "env", "deploy/web", "A=1", "B=2")
    shop.said(set_, "env", "deploy/web", "A-")
    (container,) = shop.get(WEB)["spec"]["template"]["spec"]["containers"]
    assert container["env"] == [{"name": "B", "value": "2"}]


def test_delete_by_name_says_where(shop):
    said = shop.said(delete, "pod", "web-1", "--force")
    assert said == 'pod "web-1" force deleted from default namespace\n'
    assert shop.names(DEFAULT_PODS) == ["db-0", "web-2"]


def test_delete_by_selector(shop):
    shop.said(delete, "pods", "-l", "app=web", "--force")
    assert shop.names(DEFAULT_PODS) == ["db-0"]


def test_delete_of_everything_must_be_meant(shop):
    result = shop.run(delete, "pods")
    assert (result.exit_code, "--all" in result.output) == (2, True)
    assert len(shop.names(DEFAULT_PODS)) == 3


def test_delete_of_what_is_not_there(shop):
    assert shop.run(delete, "pod", "nope").exception.reason == "NotFound"
    assert shop.said(delete, "pod", "nope", "--ignore-not-found") == ""


def test_delete_with_dry_run_deletes_nothing(shop):
    assert "(dry run)" in shop.said(delete, "pod", "web-1", "--dry-run=client")
    assert len(shop.names(DEFAULT_PODS)) == 3


def test_cordon_and_uncordon_say_what_is_already_so(rig):
    rig.create(NODES, {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}, "spec": {}})
    assert rig.said(cordon, "n") == "node/n cordoned\n"
    assert rig.get(NODES.of("n"))["spec"]["unschedulable"] is True
    assert rig.said(cordon, "n") == "node/n already cordoned\n"
    assert rig.said(uncordon, "n") == "node/n uncordoned\n"


def test_rollout_restart_stamps_the_template(shop):
    assert shop.said(rollout, "restart", "deploy/web") == "deployment.apps/web restarted\n"
    notes = shop.get(WEB)["spec"]["template"]["metadata"]["annotations"]
    assert "kubectl.kubernetes.io/restartedAt" in notes


def test_rollout_pause_and_resume(shop):
    shop.said(rollout, "pause", "deploy/web")
    assert shop.get(WEB)["spec"]["paused"] is True
    shop.said(rollout, "resume", "deploy/web")
    assert "paused" not in shop.get(WEB)["spec"]


def test_edit_sends_what_the_editor_made(shop, monkeypatch):
    monkeypatch.setenv("KUBE_EDITOR", "sed -i s/replicas:.2/replicas:\\ 4/")
    assert shop.said(edit, "deploy/web") == "deployment.apps/web edited\n"
    assert shop.get(WEB)["spec"]["replicas"] == 4


def test_edit_without_a_change_sends_nothing(shop, monkeypatch):
    monkeypatch.setenv("KUBE_EDITOR", "true")
    before = shop.get(WEB)["metadata"]["resourceVersion"]
    assert "no changes made" in shop.said(edit, "deploy/web")
    assert shop.get(WEB)["metadata"]["resourceVersion"] == before


@pytest.mark.parametrize(
    ("editor", "says"),
    [
        pytest.param("false", "ended with 1: nothing was changed", id="the editor fails"),
        pytest.param("no-such-editor", "cannot run the editor", id="there is no such editor"),
    ],
)
def test_an_editor_that_does_not_work_is_said(shop, monkeypatch, editor, says):
    monkeypatch.setenv("KUBE_EDITOR", editor)
    assert says in shop.run(edit, "deploy/web").output


def test_edit_gives_up_on_what_is_wrong_twice_and_says_why(shop, monkeypatch):
    monkeypatch.setenv("KUBE_EDITOR", "sed -i s/name:.web$/name:\\ other/")
    assert "cannot be changed" in shop.run(edit, "deploy/web").output
