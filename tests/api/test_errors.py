from __future__ import annotations

import pytest

from pyk8s.api import errors
from pyk8s.api.errors import CODES, ApiError, Cause

CAUSES = [
    Cause("FieldValueRequired", "Required value", "spec.a"),
    Cause("FieldValueInvalid", "Invalid value: 1: no", "b"),
]


@pytest.mark.parametrize(
    ("error", "code", "reason", "message"),
    [
        (errors.not_found("apps", "deployments", "web"), 404, "NotFound", 'deployments.apps "web" not found'),
        (errors.not_found("", "pods", "web"), 404, "NotFound", 'pods "web" not found'),
        (errors.already_exists("", "pods", "web"), 409, "AlreadyExists", 'pods "web" already exists'),
        (
            errors.conflict("", "pods", "web", "it changed"),
            409,
            "Conflict",
            'Operation cannot be fulfilled on pods "web": it changed',
        ),
        (errors.forbidden("", "pods", "web", "no"), 403, "Forbidden", 'pods "web" is forbidden: no'),
        (errors.forbidden("", "pods", "", "no"), 403, "Forbidden", "pods is forbidden: no"),
        (errors.unauthorized(), 401, "Unauthorized", "Unauthorized"),
        (errors.bad_request("why"), 400, "BadRequest", "why"),
        (errors.expired("old"), 410, "Expired", "old"),
        (errors.too_large("big"), 413, "RequestEntityTooLarge", "big"),
        (errors.unavailable("later"), 503, "ServiceUnavailable", "later"),
        (errors.timeout("slow"), 504, "Timeout", "slow"),
        (errors.internal("oops"), 500, "InternalError", "Internal error occurred: oops"),
    ],
)
def test_an_error_has_the_code_reason_and_words_clients_know(
    error: ApiError, code: int, reason: str, message: str
) -> None:
    status = error.status()
    assert (status["kind"], status["apiVersion"], status["status"]) == ("Status", "v1", "Failure")
    assert (status["code"], status["reason"], status["message"]) == (code, reason, message)
    assert str(error) == message


def test_an_invalid_object_lists_every_wrong_field() -> None:
    error = errors.invalid("apps", "Deployment", "web", CAUSES)
    assert error.message == 'Deployment.apps "web" is invalid: [spec.a: Required value, b: Invalid value: 1: no]'
    status = error.status()
    assert status["code"] == 422
    assert status["details"]["causes"] == [
        {"reason": "FieldValueRequired", "message": "Required value", "field": "spec.a"},
        {"reason": "FieldValueInvalid", "message": "Invalid value: 1: no", "field": "b"},
    ]
    one = errors.invalid("", "Pod", "web", [Cause("FieldValueInvalid", "it is odd")])
    assert one.message == 'Pod "web" is invalid: it is odd'
    assert "field" not in one.status()["details"]["causes"][0]


@pytest.mark.parametrize(
    "error",
    [
        errors.not_found("apps", "deployments", "web"),
        errors.invalid("apps", "Deployment", "web", CAUSES),
        errors.unavailable("later", retry_after=7),
        ApiError("TooManyRequests", "slower", uid="u", retry_after=1),
    ],
)
def test_an_error_survives_the_way_to_the_client(error: ApiError) -> None:
    assert ApiError.from_status(error.status()).status() == error.status()


def test_a_status_that_says_little_is_read_all_the_same() -> None:
    error = ApiError.from_status({})
    assert (error.reason, error.code) == ("InternalError", 500)
    assert "details" not in error.status()


def test_an_unknown_reason_is_an_error_of_ours() -> None:
    assert ApiError("Strange", "x").code == 500
    assert ApiError("NotFound", "x", code=418).code == 418
    assert CODES["Gone"] == 410
