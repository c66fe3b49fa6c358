"""`pyk8s replace`: what the manifest does not say is gone; what is not there is not made."""

import pytest

from pyk8s.api.refs import CONFIG_MAPS
from pyk8s.cli.verbs.replace import replace

MAPS = CONFIG_MAPS.within("default")
TEXT = "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}{more}}}\ndata: {{a: '2'}}\n"


@pytest.fixture
def held(rig):
    """A config map `c`, as it stands in the API."""
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"a": "1", "b": "1"}}
    return rig, rig.create(MAPS, body)


def test_what_is_not_said_is_gone(held):
    rig, before = held
    assert rig.said(replace, "-f", "-", input=TEXT.format(name="c", more="")) == "configmap/c replaced\n"
    after = rig.get(MAPS.of("c"))
    assert after["data"] == {"a": "2"}
    assert after["metadata"]["uid"] == before["metadata"]["uid"]


def test_an_older_version_than_the_one_there_is_refused(held):
    rig, _ = held
    result = rig.run(replace, "-f", "-", input=TEXT.format(name="c", more=", resourceVersion: '999'"))
    assert result.exception.reason == "Conflict"
    assert rig.get(MAPS.of("c"))["data"] == {"a": "1", "b": "1"}


def test_what_is_not_there_is_told_and_the_others_are_replaced(held):
    rig, _ = held
    both = TEXT.format(name="nope", more="") + "---\n" + TEXT.format(name="c", more="")
    result = rig.run(replace, "-f", "-", input=both)
    assert result.exception.message == 'configmaps "nope" not found'
    assert result.stdout == "configmap/c replaced\n"
    assert rig.names(MAPS) == ["c"]


def test_by_force_it_is_another_object(held):
    rig, before = held
    assert rig.said(replace, "--force", "-f", "-", input=TEXT.format(name="c", more=", uid: old")) != ""
    assert rig.get(MAPS.of("c"))["metadata"]["uid"] not in (before["metadata"]["uid"], "old")
    rig.said(replace, "--force", "-f", "-", input=TEXT.format(name="new", more=""))
    assert rig.names(MAPS) == ["c", "new"]


@pytest.mark.parametrize("how", ["client", "server"])
def test_a_dry_run_changes_nothing(held, how):
    rig, _ = held
    said = rig.said(replace, "--force", "-f", "-", f"--dry-run={how}", input=TEXT.format(name="c", more=""))
    assert said.startswith("configmap/c replaced (")
    assert rig.get(MAPS.of("c"))["data"] == {"a": "1", "b": "1"}


@pytest.mark.parametrize(
    ("words", "says"),
    [([], "say which manifests"), (["-f", "-", "--grace-period=1"], "--grace-period needs --force")],
)
def test_wrong_calls(rig, words, says):
    result = rig.run(replace, *words)
    assert (result.exit_code, says in result.output) == (2, True)


def test_a_generated_name_cannot_be_replaced(rig):
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: x-}\n"
    assert "replace needs metadata.name" in str(rig.run(replace, "-f", "-", input=text).exception)
