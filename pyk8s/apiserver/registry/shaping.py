"""A body becomes an object of its kind: decoded, checked for unknown fields, checked against its schema, defaulted."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pyk8s.api.errors import Cause, bad_request, invalid
from pyk8s.api.objectmeta import Object
from pyk8s.api.resources import Resource
from pyk8s.api.schema import Shape
from pyk8s.api.validation.causes import unsupported
from pyk8s.api.validation.structural import Structure
from pyk8s.apiserver.request import Request

DIRECTIVES = ("Ignore", "Strict", "Warn")


class Shaper:
    """Shapes objects by a schema and by the defaults of their kinds."""

    def __init__(self, structure: Structure, defaults: Callable[[Resource, Object], Object]) -> None:
        self._structure = structure
        self._defaults = defaults

    def shape(self, obj: Object, resource: Resource, request: Request) -> tuple[Object, list[Cause]]:
        """`obj` without unknown fields and with defaults, and the fields it lacks by its schema.

        Unknown fields are warned of or refused, as the request wants. Raises ApiError: BadRequest for unknown fields
        under Strict, Invalid for values of the wrong kind, which nothing behind this could read.
        """
        if self._structure.is_clean(resource, obj):
            return self._defaults(resource, obj), []
        self._judge_unknown(obj, resource, request)
        obj = self._structure.prune(resource, obj)
        causes = self._structure.validate(resource, obj)
        if any(cause.reason != "FieldValueRequired" for cause in causes):
            raise invalid(resource.group, resource.kind, name_in(obj), causes)
        return (obj if causes else self._defaults(resource, obj)), causes

    def shape_of(self, resource: Resource) -> Shape | None:
        """The shape of a resource's objects, which a strategic merge patch goes by; None when it has none."""
        return self._structure.schema.shape(resource.definition) if resource.definition else None

    def _judge_unknown(self, obj: Object, resource: Resource, request: Request) -> None:
        directive = request.options.field_validation or "Warn"
        if directive not in DIRECTIVES:
            raise invalid("meta.k8s.io", "Options", "", [unsupported("fieldValidation", directive, DIRECTIVES)])
        if directive == "Ignore":
            return
        said = [f'unknown field "{path}"' for path in self._structure.unknown_fields(resource, obj)]
        if said and directive == "Strict":
            what = f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}'
            raise bad_request(f"{what}: strict decoding error: {', '.join(said)}")
        # A write that is tried again is judged again, and warns once.
        request.warnings.extend(warning for warning in said if warning not in request.warnings)


def name_in(obj: Object) -> str:
    """The name an unchecked object gives itself, "" when it gives none."""
    metadata = obj.get("metadata")
    name = metadata.get("name", "") if isinstance(metadata, dict) else ""
    return name if isinstance(name, str) else ""


def refuse(resource: Resource, obj: Object, causes: Iterable[Cause]) -> None:
    """Raise ApiError (Invalid) when there are causes; a field is named once for one reason."""
    found = {(cause.reason, cause.field, cause.message.partition(":")[0]): cause for cause in causes}
    if found:
        raise invalid(resource.group, resource.kind, name_in(obj), list(found.values()))
