"""Where a pod may run: affinity, tolerations, spread, gates. Source: pkg/apis/core/validation."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from pyk8s.api import syntax
from pyk8s.api.errors import Cause
from pyk8s.api.objectmeta import Object
from pyk8s.api.validation.causes import duplicate, each, invalid, one_of, required, unsupported
from pyk8s.api.validation.labels import check_label_selector, check_node_requirement

EFFECTS: Final = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_NODE_FIELDS: Final = ("metadata.name",)
_HARD: Final = "requiredDuringSchedulingIgnoredDuringExecution"
_SOFT: Final = "preferredDuringSchedulingIgnoredDuringExecution"


def check_scheduling(spec: Object, at: str) -> list[Cause]:
    """Everything a pod says about its place."""
    causes: list[Cause] = []
    if affinity := spec.get("affinity"):
        causes += check_affinity(affinity, f"{at}.affinity")
    for index, toleration in enumerate(spec.get("tolerations") or ()):
        causes += check_toleration(toleration, f"{at}.tolerations[{index}]")
    if constraints := spec.get("topologySpreadConstraints"):
        causes += check_spread(constraints, f"{at}.topologySpreadConstraints")
    for field, key in (("schedulingGates", "name"), ("readinessGates", "conditionType")):
        causes += _check_gates(spec.get(field) or (), f"{at}.{field}", key)
    return causes


def _check_gates(gates: Iterable[Object], at: str, key: str) -> list[Cause]:
    causes: list[Cause] = []
    seen: set[str] = set()
    for index, gate in enumerate(gates):
        name = gate.get(key) or ""
        causes += each(f"{at}[{index}].{key}", name, syntax.qualified_name(name))
        if name in seen and key == "name":
            causes.append(duplicate(f"{at}[{index}]", name))
        seen.add(name)
    return causes


def check_toleration(toleration: Object, at: str) -> list[Cause]:
    """One toleration: a known operator and effect, fitting together."""
    causes: list[Cause] = []
    key, operator = toleration.get("key") or "", toleration.get("operator") or "Equal"
    if key:
        causes += each(f"{at}.key", key, syntax.qualified_name(key))
    elif operator != "Exists":
        detail = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'
        causes.append(invalid(f"{at}.operator", toleration.get("operator") or "", detail))
    effect, value = toleration.get("effect"), toleration.get("value") or ""
    if toleration.get("tolerationSeconds") is not None and effect != "NoExecute":
        detail = "effect must be 'NoExecute' when `tolerationSeconds` is set"
        causes.append(invalid(f"{at}.effect", effect or "", detail))
    match operator:
        case "Equal":
            causes += each(f"{at}.operator", value, syntax.label_value(value))
        case "Exists":
            if value:
                causes.append(invalid(f"{at}.operator", toleration, "value must be empty when `operator` is 'Exists'"))
        case "Gt" | "Lt":
            if not value.removeprefix("-").isdigit():
                causes.append(invalid(f"{at}.value", value, "value must be a valid integer for numeric operators"))
        case _:
            causes.append(unsupported(f"{at}.operator", operator, ("Equal", "Exists")))
    return causes + one_of(toleration, at, "effect", EFFECTS)


def check_affinity(affinity: Object, at: str) -> list[Cause]:
    """Affinity to nodes and to pods, for and against."""
    causes: list[Cause] = []
    if node := affinity.get("nodeAffinity"):
        here = f"{at}.nodeAffinity"
        if (hard := node.get(_HARD)) is not None:
            causes += check_node_selector(hard, f"{here}.{_HARD}")
        for index, term in enumerate(node.get(_SOFT) or ()):
            causes += _check_weight(term, f"{here}.{_SOFT}[{index}]")
            causes += check_node_term(term.get("preference") or {}, f"{here}.{_SOFT}[{index}].preference")
    for field in ("podAffinity", "podAntiAffinity"):
        pods = affinity.get(field) or {}
        for index, term in enumerate(pods.get(_HARD) or ()):
            causes += _check_pod_term(term, f"{at}.{field}.{_HARD}[{index}]")
        for index, weighted in enumerate(pods.get(_SOFT) or ()):
            here = f"{at}.{field}.{_SOFT}[{index}]"
            causes += _check_weight(weighted, here)
            causes += _check_pod_term(weighted.get("podAffinityTerm") or {}, f"{here}.podAffinityTerm")
    return causes


def check_node_selector(selector: Object, at: str) -> list[Cause]:
    """A NodeSelector: one term at least."""
    terms = selector.get("nodeSelectorTerms") or ()
    if not terms:
        return [required(f"{at}.nodeSelectorTerms", "must have at least one node selector term")]
    return [cause for i, term in enumerate(terms) for cause in check_node_term(term, f"{at}.nodeSelectorTerms[{i}]")]


def check_node_term(term: Object, at: str) -> list[Cause]:
    """One term of a NodeSelector."""
    causes: list[Cause] = []
    for index, requirement in enumerate(term.get("matchExpressions") or ()):
        causes += check_node_requirement(requirement, f"{at}.matchExpressions[{index}]")
    for index, requirement in enumerate(term.get("matchFields") or ()):
        here = f"{at}.matchFields[{index}]"
        if requirement.get("operator") not in ("In", "NotIn"):
            causes.append(invalid(f"{here}.operator", requirement.get("operator", ""), "not a valid selector operator"))
        elif len(requirement.get("values") or ()) != 1:
            detail = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"
            causes.append(required(f"{here}.values", detail))
        if requirement.get("key") not in _NODE_FIELDS:
            causes.append(invalid(f"{here}.key", requirement.get("key", ""), "not a valid field selector key"))
    return causes


def _check_weight(term: Object, at: str) -> list[Cause]:
    weight = term.get("weight", 0)
    return [] if 1 <= weight <= 100 else [invalid(f"{at}.weight", weight, "must be in the range 1-100")]


def _check_pod_term(term: Object, at: str) -> list[Cause]:
    causes = check_label_selector(term.get("labelSelector"), f"{at}.labelSelector")
    causes += check_label_selector(term.get("namespaceSelector"), f"{at}.namespaceSelector")
    for name in term.get("namespaces") or ():
        causes += each(f"{at}.namespace", name, syntax.dns_label(name))
    key = term.get("topologyKey") or ""
    if not key:
        return [*causes, required(f"{at}.topologyKey", "can not be empty")]
    return causes + each(f"{at}.topologyKey", key, syntax.qualified_name(key))


def check_spread(constraints: Iterable[Object], at: str) -> list[Cause]:
    """Topology spread constraints, no two of them about the same thing."""
    causes: list[Cause] = []
    seen: set[tuple[str, str]] = set()
    for index, constraint in enumerate(constraints):
        here = f"{at}[{index}]"
        skew, key = constraint.get("maxSkew", 0), constraint.get("topologyKey") or ""
        if skew <= 0:
            causes.append(invalid(f"{here}.maxSkew", skew, "must be greater than zero"))
        if not key:
            causes.append(required(f"{here}.topologyKey", "can not be empty"))
        else:
            causes += each(f"{here}.topologyKey", key, syntax.qualified_name(key))
        when = constraint.get("whenUnsatisfiable") or ""
        causes += one_of(constraint, here, "whenUnsatisfiable", ("DoNotSchedule", "ScheduleAnyway"), needed=True)
        if (key, when) in seen:
            causes.append(duplicate(f"{here}.{{topologyKey, whenUnsatisfiable}}", f"{{{key}, {when}}}"))
        seen.add((key, when))
        least = constraint.get("minDomains")
        if least is not None and least <= 0:
            causes.append(invalid(f"{here}.minDomains", least, "must be greater than zero"))
        if least is not None and when != "DoNotSchedule":
            detail = f"can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {when}"
            causes.append(invalid(f"{here}.minDomains", least, detail))
        for field in ("nodeAffinityPolicy", "nodeTaintsPolicy"):
            causes += one_of(constraint, here, field, ("Honor", "Ignore"))
        causes += check_label_selector(constraint.get("labelSelector"), f"{here}.labelSelector")
    return causes
