"""Which version a read may answer with, and where a list goes on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyk8s.api.errors import ApiError
from pyk8s.apiserver.registry.continuation import Continuation
from pyk8s.apiserver.registry.versions import Wanted, of_list, of_watch
from pyk8s.apiserver.request import Options

TOKEN = Continuation(5, "default/a").encode()


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        (Options(), Wanted(None)),
        (Options(limit=5), Wanted(None)),
        (Options(resource_version="0"), Wanted(0)),
        (Options(resource_version="0", limit=5), Wanted(0)),
        (Options(resource_version="7"), Wanted(7)),
        (Options(resource_version="7", limit=5), Wanted(7, exact=True)),
        (Options(resource_version="7", limit=5, resource_version_match="NotOlderThan"), Wanted(7)),
        (Options(resource_version="7", resource_version_match="Exact"), Wanted(7, exact=True)),
        (Options(continue_=TOKEN), Wanted(5, exact=True, after="default/a")),
        (Options(continue_=TOKEN, resource_version="0"), Wanted(5, exact=True, after="default/a")),
    ],
)
def test_what_a_list_asks_for(options, wanted):
    assert of_list(options) == wanted


@pytest.mark.parametrize(
    "options",
    [
        Options(resource_version_match="Exact"),
        Options(resource_version="0", resource_version_match="Exact"),
        Options(resource_version="7", resource_version_match="Sometimes"),
        Options(resource_version="7", resource_version_match="Exact", continue_=TOKEN),
        Options(resource_version="7", continue_=TOKEN),
        Options(continue_="x"),
        Options(resource_version="x"),
    ],
)
def test_a_list_that_contradicts_itself_is_refused(options):
    with pytest.raises(ApiError) as caught:
        of_list(options)
    assert caught.value.code in (400, 422)


@pytest.mark.parametrize(
    ("options", "after"),
    [
        (Options(), None),
        (Options(resource_version="0"), 0),
        (Options(resource_version="7", initial_events=True, resource_version_match="NotOlderThan"), 7),
    ],
)
def test_where_a_watch_begins(options, after):
    assert of_watch(options) == after


def test_a_watch_with_initial_events_is_never_exact():
    with pytest.raises(ApiError, match="resourceVersionMatch"):
        of_watch(Options(initial_events=True, resource_version_match="Exact"))


@given(st.integers(1, 2**62), st.text(min_size=1, max_size=300))
def test_a_token_says_what_it_was_made_of(revision, after):
    assert Continuation.decode(Continuation(revision, after).encode()) == Continuation(revision, after)


@given(st.text(max_size=60))
def test_text_that_is_no_token_is_refused_and_nothing_else_happens(text):
    try:
        Continuation.decode(text)
    except ApiError as error:
        assert error.code == 400


def test_a_token_of_another_version_is_refused():
    with pytest.raises(ApiError, match="incorrect encoded version"):
        Continuation.decode("eyJ2IjoidjIiLCJydiI6NSwic3RhcnQiOiJhIn0")
