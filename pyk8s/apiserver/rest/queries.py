"""Query parameters, and the `Options` they mean."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import parse_qs

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
