"""Query parameters and DeleteOptions bodies, and the `Options` they mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs

import orjson

from pyk8s.api.errors import bad_request
from pyk8s.apiserver.request import Options
from pyk8s.client.interface import PatchType, View

Parameters = Mapping[str, list[str]]

MAX_PARAMETERS = 200
NONE: Parameters = {}


@lru_cache(maxsize=1024)
def parameters(query: str) -> Parameters:
    """The parameters of a query string; the same mapping for the same string, never to be changed. Raises ApiError."""
    if not query:
        return NONE
    try:
        return parse_qs(query, keep_blank_values=True, max_num_fields=MAX_PARAMETERS)
    except ValueError as error:
        raise bad_request(f"the query of the URL cannot be read: {error}") from error


def first(given: Parameters, name: str) -> str:
    """The parameter `name`, or ""."""
    values = given.get(name)
    return values[0] if values else ""


def truth(given: Parameters, name: str) -> bool:
    """The parameter `name` as Kubernetes reads a boolean: anything but "", "0" and "false" is true; a bare name too."""
    values = given.get(name)
    return values is not None and values[0].lower() not in ("0", "false")


def number(given: Parameters, name: str) -> int | None:
    """The parameter `name` as a whole number, None when it is absent. Raises ApiError (BadRequest)."""
    text = first(given, name)
    if not text:
        return None
    try:
        return int(text)
    except ValueError:
        raise bad_request(f"the parameter {name} must be a whole number, not {text!r}") from None


DEFAULT = Options()


@lru_cache(maxsize=4096)
def _options(query: str, view: View, patch_type: PatchType, manager: str) -> Options:
    given = parameters(query)
    dry_run = first(given, "dryRun")
    if dry_run not in ("", "All"):
        raise bad_request(f"dryRun must be All, not {dry_run!r}")
    orphan = first(given, "orphanDependents")
    return Options(
        resource_version=first(given, "resourceVersion"),
        resource_version_match=first(given, "resourceVersionMatch"),
        limit=max(0, number(given, "limit") or 0),
        continue_=first(given, "continue"),
        labels=first(given, "labelSelector"),
        fields=first(given, "fieldSelector"),
        timeout=float(max(0, number(given, "timeoutSeconds") or 0)),
        bookmarks=truth(given, "allowWatchBookmarks"),
        initial_events=truth(given, "sendInitialEvents"),
        dry_run=bool(dry_run),
        manager=first(given, "fieldManager") or manager,
        field_validation=first(given, "fieldValidation"),
        force=truth(given, "force"),
        grace_seconds=number(given, "gracePeriodSeconds"),
        propagation=first(given, "propagationPolicy"),
        orphan_dependents=orphan.lower() == "true" if orphan else None,
        patch_type=patch_type,
        view=view,
    )


def options(
    query: str, *, view: View = View.OBJECT, patch_type: PatchType = PatchType.MERGE, manager: str = ""
) -> Options:
    """The options a query string means; `manager` is the field manager when it names none. Raises ApiError.

    The answer is shared by all requests that ask alike.
    """
    if not query and not manager and not view and patch_type is PatchType.MERGE:
        return DEFAULT
    return _options(query, view, patch_type, manager)


def with_delete_options(said: Options, body: bytes) -> Options:
    """`said` with what a DeleteOptions body adds; the body wins over the query. Raises ApiError (BadRequest)."""
    if not body:
        return said
    try:
        given = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise bad_request(f"the DeleteOptions in the body are no JSON: {error}") from error
    if not isinstance(given, dict):
        raise bad_request("the DeleteOptions in the body must be an object")
    if given.get("kind") not in (None, "", "DeleteOptions"):
        raise bad_request(f"the body of a DELETE must be DeleteOptions, not {given['kind']}")
    return _merged(said, given)


def _merged(said: Options, given: Mapping[str, Any]) -> Options:
    conditions = given.get("preconditions") or {}
    grace = given.get("gracePeriodSeconds")
    dry_run = given.get("dryRun") or []
    if grace is not None and not isinstance(grace, int):
        raise bad_request("gracePeriodSeconds must be a whole number")
    if not isinstance(conditions, dict) or not isinstance(dry_run, list) or set(dry_run) - {"All"}:
        raise bad_request("preconditions must be an object, and dryRun a list that holds nothing but All")
    orphan = given.get("orphanDependents")
    return replace(
        said,
        grace_seconds=said.grace_seconds if grace is None else grace,
        propagation=given.get("propagationPolicy") or said.propagation,
        orphan_dependents=said.orphan_dependents if orphan is None else bool(orphan),
        uid=conditions.get("uid") or "",
        resource_version=conditions.get("resourceVersion") or "",
        dry_run=said.dry_run or bool(dry_run),
    )
