"""`pyk8s replace`: what the manifest does not say is gone; what is not there is not made."""

import sys

import pytest

from pyk8s.api.errors import ApiError
from pyk8s.api.refs import CONFIG_MAPS
from pyk8s.cli.verbs.replace import replace
from pyk8s.client.fake import FakeClient

MAPS = CONFIG_MAPS.within("default")
verb = sys.modules["pyk8s.cli.verbs.replace"]
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


def test_an_object_that_changed_meanwhile_is_replaced_anew(held, monkeypatch):
    rig, _ = held
    get, left = FakeClient.get, [1]

    async def late(self, ref, *words, **more):
        seen = await get(self, ref, *words, **more)
        if left:
            left.clear()
            await self.patch(ref, b'{"data": {"b": "9"}}')
        return seen

    monkeypatch.setattr(FakeClient, "get", late)
    assert rig.said(replace, "-f", "-", input=TEXT.format(name="c", more="")) == "configmap/c replaced\n"
    assert rig.get(MAPS.of("c"))["data"] == {"a": "2"}


def test_by_force_it_waits_until_the_old_one_is_gone_and_ends_it_as_told(held, monkeypatch):
    rig, before = held
    said = []

    async def delete(self, ref, **how):
        said.append(how)
        return b"{}"

    async def gone(client, ref, *, uid):
        said.append(uid)
        raise ApiError("Timeout", "it is still there")

    with monkeypatch.context() as patched:
        patched.setattr(FakeClient, "delete", delete)
        patched.setattr(verb, "until_gone", gone)
        rig.run(replace, "--force", "--grace-period=3", "-f", "-", input=TEXT.format(name="c", more=""))
    uid = before["metadata"]["uid"]
    assert said == [{"grace_seconds": 3, "propagation": "Background", "uid": uid}, uid]
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
