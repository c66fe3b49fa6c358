import pytest

from pyk8s.api.errors import ApiError
from pyk8s.apiserver.request import Options
from pyk8s.apiserver.rest.queries import options
from pyk8s.client.interface import PatchType, View

SAID = [
    ("", {}),
    ("resourceVersion=5&resourceVersionMatch=Exact", {"resource_version": "5", "resource_version_match": "Exact"}),
    ("limit=10&continue=abc", {"limit": 10, "continue_": "abc"}),
    ("limit=-3", {"limit": 0}),
    ("labelSelector=a%3Db&fieldSelector=metadata.name%3Dx", {"labels": "a=b", "fields": "metadata.name=x"}),
    (
        "timeoutSeconds=30&allowWatchBookmarks=true&sendInitialEvents=true",
        {"timeout": 30.0, "bookmarks": True, "initial_events": True},
    ),
    (
        "dryRun=All&fieldManager=me&fieldValidation=Strict&force=true",
        {"dry_run": True, "manager": "me", "field_validation": "Strict", "force": True},
    ),
    (
        "gracePeriodSeconds=0&propagationPolicy=Foreground",
        {"grace_seconds": 0, "propagation": "Foreground"},
    ),
    ("orphanDependents=true", {"orphan_dependents": True}),
    ("orphanDependents=false", {"orphan_dependents": False}),
    ("pretty=true&watch=1", {}),
]


@pytest.mark.parametrize(("query", "said"), SAID)
def test_what_a_query_says(query, said):
    assert options(query) == Options(**said)


def test_what_does_not_stand_in_the_query():
    made = options("", view=View.TABLE, patch_type=PatchType.JSON, manager="kubectl")
    assert made == Options(view=View.TABLE, patch_type=PatchType.JSON, manager="kubectl")
    assert options("fieldManager=mine", manager="kubectl").manager == "mine"


@pytest.mark.parametrize("query", ["limit=x", "timeoutSeconds=1.5", "gracePeriodSeconds=now", "dryRun=Some"])
def test_what_cannot_be_read_is_said(query):
    with pytest.raises(ApiError) as caught:
        options(query)
    assert caught.value.code == 400
    assert query.partition("=")[0] in caught.value.message
