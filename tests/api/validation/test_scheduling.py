from __future__ import annotations

from typing import Any

import pytest

from tests.api.validation.cases import said, wrong

HARD = "requiredDuringSchedulingIgnoredDuringExecution"
SOFT = "preferredDuringSchedulingIgnoredDuringExecution"
PLACE = {"topologyKey": "zone", "labelSelector": {"matchLabels": {"a": "b"}}}
SPREAD = {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}


def about(**spec: Any) -> list[str]:
    """What is wrong with a pod that says this of its place, without "spec."."""
    pod = {"spec": {"containers": [{"name": "a", "image": "i"}], **spec}}
    return [one.removeprefix("spec.") for one in said(wrong("pod", pod))]


def on_node(*expressions: dict[str, Any], **term: Any) -> dict[str, Any]:
    terms = [{"matchExpressions": list(expressions), **term}]
    return {"affinity": {"nodeAffinity": {HARD: {"nodeSelectorTerms": terms}}}}


@pytest.mark.parametrize(
    "spec",
    [
        on_node({"key": "a", "operator": "In", "values": ["b"]}, {"key": "a", "operator": "Gt", "values": ["1"]}),
        on_node(matchFields=[{"key": "metadata.name", "operator": "In", "values": ["n"]}]),
        {"affinity": {"podAntiAffinity": {HARD: [PLACE], SOFT: [{"weight": 100, "podAffinityTerm": PLACE}]}}},
        {"topologySpreadConstraints": [SPREAD, {**SPREAD, "whenUnsatisfiable": "ScheduleAnyway"}]},
        {
            "tolerations": [
                {"operator": "Exists"},
                {"key": "a", "value": "b"},
                {"key": "a", "operator": "Gt", "value": "1"},
            ]
        },
        {"schedulingGates": [{"name": "example.com/wait"}]},
    ],
)
def test_a_good_place_has_nothing_wrong(spec: dict[str, Any]) -> None:
    assert about(**spec) == []


NODE = f"affinity.nodeAffinity.{HARD}.nodeSelectorTerms"


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"affinity": {"nodeAffinity": {HARD: {"nodeSelectorTerms": []}}}}, f"{NODE}: Required value: must have at"),
        (on_node({"key": "a", "operator": "In"}), f"{NODE}[0].matchExpressions[0].values: Required value: must be s"),
        (on_node({"key": "a", "operator": "Exists", "values": ["b"]}),
         f"{NODE}[0].matchExpressions[0].values: Forbidden: may not be specified"),
        (on_node({"key": "a", "operator": "Lt", "values": ["1", "2"]}),
         f"{NODE}[0].matchExpressions[0].values: Required value: must be specified single value"),
        (on_node({"key": "a", "operator": "Like"}),
         f'{NODE}[0].matchExpressions[0].operator: Invalid value: "Like": not a valid selector operator'),
        (on_node({"key": "-", "operator": "Exists"}), f'{NODE}[0].matchExpressions[0].key: Invalid value: "-"'),
        (on_node(matchFields=[{"key": "spec.x", "operator": "In", "values": ["n"]}]),
         f'{NODE}[0].matchFields[0].key: Invalid value: "spec.x": not a valid field selector key'),
        (on_node(matchFields=[{"key": "metadata.name", "operator": "In", "values": ["n", "m"]}]),
         f"{NODE}[0].matchFields[0].values: Required value: must be only one value"),
        ({"affinity": {"nodeAffinity": {SOFT: [{"weight": 0, "preference": {}}]}}},
         f"affinity.nodeAffinity.{SOFT}[0].weight: Invalid value: 0: must be in the range 1-100"),
        ({"affinity": {"podAffinity": {HARD: [{"topologyKey": ""}]}}},
         f"affinity.podAffinity.{HARD}[0].topologyKey: Required value: can not be empty"),
        ({"affinity": {"podAffinity": {HARD: [{**PLACE, "labelSelector": {"matchLabels": {"a": "-"}}}]}}},
         f'affinity.podAffinity.{HARD}[0].labelSelector.matchLabels: Invalid value: "-"'),
        ({"topologySpreadConstraints": [{**SPREAD, "maxSkew": 0}]},
         "topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero"),
        ({"topologySpreadConstraints": [{**SPREAD, "whenUnsatisfiable": "Never"}]},
         'topologySpreadConstraints[0].whenUnsatisfiable: Unsupported value: "Never"'),
        ({"topologySpreadConstraints": [SPREAD, SPREAD]},
         'topologySpreadConstraints[1].{topologyKey, whenUnsatisfiable}: Duplicate value: "{zone, DoNotSchedule}"'),
        ({"topologySpreadConstraints": [{**SPREAD, "whenUnsatisfiable": "ScheduleAnyway", "minDomains": 2}]},
         "topologySpreadConstraints[0].minDomains: Invalid value: 2: can only use minDomains if"),
        ({"topologySpreadConstraints": [{**SPREAD, "topologyKey": ""}]},
         "topologySpreadConstraints[0].topologyKey: Required value: can not be empty"),
        ({"tolerations": [{"value": "b"}]}, 'tolerations[0].operator: Invalid value: "": operator must be Exists when'),
        ({"tolerations": [{"key": "a", "operator": "Like"}]}, 'tolerations[0].operator: Unsupported value: "Like"'),
        ({"tolerations": [{"key": "a", "operator": "Exists", "value": "b"}]}, "tolerations[0].operator: Invalid val"),
        ({"tolerations": [{"key": "a", "operator": "Gt", "value": "b"}]}, 'tolerations[0].value: Invalid value: "b"'),
        ({"tolerations": [{"key": "a", "effect": "NoWay"}]}, 'tolerations[0].effect: Unsupported value: "NoWay"'),
        ({"tolerations": [{"key": "a", "tolerationSeconds": 1}]},
         "tolerations[0].effect: Invalid value: \"\": effect must be 'NoExecute' when `tolerationSeconds` is set"),
        ({"schedulingGates": [{"name": "a"}, {"name": "a"}]}, 'schedulingGates[1]: Duplicate value: "a"'),
        ({"readinessGates": [{"conditionType": "-"}]}, 'readinessGates[0].conditionType: Invalid value: "-"'),
    ],
)  # fmt: skip
def test_one_thing_wrong_with_a_place_is_told(spec: dict[str, Any], message: str) -> None:
    assert any(one.startswith(message) for one in about(**spec)), about(**spec)


