from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest

from pyk8s.api.resources import Resource
from pyk8s.api.validation.rules import RULES, judge, rules
from tests.api.validation.cases import TABLE, changed, said, wrong


def encoded(text: str) -> str:
    return b64encode(text.encode()).decode()


NODE: dict[str, Any] = {
    "spec": {"taints": [{"key": "a", "effect": "NoSchedule"}], "podCIDR": "10.0.0.0/24", "podCIDRs": ["10.0.0.0/24"]},
    "status": {"capacity": {"cpu": "2"}},
}


@pytest.mark.parametrize(
    ("word", "obj"),
    [
        ("cm", {"data": {"a.b": "c"}, "binaryData": {"d": ""}}),
        ("secret", {"data": {"a": encoded("b")}}),
        ("secret", {"type": "kubernetes.io/tls", "data": {"tls.crt": "", "tls.key": ""}}),
        ("secret", {"type": "kubernetes.io/dockerconfigjson", "stringData": {".dockerconfigjson": "{}"}}),
        ("secret", {"type": "kubernetes.io/basic-auth", "data": {"username": ""}}),
        ("ns", {"metadata": {"name": "a"}, "spec": {"finalizers": ["kubernetes"]}}),
        ("node", NODE),
        ("limits", {"spec": {"limits": [{"type": "Container", "max": {"cpu": "1"}}, {"type": "Pod"}]}}),
        ("quota", {"spec": {"hard": {"pods": "10"}, "scopes": ["BestEffort"]}}),
        ("ev", {"metadata": {"namespace": "default"}, "involvedObject": {}}),
    ],
)
def test_a_good_one_has_nothing_wrong(word: str, obj: dict[str, Any]) -> None:
    assert wrong(word, obj) == []


@pytest.mark.parametrize(
    ("word", "obj", "message"),
    [
        ("cm", {"data": {"a/b": "c"}}, 'data[a/b]: Invalid value: "a/b": a valid config key must consist of'),
        ("cm", {"data": {"a": ""}, "binaryData": {"a": ""}}, 'data[a]: Invalid value: "a": duplicate of key'),
        ("cm", {"data": {"a": "x" * (1 << 20), "b": "y"}}, ": Too long: may not be more than 1048576 bytes"),
        ("secret", {"data": {"..": ""}}, 'data[..]: Invalid value: "..": must not be'),
        ("secret", {"data": {"a": encoded("x" * (1 << 20) + "y")}}, "data: Too long: may not be more than 1048576 b"),
        ("secret", {"type": "kubernetes.io/tls"}, "data[tls.crt]: Required value"),
        ("secret", {"type": "kubernetes.io/ssh-auth"}, "data[ssh-privatekey]: Required value"),
        ("secret", {"type": "kubernetes.io/basic-auth"}, "data[username]: Required value"),
        ("secret", {"type": "kubernetes.io/service-account-token"},
         "metadata.annotations[kubernetes.io/service-account.name]: Required value"),
        ("secret", {"type": "kubernetes.io/dockerconfigjson", "data": {".dockerconfigjson": encoded("no")}},
         'data[.dockerconfigjson]: Invalid value: "<secret contents redacted>"'),
        ("ns", {"spec": {"finalizers": ["-"]}}, 'spec.finalizers: Invalid value: "-"'),
        ("node", changed(NODE, "spec.taints.0.effect", "NoWay"), 'spec.taints[0].effect: Unsupported value: "NoWay"'),
        ("node", changed(NODE, "spec.taints.0.key", ""), 'spec.taints[0].key: Invalid value: ""'),
        ("node", changed(NODE, "spec.taints.1", {"key": "a", "effect": "NoSchedule"}), "spec.taints[1]: Duplicate v"),
        ("node", changed(NODE, "spec.podCIDRs", ["x"]), 'spec.podCIDRs[0]: Invalid value: "x"'),
        (
            "node",
            changed(NODE, "spec.podCIDRs", ["10.0.0.0/24", "10.0.1.0/24"]),
            'spec.podCIDRs: Invalid value: ["10.0.0.0/24","10.0.1.0/24"]: '
            "may specify no more than one CIDR for each IP family",
        ),
        ("node", changed(NODE, "status.capacity.cpu", "-1"), 'status.capacity[cpu]: Invalid value: "-1"'),
        ("limits", {"spec": {"limits": [{"type": "Dog"}]}}, 'spec.limits[0].type: Unsupported value: "Dog"'),
        ("limits", {"spec": {"limits": [{"type": "Pod"}, {"type": "Pod"}]}}, 'spec.limits[1].type: Duplicate value:'),
        ("limits", {"spec": {"limits": [{"type": "Pod", "default": {"cpu": "1"}}]}}, "spec.limits[0].default: Forbi"),
        ("limits", {"spec": {"limits": [{"type": "Pod", "max": {"cpu": "-1"}}]}}, "spec.limits[0].max[cpu]: Invalid"),
        ("quota", {"spec": {"hard": {"pods": "-1"}}}, 'spec.hard[pods]: Invalid value: "-1"'),
        ("quota", {"spec": {"scopes": ["All"]}}, 'spec.scopes[0]: Invalid value: "All": unsupported scope'),
        ("ev", {"metadata": {"namespace": "a"}, "involvedObject": {"namespace": "b"}}, "involvedObject.namespace: I"),
    ],
)  # fmt: skip
def test_one_thing_wrong_is_told(word: str, obj: dict[str, Any], message: str) -> None:
    found = said(wrong(word, obj))
    assert any(one.startswith(message) for one in found), found


def test_some_things_may_not_change() -> None:
    assert said(wrong("secret", {"type": "a"}, {"type": "b"})) == ['type: Invalid value: "a": field is immutable']
    (cause,) = wrong("quota", {"spec": {"scopes": ["BestEffort"]}}, {"spec": {}})
    assert cause.field == "spec.scopes"


def test_every_rule_belongs_to_a_kind_that_is_served() -> None:
    assert set(RULES) <= {(row.group, row.kind) for row in TABLE}


@pytest.mark.parametrize("row", [pytest.param(row, id=f"{row.plural}.{row.version}") for row in TABLE if rules(row)])
def test_an_object_with_nothing_in_it_is_judged_without_stumbling(row: Resource) -> None:
    judge(row, {"metadata": {}}, None)
    judge(row, {"metadata": {}, "spec": {}, "status": {}}, {"metadata": {}})


def test_a_kind_without_rules_is_judged_by_its_schema_alone() -> None:
    widget = Resource("example.com", "v1", "Widget", "widgets", "widget", True, "")
    assert rules(widget) == ()
    assert judge(widget, {"spec": 1}) == []
