"""A body becomes an object of its kind; selectors are those its kind knows."""

import pytest

from pyk8s.api.defaults import apply_defaults
from pyk8s.api.errors import ApiError, Cause
from pyk8s.api.validation.structural import Structure
from pyk8s.apiserver.registry.objects import decode
from pyk8s.apiserver.registry.selecting import selection
from pyk8s.apiserver.registry.shaping import Shaper, name_in, refuse
from pyk8s.apiserver.request import Options, Request
from tests.apiserver.registry.running import row

SHAPER = Shaper(Structure(), apply_defaults)
PODS = row("pods")
SPEC = b'{"metadata":{"name":"a"},"spec":{"containers":[{"name":"c","image":"x"%b}]}}'


def shape(body, resource=PODS, **options):
    request = Request(verb="create", resource=resource, options=Options(**options))
    return *SHAPER.shape(decode(body, resource), resource, request), request.warnings


def test_a_clean_body_is_only_given_its_defaults():
    obj, lacks, warnings = shape(SPEC % b"")
    assert (lacks, warnings) == ([], [])
    assert obj["spec"]["restartPolicy"] == "Always"


def test_unknown_fields_go_with_a_warning():
    obj, lacks, warnings = shape(SPEC % b',"imagge":1')
    assert (lacks, warnings) == ([], ['unknown field "spec.containers[0].imagge"'])
    assert "imagge" not in obj["spec"]["containers"][0]


def test_a_body_that_is_judged_twice_warns_once():
    request = Request(verb="patch", resource=PODS)
    for _ in range(2):
        SHAPER.shape(decode(SPEC % b',"imagge":1', PODS), PODS, request)
    assert len(request.warnings) == 1


@pytest.mark.parametrize("directive", ["Ignore", "Warn", "Strict", ""])
def test_every_directive_takes_a_clean_body(directive):
    assert shape(SPEC % b"", field_validation=directive)[2] == []


def test_strict_names_every_unknown_field():
    with pytest.raises(ApiError) as caught:
        shape(SPEC % b',"a1":1,"b1":2', field_validation="Strict")
    said = 'unknown field "spec.containers[0].a1", unknown field "spec.containers[0].b1"'
    assert caught.value.message.endswith(f"strict decoding error: {said}")


def test_fields_that_lack_are_returned_for_more_to_be_found():
    obj, lacks, _ = shape(b'{"metadata":{"name":"a"},"spec":{"containers":[{"image":"x"}]}}')
    assert [cause.field for cause in lacks] == ["spec.containers[0].name"]
    assert "restartPolicy" not in obj["spec"]


def test_values_of_the_wrong_kind_end_it():
    with pytest.raises(ApiError) as caught:
        shape(b'{"metadata":{"name":"a"},"spec":{"containers":"x"}}')
    assert caught.value.name == "a"


def test_every_built_in_resource_has_a_shape():
    assert SHAPER.shape_of(PODS) is not None


@pytest.mark.parametrize(
    ("obj", "name"),
    [({}, ""), ({"metadata": {"name": "a"}}, "a"), ({"metadata": "x"}, ""), ({"metadata": {"name": 5}}, "")],
)
def test_name_in(obj, name):
    assert name_in(obj) == name


def test_one_field_is_named_once_for_one_reason():
    same = [Cause("FieldValueRequired", "Required value", "a"), Cause("FieldValueRequired", "Required value: x", "a")]
    with pytest.raises(ApiError) as caught:
        refuse(PODS, {"metadata": {"name": "web"}}, same)
    assert len(caught.value.causes) == 1
    assert refuse(PODS, {}, []) is None


# Selectors.


def test_a_selection_without_selectors_is_the_namespace():
    assert selection(PODS, "", "", "").everything
    assert selection(PODS, "default", "", "").namespace == "default"


@pytest.mark.parametrize(
    ("resource", "fields"),
    [
        ("pods", "spec.nodeName=n,status.phase!=Failed"),
        ("pods", "metadata.name=a,metadata.namespace=b"),
        ("nodes", "spec.unschedulable=true"),
        ("secrets", "type=Opaque"),
        ("services", "spec.type=NodePort,spec.clusterIP=10.0.0.1"),
        ("replicasets.apps", "status.replicas=1"),
        ("jobs.batch", "status.successful=1"),
        ("namespaces", "status.phase=Active"),
        ("events", "involvedObject.kind=Pod,type=Warning,reason=x,source=y"),
        ("certificatesigningrequests", "spec.signerName=x"),
    ],
)
def test_fields_that_a_kind_is_selected_by(resource, fields):
    assert not selection(row(resource), "", "", fields).everything


@pytest.mark.parametrize("fields", ["status.phase=x", "spec.nodeName=n", "data=x"])
def test_fields_that_a_kind_is_not_selected_by(fields):
    with pytest.raises(ApiError, match="field label not supported"):
        selection(row("configmaps"), "", "", fields)


def test_a_field_that_stands_elsewhere_is_looked_up_there():
    found = selection(row("jobs.batch"), "", "", "status.successful=1")
    assert found.fields.paths == ["status.succeeded"]
