"""Objects read as the few fields that controllers need."""

import msgspec
import pytest

from pyk8s.reconcile.fields import Condition, LabelSelector, LabelSelectorRequirement, condition
from pyk8s.reconcile.objects import KINDS, Deployment, Node, Pod, decoder, parse, template_of


def test_what_is_not_needed_is_not_kept():
    pod = parse(Pod, {"metadata": {"name": "a", "managedFields": [{}]}, "spec": {"volumes": [{"name": "v"}]}})
    assert not hasattr(pod.metadata, "managed_fields")
    assert pod.spec.node_name == ""


def test_a_null_counts_as_absent():
    metadata = {"name": "a", "creationTimestamp": None, "labels": None, "ownerReferences": None}
    conditions = [{"type": "Ready", "status": "True", "lastTransitionTime": None}]
    node = parse(Node, {"metadata": metadata, "spec": None, "status": {"conditions": conditions}})
    assert (node.metadata.labels, node.metadata.creation_timestamp) == ({}, "")
    assert node.status.conditions[0].last_transition_time == ""


def test_nonsense_is_refused():
    with pytest.raises(msgspec.ValidationError):
        decoder(Pod)(b'{"metadata":{"name":7}}')


def test_defaults_are_those_of_the_api():
    spec = parse(Deployment, {"metadata": {"name": "a"}, "spec": {}}).spec
    assert (spec.replicas, spec.revision_history_limit, spec.progress_deadline_seconds) == (1, 10, 600)


def test_a_template_is_decoded_anew_each_time():
    one = parse(Deployment, {"metadata": {"name": "a"}, "spec": {"template": {"spec": {"x": 1}}}})
    first = template_of(one)
    first["spec"]["x"] = 2
    assert template_of(one) == {"spec": {"x": 1}}


@pytest.mark.parametrize(
    ("phase", "deleting", "active", "terminal"),
    [
        ("Pending", False, True, False),
        ("Running", False, True, False),
        ("Running", True, False, False),
        ("Failed", False, False, True),
        ("Succeeded", False, False, True),
    ],
)
def test_which_pods_count(phase, deleting, active, terminal):
    metadata = {"name": "a", **({"deletionTimestamp": "2026-01-01T12:00:00Z"} if deleting else {})}
    pod = parse(Pod, {"metadata": metadata, "status": {"phase": phase}})
    assert (pod.is_active, pod.is_terminal) == (active, terminal)


@pytest.mark.parametrize(
    ("operator", "values", "labels", "matches"),
    [
        ("In", ("a", "b"), {"k": "a"}, True),
        ("In", ("a", "b"), {}, False),
        ("NotIn", ("a",), {"k": "b"}, True),
        ("NotIn", ("a",), {}, True),
        ("NotIn", ("a",), {"k": "a"}, False),
        ("Exists", (), {"k": ""}, True),
        ("Exists", (), {}, False),
        ("DoesNotExist", (), {}, True),
        ("DoesNotExist", (), {"k": "a"}, False),
        ("Gt", ("1",), {"k": "2"}, True),
        ("Like", ("a",), {"k": "a"}, False),
    ],
)
def test_selectors(operator, values, labels, matches):
    selector = LabelSelector(match_expressions=(LabelSelectorRequirement("k", operator, values),))
    assert selector.matches(labels) is matches


def test_all_requirements_have_to_hold():
    selector = LabelSelector({"app": "web"}, (LabelSelectorRequirement("k", "Exists"),))
    assert selector.matches({"app": "web", "k": "v"})
    assert not selector.matches({"app": "web"})
    assert not selector.matches({"k": "v"})
    assert LabelSelector().empty
    assert not selector.empty


def test_conditions_are_found_by_type():
    ready = Condition("Ready", "True")
    assert condition((Condition("A"), ready), "Ready") is ready
    assert condition((), "Ready") is None


@pytest.mark.parametrize("kind", list(KINDS.values()), ids=lambda kind: kind.__name__)
def test_every_kind_is_read_from_its_metadata_alone(kind):
    assert parse(kind, {"metadata": {"name": "a"}}).metadata.name == "a"