@pytest.mark.parametrize(
    ("security", "message"),
    [
        ({"runAsUser": -1}, "runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive"),
        ({"seccompProfile": {"type": "Mine"}}, 'seccompProfile.type: Unsupported value: "Mine"'),
        ({"seccompProfile": {"type": "Localhost"}}, "seccompProfile.localhostProfile: Required value"),
        ({"seccompProfile": {"type": "Unconfined", "localhostProfile": "x"}},
         'seccompProfile.localhostProfile: Invalid value: "x": can only be set when'),
        ({"supplementalGroups": [-1]}, "supplementalGroups[0]: Invalid value: -1"),
        ({"fsGroupChangePolicy": "Never"}, 'fsGroupChangePolicy: Unsupported value: "Never"'),
        ({"sysctls": [{"name": "a", "value": ""}, {"name": "a", "value": ""}]}, "sysctls[1].name: Forbidden: sysctl"),
        ({"sysctls": [{"name": "", "value": ""}]}, "sysctls[0].name: Required value"),
    ],
)  # fmt: skip
def test_one_thing_wrong_with_a_pods_security_is_told(security: dict[str, Any], message: str) -> None:
    found = about(securityContext=security)
    assert any(one.startswith(f"securityContext.{message}") for one in found), found


@pytest.mark.parametrize(
    ("security", "message"),
    [
        (
            {"allowPrivilegeEscalation": False, "privileged": True},
            "cannot set `allowPrivilegeEscalation` to false and `priv",
        ),
        ({"allowPrivilegeEscalation": False, "capabilities": {"add": ["CAP_SYS_ADMIN"]}}, "CAP_SYS_ADMIN"),
        ({"procMount": "Half"}, 'procMount: Unsupported value: "Half"'),
        ({"runAsGroup": -1}, "runAsGroup: Invalid value: -1"),
    ],
)
def test_one_thing_wrong_with_a_containers_security_is_told(security: dict[str, Any], message: str) -> None:
    found = about(containers=[{"name": "a", "image": "i", "securityContext": security}])
    assert len(found) == 1 and message in found[0], found


def test_a_shared_process_namespace_is_not_the_hosts() -> None:
    assert about(hostPID=True, shareProcessNamespace=True) == [
        "shareProcessNamespace: Invalid value: true: ShareProcessNamespace and HostPID cannot both be enabled"
    ]
