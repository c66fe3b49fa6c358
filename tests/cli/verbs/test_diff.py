"""Diff: what apply would change, and an exit code that says whether it would."""

import orjson
import pytest

from pyk8s.api.errors import forbidden
from pyk8s.api.refs import CONFIG_MAPS
from pyk8s.cli.verbs.apply import apply
from pyk8s.cli.verbs.create import create
from pyk8s.cli.verbs.diff import diff
from pyk8s.client.fake import FakeClient

MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: '1', b: '2'}\n"
SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {same: c2FtZQ==, other: b3RoZXI=}\n"
C = CONFIG_MAPS.within("default").of("c")


def run(rig, text, *words):
    result = rig.run(diff, "-f", "-", *words, input=text)
    return result.exit_code, result.stdout


def test_nothing_is_said_of_what_is_as_the_manifest_says(rig):
    rig.said(apply, "-f", "-", input=MAP)
    assert run(rig, MAP) == (0, "")


def test_who_did_not_use_apply_sees_no_difference_either(rig):
    rig.said(create, "-f", "-", input=MAP)
    assert run(rig, MAP) == (0, "")


def test_a_change_is_shown_and_not_made(rig):
    rig.said(apply, "-f", "-", input=MAP)
    code, said = run(rig, MAP.replace("'1'", "'9'").replace(", b: '2'", ""))
    assert code == 1
    assert said.startswith("--- live/v1.ConfigMap.default.c\n+++ merged/v1.ConfigMap.default.c\n")
    assert "-  a: '1'\n-  b: '2'\n+  a: '9'\n" in said
    assert "last-applied" not in said
    assert rig.get(C)["data"] == {"a": "1", "b": "2"}


def test_an_object_that_is_not_there_is_all_new(rig):
    code, said = run(rig, MAP)
    assert code == 1
    lines = said.splitlines()[2:]
    assert "+kind: ConfigMap" in lines
    assert all(line.startswith(("@@", "+")) for line in lines)
    assert rig.names(CONFIG_MAPS.within("default")) == []


def test_what_is_in_a_secret_stays_secret(rig):
    rig.said(apply, "-f", "-", input=SECRET)
    code, said = run(rig, SECRET.replace("b3RoZXI=", "bmV3"))
    assert code == 1
    assert "-  other: '*** (before)'" in said
    assert "+  other: '*** (after)'" in said
    assert "same: '***'" in said
    assert not any(text in said for text in ("b3RoZXI=", "bmV3", "c2FtZQ=="))


def test_only_manifests_with_the_labels_count(rig):
    labelled = MAP.replace("{name: c}", "{name: l, labels: {app: x}}")
    _, said = run(rig, f"{MAP}---\n{labelled}", "-l", "app=x")
    assert "ConfigMap.default.l" in said
    assert "ConfigMap.default.c" not in said


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("kind: ConfigMap\n", "apiVersion is missing", id="no object"),
        pytest.param(MAP.replace("ConfigMap", "Konfig"), "no kind", id="no such kind"),
        pytest.param(MAP.replace("name: c", "generateName: c-"), "diff needs metadata.name", id="no name"),
    ],
)
def test_what_cannot_be_said_has_a_code_above_one(rig, text, says):
    result = rig.run(diff, "-f", "-", input=text)
    assert result.exit_code == 2
    assert says in result.output


def test_nothing_to_compare_is_a_wrong_call(rig):
    assert rig.run(diff).exit_code == 2


def test_all_that_cannot_be_compared_is_told(rig, monkeypatch):
    async def refuse(client, ref, body, **options):
        raise forbidden("", "configmaps", orjson.loads(body)["metadata"]["name"], "not today")

    monkeypatch.setattr(FakeClient, "create", refuse)
    result = rig.run(diff, "-f", "-", input=f"{MAP}---\n{MAP.replace('name: c', 'name: d')}")
    assert (result.exit_code, result.stdout) == (2, "")
    assert '"c" is forbidden' in result.stderr
    assert '"d" is forbidden' in result.stderr
