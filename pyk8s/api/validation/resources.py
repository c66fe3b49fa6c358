"""Requests and limits. Source: pkg/apis/core/validation, ValidateContainerResourceRequirements."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from pyk8s.api import quantity, syntax
from pyk8s.api.errors import Cause
from pyk8s.api.objectmeta import Object
from pyk8s.api.quantity import QuantityInvalid
from pyk8s.api.validation.causes import NOT_NEGATIVE, invalid, required

_STANDARD: Final = ("cpu", "memory", "ephemeral-storage")
_HUGE: Final = "hugepages-"


def check_requirements(resources: Object, at: str) -> list[Cause]:
    """Amounts of known resources, not negative, and no request above its limit."""
    limits, requests = resources.get("limits") or {}, resources.get("requests") or {}
    causes = [cause for name, amount in limits.items() for cause in check_amount(name, amount, f"{at}.limits")]
    for name, amount in requests.items():
        found = check_amount(name, amount, f"{at}.requests")
        causes += found
        if not found:
            causes += _check_against(name, amount, limits, at)
    for name in limits:
        if _is_exact(name) and name not in requests and requests:
            causes.append(required(f"{at}.requests", f"Request must be set for non overcommitable resources: {name}"))
    return causes


def check_amount(name: str, amount: str, at: str) -> list[Cause]:
    """One entry of a container's resource list; `at` is the path of the list."""
    here = f"{at}[{name}]"
    causes = [invalid(here, name, problem) for problem in _name_problems(name)]
    problem = amount_problem(name, amount)
    return [*causes, invalid(here, amount, problem)] if problem else causes


@lru_cache(maxsize=4096)
def amount_problem(name: str, amount: str) -> str:
    """What is wrong with `amount` of the resource `name`, "" when nothing is."""
    try:
        exact = quantity.parse(amount)
    except QuantityInvalid as error:
        return str(error)
    if exact < 0:
        return NOT_NEGATIVE
    return "must be an integer" if _is_exact(name) and exact.denominator != 1 else ""


def _check_against(name: str, amount: str, limits: Object, at: str) -> list[Cause]:
    if name not in limits:
        if _is_exact(name):
            return [required(f"{at}.limits", "Limit must be set for non overcommitable resources")]
        return []
    try:
        asked, most = quantity.parse(amount), quantity.parse(limits[name])
    except QuantityInvalid:
        return []
    if _is_exact(name) and asked != most:
        return [invalid(f"{at}.requests", amount, f"must be equal to {name} limit of {limits[name]}")]
    if asked > most:
        return [invalid(f"{at}.requests", amount, f"must be less than or equal to {name} limit of {limits[name]}")]
    return []


@lru_cache(maxsize=4096)
def _name_problems(name: str) -> tuple[str, ...]:
    problems = tuple(syntax.qualified_name(name))
    if not problems and "/" not in name and name not in _STANDARD and not name.startswith(_HUGE):
        problems = ("must be a standard resource for containers",)
    return problems


def _is_exact(name: str) -> bool:
    """Whether nobody can have more of it than was promised: huge pages, and resources of somebody's own."""
    return "/" in name or name.startswith(_HUGE)
