import pytest

from pyk8s.api.errors import ApiError
from pyk8s.apiserver.parameters import MAX_PARAMETERS, first, number, parameters, truth


def test_an_endless_query_is_refused():
    with pytest.raises(ApiError):
        parameters("&".join(f"a{number}=1" for number in range(MAX_PARAMETERS + 1)))


@pytest.mark.parametrize(
    ("query", "meant"), [("a", True), ("a=", True), ("a=1", True), ("a=true", True), ("a=0", False), ("a=False", False)]
)
def test_when_a_parameter_is_true(query, meant):
    assert truth(parameters(query), "a") is meant
    assert truth(parameters(query), "b") is False


def test_a_number_that_is_not_given_is_none():
    assert number(parameters(""), "limit") is None
    assert parameters("a=1&a=2")["a"] == ["1", "2"]


def test_of_a_parameter_given_twice_the_first_counts():
    given = parameters("tailLines=1&tailLines=2")
    assert (first(given, "tailLines"), number(given, "tailLines"), first(given, "container")) == ("1", 1, "")


def test_a_number_that_is_none_is_refused_by_name():
    with pytest.raises(ApiError, match="tailLines must be a whole number"):
        number(parameters("tailLines=all"), "tailLines")


def test_a_parameter_without_values_says_nothing():
    assert truth({"follow": []}, "follow") is False
    assert first({"follow": []}, "follow") == ""
