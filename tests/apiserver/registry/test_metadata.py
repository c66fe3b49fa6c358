"""Metadata on its way in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyk8s.apiserver.registry import metadata as meta
from tests.apiserver.registry.running import row


def obj(**metadata):
    return {"kind": "Thing", "apiVersion": "v1", "metadata": metadata, "spec": {"a": 1}}


def created(sent, **more):
    given = {"name": "a", "namespace": "default", "uid": "u", "now": "T", "counted": True, **more}
    return meta.for_create(sent, **given)["metadata"]


def test_a_new_object_has_all_the_system_gives():
    assert created(obj(labels={"x": "y"})) == {
        "name": "a",
        "namespace": "default",
        "uid": "u",
        "generation": 1,
        "creationTimestamp": "T",
        "labels": {"x": "y"},
    }


def test_what_is_empty_is_left_out():
    assert "labels" not in created(obj(labels={}, annotations={}, finalizers=[], generateName=""))


def test_a_kind_that_does_not_count_has_no_generation():
    assert "generation" not in created(obj(), counted=False)


def test_a_cluster_scoped_object_has_no_namespace():
    assert "namespace" not in created(obj(namespace="x"), namespace="")


@pytest.mark.parametrize("field", meta.SYSTEM)
def test_the_systems_fields_are_those_of_the_old_object(field):
    new = meta.for_update(obj(name="a", **{field: "mine"}), obj(name="a", **{field: "its"}))
    assert new["metadata"][field] == "its"


@pytest.mark.parametrize("field", meta.SYSTEM)
def test_a_client_cannot_add_a_field_of_the_system(field):
    new = meta.for_update(obj(name="a", **{field: "mine"}), obj(name="a"))
    assert field not in new["metadata"]


@given(st.dictionaries(st.text(min_size=1), st.text(min_size=1)), st.dictionaries(st.text(min_size=1), st.text()))
def test_an_update_takes_the_labels_of_the_new_object(new, old):
    updated = meta.for_update(obj(name="a", labels=new), obj(name="a", labels=old))["metadata"]
    assert updated.get("labels", {}) == new


@pytest.mark.parametrize(
    ("change", "generation"),
    [
        ({}, 3),
        ({"metadata": {"generation": 3, "labels": {"x": "y"}}}, 3),
        ({"status": {"ready": True}}, 3),
        ({"spec": {"a": 2}}, 4),
        ({"data": {"k": "v"}}, 4),
    ],
)
def test_the_generation_counts_all_but_metadata_and_status(change, generation):
    old = obj(generation=3)
    assert meta.count({**old, **change}, old)["metadata"]["generation"] == generation


def test_an_object_without_a_generation_never_gets_one():
    assert meta.count({**obj(), "spec": {"a": 2}}, obj()) == {**obj(), "spec": {"a": 2}}


@pytest.mark.parametrize(
    ("metadata", "fields"),
    [
        ({"name": "a"}, []),
        ({}, ["metadata.name"]),
        ({"name": 3}, ["metadata.name"]),
        ({"name": "A"}, ["metadata.name"]),
        ({"name": "a", "labels": {"ok/x": "fine", "a b": "y"}}, ["metadata.labels"]),
        ({"name": "a", "labels": {"x": "no way"}}, ["metadata.labels"]),
        ({"name": "a", "annotations": {"UPPER.example.com/x": "anything at all"}}, []),
        ({"name": "a", "annotations": {"a b": ""}}, ["metadata.annotations"]),
        ({"name": "a", "annotations": {"a": "x" * 300_000}}, ["metadata.annotations"]),
        ({"name": "a", "finalizers": ["orphan", "example.com/x"]}, []),
        ({"name": "a", "finalizers": ["unqualified"]}, ["metadata.finalizers[0]"]),
        (
            {"name": "a", "ownerReferences": [{"apiVersion": "v1", "kind": "Pod", "name": "p"}]},
            ["metadata.ownerReferences[0].uid"],
        ),
        (
            {
                "name": "a",
                "ownerReferences": [
                    {"apiVersion": "v1", "kind": "Pod", "name": n, "uid": n, "controller": True} for n in "pq"
                ],
            },
            ["metadata.ownerReferences"],
        ),
    ],
)
def test_check(metadata, fields):
    assert [cause.field for cause in meta.check(obj(**metadata), row("configmaps"))] == fields


@pytest.mark.parametrize(
    ("rule", "name", "fine"),
    [
        ("dns_subdomain", "a.b", True),
        ("dns_label", "a.b", False),
        ("dns_1035_label", "1a", False),
        ("path_segment", "system:Node", True),
        ("path_segment", "a/b", False),
    ],
)
def test_names_have_the_form_their_kind_wants(rule, name, fine):
    assert (meta.check(obj(name=name), row("configmaps"), rule) == []) is fine


@pytest.mark.parametrize(
    ("new", "old", "fields"),
    [
        ({"name": "a"}, {"name": "a"}, []),
        ({"name": "b"}, {"name": "a"}, ["metadata.name"]),
        ({"name": "a", "namespace": "x"}, {"name": "a", "namespace": "y"}, ["metadata.namespace"]),
        ({"name": "a", "finalizers": ["a/b"]}, {"name": "a"}, []),
        ({"name": "a", "finalizers": ["a/b"]}, {"name": "a", "deletionTimestamp": "T"}, ["metadata.finalizers"]),
        ({"name": "a", "finalizers": ["orphan", "foregroundDeletion"]}, {"name": "a"}, ["metadata.finalizers"]),
    ],
)
def test_check_update(new, old, fields):
    assert [cause.field for cause in meta.check_update(obj(**new), obj(**old))] == fields
