"""The parameters of a query: how they are read, and what one of them says. By these rules all requests are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from urllib.parse import parse_qs

from pyk8s.api.errors import bad_request

Parameters = Mapping[str, Sequence[str]]

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
    """The parameter `name` as Kubernetes reads a boolean: anything but "0" and "false" is true, a bare name too.

    Source: apimachinery, pkg/runtime, Convert_Slice_string_To_bool.
    """
    values = given.get(name)
    return values is not None and len(values) > 0 and values[0].lower() not in ("0", "false")


def number(given: Parameters, name: str) -> int | None:
    """The parameter `name` as a whole number, None when it is absent. Raises ApiError (BadRequest)."""
    text = first(given, name)
    if not text:
        return None
    try:
        return int(text)
    except ValueError:
        raise bad_request(f"the parameter {name} must be a whole number, not {text!r}") from None
