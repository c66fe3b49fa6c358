"""Which version of a list or object a read may answer with.

Source: Kubernetes API concepts, "Resource versions" (the tables of resourceVersion and resourceVersionMatch).
"""

from __future__ import annotations

from dataclasses import dataclass

from pyk8s.api.errors import Cause, bad_request, invalid
from pyk8s.api.validation.causes import forbidden as forbidden_field
from pyk8s.api.validation.causes import invalid as invalid_value
from pyk8s.api.validation.causes import unsupported
from pyk8s.apiserver.registry.continuation import Continuation
from pyk8s.apiserver.request import Options

MATCHES = ("Exact", "NotOlderThan")


@dataclass(frozen=True, slots=True)
class Wanted:
    """`version`: None is the newest, 0 any, else one that is at least (with `exact`: just) that old. `after` is the
    key a later page begins behind."""

    version: int | None
    exact: bool = False
    after: str = ""


def version_of(text: str) -> int | None:
    """The number a resource version stands for, None for "". Raises ApiError (Invalid)."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > 19:
        raise invalid("", "ListOptions", "", [invalid_value("resourceVersion", text, "must be a resource version")])
    return int(text)


def of_list(options: Options) -> Wanted:
    """What a list asks for. Raises ApiError (Invalid, BadRequest) for what contradicts itself."""
    version, match = version_of(options.resource_version), options.resource_version_match
    causes: list[Cause] = []
    at = "resourceVersionMatch"
    if match:
        if options.continue_:
            causes.append(forbidden_field(at, "resourceVersionMatch is forbidden when continue is provided"))
        if match not in MATCHES:
            causes.append(unsupported(at, match, (*MATCHES, "")))
        if version is None:
            causes.append(forbidden_field(at, "resourceVersionMatch is forbidden unless resourceVersion is provided"))
        if match == "Exact" and version == 0:
            why = 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'
            causes.append(forbidden_field(at, why))
    if causes:
        raise invalid("meta.k8s.io", "ListOptions", "", causes)
    if options.continue_:
        if version:
            raise bad_request("specifying resource version is not allowed when using continue")
        token = Continuation.decode(options.continue_)
        return Wanted(token.revision, exact=True, after=token.after)
    exact = match == "Exact" or (not match and bool(version) and options.limit > 0)
    return Wanted(version, exact=exact)


def of_watch(options: Options) -> int | None:
    """The version a watch begins behind. Raises ApiError (Invalid)."""
    match = options.resource_version_match
    if options.initial_events and match not in ("", "NotOlderThan"):
        raise invalid("meta.k8s.io", "ListOptions", "", [unsupported("resourceVersionMatch", match, ("NotOlderThan",))])
    if match and not options.initial_events:
        why = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"
        raise invalid("meta.k8s.io", "ListOptions", "", [forbidden_field("resourceVersionMatch", why)])
    return version_of(options.resource_version)
