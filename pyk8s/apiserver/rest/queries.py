"""The `Options` that the parameters of a query mean."""

from __future__ import annotations

from functools import lru_cache

from pyk8s.api.errors import bad_request
from pyk8s.apiserver.parameters import first, number, parameters, truth
from pyk8s.apiserver.request import Options
from pyk8s.client.interface import PatchType, View

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
