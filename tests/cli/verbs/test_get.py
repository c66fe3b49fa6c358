"""`pyk8s get` and its kin: what is there is shown, what is not is told."""

import json

import pytest

from pyk8s.api.refs import CONFIG_MAPS, PODS
from pyk8s.cli.verbs.delete import delete
from pyk8s.cli.verbs.describe import describe
from pyk8s.cli.verbs.get import get, sort_key
from pyk8s.cli.verbs.label import label


def reasons(result):
    """What the verb failed with, one sentence each."""
    why = result.exception
    return [str(each) for each in getattr(why, "exceptions", (why,))]


def test_all_of_a_kind_by_selector(shop):
    assert json.loads(shop.said(get, "pods", "-l", "app=web", "-o", "json"))["items"][1]["metadata"]["name"] == "web-2"
    assert shop.said(get, "pod/db-0", "deploy/web", "-o", "name") == "pod/db-0\ndeployment.apps/web\n"


@pytest.mark.parametrize("form", ["json", "name"])
def test_what_is_found_is_shown_and_what_is_not_is_told(shop, form):
    result = shop.run(get, "pods/nope", "deploy/web", "pods/web-1", "svc/nope", "-o", form)
    assert result.exit_code == 1
    assert reasons(result) == ['pods "nope" not found', 'services "nope" not found']
    assert "web" in result.stdout
    assert "nope" not in result.stdout


def test_when_nothing_is_found_no_empty_list_is_shown(shop):
    result = shop.run(get, "pods", "a", "b", "-o", "yaml")
    assert result.stdout == ""
    assert reasons(result) == ['pods "a" not found', 'pods "b" not found']


def test_what_need_not_be_there_is_no_failure(shop):
    assert shop.said(get, "pods", "a", "web-1", "--ignore-not-found", "-o", "name") == "pod/web-1\n"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["pods", "web-1", "-A"], "an object cannot be named over all namespaces"),
        (["pods", "web-1", "-l", "a=b"], "a selector cannot be used with names"),
        (["pods,deploy", "-w"], "only one type or one object can be watched"),
        ([], "say what"),
    ],
)
def test_words_that_do_not_go_together_are_refused(shop, words, says):
    result = shop.run(get, *words)
    assert result.exit_code == 2
    assert says in result.output


@pytest.mark.parametrize(
    ("value", "key"),
    [({"a": 5}, (1, 5.0, "")), ({"a": "x"}, (2, 0.0, "x")), ({}, (0, 0.0, ""))],
)
def test_numbers_come_before_texts(value, key):
    assert sort_key(value, ".a") == key


def test_describe_shows_the_others_too(shop):
    result = shop.run(describe, "pods/nope", "pods/web-1")
    assert reasons(result) == ['pods "nope" not found']
    assert "web-1" in result.stdout


def test_delete_goes_on_behind_one_that_is_not_there(shop):
    result = shop.run(delete, "deploy/nope", "deploy/web", "svc/nope")
    assert result.exit_code == 1
    assert reasons(result) == ['deployments.apps "nope" not found', 'services "nope" not found']
    assert result.stdout == 'deployment.apps "web" deleted from default namespace\n'


def test_label_goes_on_behind_one_that_is_not_there(shop):
    result = shop.run(label, "pod", "nope", "web-1", "x=y")
    assert reasons(result) == ['pods "nope" not found']
    assert shop.get(PODS.within("default").of("web-1"))["metadata"]["labels"]["x"] == "y"
    assert shop.names(CONFIG_MAPS.within("default")) == []
