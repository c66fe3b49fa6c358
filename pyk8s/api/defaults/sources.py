"""Defaults that containers and volumes share: where an image or a field comes from."""

from __future__ import annotations

from functools import lru_cache

from pyk8s.api.defaults.values import canonical_fields, unless_said, unless_zero
from pyk8s.api.objectmeta import Object


@lru_cache(maxsize=4096)
def pull_policy(image: str) -> str:
    """Always for the tag "latest" (said or meant), IfNotPresent for another tag or a digest."""
    name, _, digest = image.partition("@")
    tag = name.rpartition("/")[2].partition(":")[2]
    return "Always" if tag == "latest" or not (tag or digest) else "IfNotPresent"


def default_field_source(source: Object) -> None:
    """Fill in a `fieldRef` or `resourceFieldRef` of a variable or a downward API file."""
    if field := source.get("fieldRef"):
        unless_zero(field, apiVersion="v1")
    if resource := source.get("resourceFieldRef"):
        unless_said(resource, divisor="0")
        canonical_fields(resource, "divisor")
