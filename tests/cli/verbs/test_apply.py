"""Apply: created, configured, unchanged; what others set stays; what left the manifest goes."""

import json

import orjson
import pytest

from pyk8s.api.refs import CONFIG_MAPS, DEPLOYMENTS
from pyk8s.cli.verbs.apply import LAST_APPLIED, apply
from pyk8s.client.fake import FakeClient

MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, labels: {app: x}}\ndata: {a: '1', b: '2'}\n"
C = CONFIG_MAPS.within("default").of("c")

WEB = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: main, image: "shop:1", env: [{name: A, value: "1"}, {name: B, value: "2"}]}
"""


def test_first_created_then_unchanged_then_configured(rig):
    assert rig.said(apply, "-f", "-", input=MAP) == "configmap/c created\n"
    assert rig.said(apply, "-f", "-", input=MAP) == "configmap/c unchanged\n"
    assert rig.said(apply, "-f", "-", input=MAP.replace("'1'", "'9'")) == "configmap/c configured\n"
    assert rig.get(C)["data"] == {"a": "9", "b": "2"}


def test_an_entry_that_left_the_manifest_goes_and_one_that_others_set_stays(rig):
    rig.said(apply, "-f", "-", input=MAP)
    rig.patch(C, {"data": {"theirs": "3"}})
    rig.said(apply, "-f", "-", input=MAP.replace(", b: '2'", ""))
    assert rig.get(C)["data"] == {"a": "1", "theirs": "3"}


def test_lists_are_merged_by_their_keys(rig):
    rig.said(apply, "-f", "-", input=WEB)
    rig.said(apply, "-f", "-", input=WEB.replace("shop:1", "shop:2").replace(', {name: B, value: "2"}', ""))
    (container,) = rig.get(DEPLOYMENTS.within("default").of("web"))["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "shop:2"
    assert container["env"] == [{"name": "A", "value": "1"}]


def test_replicas_that_somebody_scaled_stay_when_the_manifest_does_not_name_them(rig):
    without = WEB.replace("  replicas: 2\n", "")
    rig.said(apply, "-f", "-", input=without)
    ref = DEPLOYMENTS.within("default").of("web")
    rig.patch(ref, {"spec": {"replicas": 7}})
    rig.said(apply, "-f", "-", input=without.replace("shop:1", "shop:2"))
    assert rig.get(ref)["spec"]["replicas"] == 7


def test_the_note_of_what_was_applied_is_the_manifest(rig):
    rig.said(apply, "-f", "-", input=MAP)
    note = orjson.loads(rig.get(C)["metadata"]["annotations"][LAST_APPLIED])
    assert note["data"] == {"a": "1", "b": "2"}
    assert LAST_APPLIED not in note["metadata"].get("annotations", {})


def test_an_object_that_was_made_otherwise_is_changed_with_a_warning(rig):
    rig.create(CONFIG_MAPS.within("default"), {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}})
    result = rig.run(apply, "-f", "-", input=MAP)
    assert "was not made by apply" in result.stderr
    assert rig.get(C)["data"] == {"a": "1", "b": "2"}


@pytest.mark.parametrize("mode", ["client", "server"])
def test_a_dry_run_changes_nothing(rig, mode):
    assert "(dry run)" in rig.said(apply, "-f", "-", f"--dry-run={mode}", input=MAP).replace("server ", "")
    assert rig.names(CONFIG_MAPS.within("default")) == []


def test_prune_takes_only_what_was_applied_and_has_the_labels(rig):
    rig.said(apply, "-f", "-", input=MAP + "---\n" + MAP.replace("name: c", "name: old"))
    other = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "other", "labels": {"app": "x"}}}
    rig.create(CONFIG_MAPS.within("default"), other)
    assert "configmap/old pruned" in rig.said(apply, "-f", "-", "--prune", "-l", "app=x", input=MAP)
    assert rig.names(CONFIG_MAPS.within("default")) == ["c", "other"]


def test_a_generated_name_cannot_be_applied(rig):
    result = rig.run(apply, "-f", "-", input="{apiVersion: v1, kind: ConfigMap, metadata: {generateName: x-}}")
    assert "apply needs metadata.name" in str(result.exception)


def test_one_refusal_does_not_keep_the_others_back_and_fails_in_the_end(rig):
    rig.said(apply, "-f", "-", input=MAP)

    def refuse(verb, ref, body):
        if verb == "patch":
            from pyk8s.api.errors import ApiError

            raise ApiError("Invalid", "no")

    rig.session.api.reactions.append(refuse)
    second = MAP.replace("name: c", "name: d")
    result = rig.run(apply, "-f", "-", input=MAP.replace("'1'", "'9'") + "---\n" + second)
    assert result.exit_code == 1
    assert "document 1: configmap/c: no" in result.output
    assert "d" in rig.names(CONFIG_MAPS.within("default"))


def test_what_is_too_large_for_a_copy_in_an_annotation_is_told_what_to_use(rig, tmp_path):
    def manifest(name, size):
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"a": "x" * size}}

    path = tmp_path / "x.yaml"
    path.write_text("---\n".join(json.dumps(manifest(*each)) + "\n" for each in [("big", 262_144), ("small", 261_000)]))
    result = rig.run(apply, "-f", str(path))
    assert "document 1: configmap/big is too large for apply" in str(result.exception)
    assert "`pyk8s create -f`" in str(result.exception)
    assert rig.names(CONFIG_MAPS.within("default")) == ["small"]


def test_who_comes_second_changes_what_the_first_has_made(rig, monkeypatch):
    before = FakeClient.create

    async def too_late(client, ref, body, **options):
        monkeypatch.setattr(FakeClient, "create", before)
        await client.create(ref, orjson.dumps({**orjson.loads(body), "data": {"a": "theirs"}}))
        return await client.create(ref, body, **options)

    monkeypatch.setattr(FakeClient, "create", too_late)
    assert rig.said(apply, "-f", "-", input=MAP) == "configmap/c configured\n"
    assert rig.get(C)["data"] == {"a": "1", "b": "2"}
