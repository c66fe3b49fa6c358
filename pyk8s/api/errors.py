"""Errors of the API, in Kubernetes' own form: the reasons, codes and details of a `Status` object.

Every room that speaks the API raises `ApiError` and nothing else; the doors turn it into an HTTP answer or a gRPC
status, the clients turn that back into the same `ApiError`. Source: Kubernetes API conventions, "Response Status Kind".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Cause:
    """One thing that is wrong with one field.

    `reason` is a machine-readable cause ("FieldValueRequired", "FieldValueInvalid", "FieldValueNotSupported",
    "FieldValueForbidden", "FieldValueDuplicate", "FieldValueTooLong", "FieldValueNotFound", "FieldValueTypeInvalid"),
    `message` says it to a person, `field` is the path ("spec.containers[0].name").
    """

    reason: str
    message: str
    field: str = ""


CODES: Mapping[str, int] = {
    "BadRequest": 400,
    "Unauthorized": 401,
    "Forbidden": 403,
    "NotFound": 404,
    "MethodNotAllowed": 405,
    "NotAcceptable": 406,
    "AlreadyExists": 409,
    "Conflict": 409,
    "Gone": 410,
    "Expired": 410,
    "RequestEntityTooLarge": 413,
    "UnsupportedMediaType": 415,
    "Invalid": 422,
    "TooManyRequests": 429,
    "InternalError": 500,
    "ServiceUnavailable": 503,
    "Timeout": 504,
    "ServerTimeout": 504,
}
"""The HTTP code of each reason."""


class ApiError(Exception):
    """A request that failed, as the `Status` object the client receives.

    Make one with the functions below (`not_found`, `conflict`, `invalid`, …) rather than by hand.
    """

    def __init__(
        self,
        reason: str,
        message: str,
        *,
        code: int | None = None,
        group: str = "",
        kind: str = "",
        name: str = "",
        uid: str = "",
        causes: Sequence[Cause] = (),
        retry_after: int = 0,
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.code = code if code is not None else CODES.get(reason, 500)
        self.group = group
        self.kind = kind
        self.name = name
        self.uid = uid
        self.causes = tuple(causes)
        self.retry_after = retry_after
        """Seconds after which to try again; 0 when nothing is said about it."""

    def status(self) -> dict[str, Any]:
        """The error as a `Status` object (`apiVersion: v1`, `kind: Status`)."""
        details: dict[str, Any] = {}
        for field, value in (("name", self.name), ("group", self.group), ("kind", self.kind), ("uid", self.uid)):
            if value:
                details[field] = value
        if self.causes:
            details["causes"] = [
                {"reason": cause.reason, "message": cause.message, **({"field": cause.field} if cause.field else {})}
                for cause in self.causes
            ]
        if self.retry_after:
            details["retryAfterSeconds"] = self.retry_after
        status: dict[str, Any] = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
            "code": self.code,
        }
        if details:
            status["details"] = details
        return status

    @classmethod
    def from_status(cls, status: Mapping[str, Any]) -> ApiError:
        """The error that a `Status` object describes; tolerant of missing fields."""
        details = status.get("details") or {}
        return cls(
            status.get("reason") or "InternalError",
            status.get("message") or "the server said nothing about why",
            code=status.get("code"),
            group=details.get("group", ""),
            kind=details.get("kind", ""),
            name=details.get("name", ""),
            uid=details.get("uid", ""),
            causes=[
                Cause(c.get("reason", ""), c.get("message", ""), c.get("field", ""))
                for c in details.get("causes") or ()
            ],
            retry_after=details.get("retryAfterSeconds", 0),
        )


def qualified(resource: str, group: str) -> str:
    """`deployments.apps`, or the bare plural in the core group: how messages name a resource."""
    return f"{resource}.{group}" if group else resource


def not_found(group: str, resource: str, name: str) -> ApiError:
    """404: there is no such object."""
    return ApiError(
        "NotFound", f'{qualified(resource, group)} "{name}" not found', group=group, kind=resource, name=name
    )


def already_exists(group: str, resource: str, name: str) -> ApiError:
    """409: an object of that name is there already."""
    message = f'{qualified(resource, group)} "{name}" already exists'
    return ApiError("AlreadyExists", message, group=group, kind=resource, name=name)


def conflict(group: str, resource: str, name: str, why: str) -> ApiError:
    """409: the object changed meanwhile, or a precondition does not hold."""
    message = f'Operation cannot be fulfilled on {qualified(resource, group)} "{name}": {why}'
    return ApiError("Conflict", message, group=group, kind=resource, name=name)


def invalid(group: str, kind: str, name: str, causes: Sequence[Cause]) -> ApiError:
    """422: the object breaks its schema or rules; every wrong field is listed by its path."""
    said = [f"{cause.field}: {cause.message}" if cause.field else cause.message for cause in causes]
    body = said[0] if len(said) == 1 else f"[{', '.join(said)}]"
    message = f'{qualified(kind, group)} "{name}" is invalid: {body}'
    return ApiError("Invalid", message, group=group, kind=kind, name=name, causes=causes)


def forbidden(group: str, resource: str, name: str, why: str) -> ApiError:
    """403: this user may not do that."""
    what = f'{qualified(resource, group)} "{name}"' if name else qualified(resource, group)
    return ApiError("Forbidden", f"{what} is forbidden: {why}", group=group, kind=resource, name=name)


def unauthorized(why: str = "Unauthorized") -> ApiError:
    """401: it is not known who asks."""
    return ApiError("Unauthorized", why)


def bad_request(why: str) -> ApiError:
    """400: the request itself makes no sense."""
    return ApiError("BadRequest", why)


def expired(why: str) -> ApiError:
    """410: the resource version or continue token is too old; list again."""
    return ApiError("Expired", why)


def too_large(why: str) -> ApiError:
    """413: the object or body is larger than the server takes."""
    return ApiError("RequestEntityTooLarge", why)


def unavailable(why: str, retry_after: int = 1) -> ApiError:
    """503: try again, in `retry_after` seconds."""
    return ApiError("ServiceUnavailable", why, retry_after=retry_after)


def timeout(why: str) -> ApiError:
    """504: the outcome did not come in time."""
    return ApiError("Timeout", why)


def internal(why: str) -> ApiError:
    """500: our own mistake."""
    return ApiError("InternalError", f"Internal error occurred: {why}")
