"""Failures of single objects, told after the others have been done."""

import click
import pytest

from pyk8s.api.errors import ApiError, not_found, unavailable
from pyk8s.cli.failures import Failures


def collected(*reasons):
    """Failures that hold `reasons`."""
    failures = Failures()
    for why in reasons:
        with failures.each():
            raise why
    return failures


def test_without_a_failure_nothing_is_told():
    failures = collected()
    assert not failures
    failures.tell()


def test_one_failure_is_told_as_it_is():
    why = not_found("", "pods", "web")
    failures = collected(why)
    assert failures
    with pytest.raises(ApiError) as caught:
        failures.tell()
    assert caught.value is why


def test_several_are_told_together_in_order():
    reasons = [not_found("", "pods", "web"), click.ClickException("no")]
    with pytest.raises(ExceptionGroup) as caught:
        collected(*reasons).tell()
    assert list(caught.value.exceptions) == reasons


@pytest.mark.parametrize(
    "why",
    [
        pytest.param(unavailable("the server cannot be reached"), id="no server"),
        pytest.param(ApiError("Unauthorized", "who are you"), id="nobody"),
        pytest.param(click.UsageError("wrong"), id="called wrongly"),
        pytest.param(KeyError("bug"), id="a mistake of this program"),
    ],
)
def test_what_would_befall_every_object_ends_it_at_once(why):
    with pytest.raises(type(why)):
        collected(why)
