"""Labels, and what chooses by them. Source: apimachinery, pkg/apis/meta/v1/validation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pyk8s.api import syntax
from pyk8s.api.errors import Cause
from pyk8s.api.objectmeta import Object
from pyk8s.api.validation.causes import forbidden, invalid, required

_WITH_VALUES: Final = ("In", "NotIn")
_WITHOUT_VALUES: Final = ("Exists", "DoesNotExist")
_COMPARING: Final = ("Gt", "Lt")


def check_labels(labels: Mapping[str, str] | None, at: str) -> list[Cause]:
    """Every key is a qualified name, every value a label value."""
    causes: list[Cause] = []
    for key, value in (labels or {}).items():
        causes += [invalid(at, key, problem) for problem in syntax.qualified_name(key)]
        causes += [invalid(at, value, problem) for problem in syntax.label_value(value)]
    return causes


def check_label_selector(selector: Object | None, at: str) -> list[Cause]:
    """A LabelSelector object: its labels, and each expression's operator with the values it needs."""
    if not selector:
        return []
    causes = check_labels(selector.get("matchLabels"), f"{at}.matchLabels")
    for index, expression in enumerate(selector.get("matchExpressions") or ()):
        here = f"{at}.matchExpressions[{index}]"
        causes += _check_values(expression, here)
        if expression.get("operator") not in (*_WITH_VALUES, *_WITHOUT_VALUES):
            causes.append(invalid(f"{here}.operator", expression.get("operator", ""), "not a valid selector operator"))
        causes += _check_key(expression, here)
        for place, value in enumerate(expression.get("values") or ()):
            causes += [invalid(f"{here}.values[{place}]", value, one) for one in syntax.label_value(value)]
    return causes


def check_node_requirement(requirement: Object, at: str) -> list[Cause]:
    """One expression of a node selector, which may compare too."""
    causes = _check_values(requirement, at)
    operator, values = requirement.get("operator"), requirement.get("values") or ()
    if operator in _COMPARING:
        if len(values) != 1:
            causes.append(required(f"{at}.values", "must be specified single value when `operator` is 'Lt' or 'Gt'"))
    elif operator not in (*_WITH_VALUES, *_WITHOUT_VALUES):
        causes.append(invalid(f"{at}.operator", operator or "", "not a valid selector operator"))
    return causes + _check_key(requirement, at)


def _check_values(expression: Object, at: str) -> list[Cause]:
    operator, values = expression.get("operator"), expression.get("values")
    if operator in _WITH_VALUES and not values:
        return [required(f"{at}.values", "must be specified when `operator` is 'In' or 'NotIn'")]
    if operator in _WITHOUT_VALUES and values:
        return [forbidden(f"{at}.values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")]
    return []


def _check_key(expression: Object, at: str) -> list[Cause]:
    key: Any = expression.get("key", "")
    return [invalid(f"{at}.key", key, problem) for problem in syntax.qualified_name(key)]
