import pytest

from pyk8s.api.selectors import SelectorInvalid
from pyk8s.apiserver.cacher import ALL, Selection
from tests.apiserver.cacher.makers import cached

WEB = cached("web-1", "shop", labels={"app": "web", "tier": "front"}, node="n1", phase="Running")


@pytest.mark.parametrize(
    ("namespace", "labels", "fields", "matches"),
    [
        ("", "", "", True),
        ("shop", "", "", True),
        ("sho", "", "", False),
        ("shop2", "", "", False),
        ("", "app=web", "", True),
        ("", "app!=web", "", False),
        ("", "app in (web,db),tier", "", True),
        ("", "!tier", "", False),
        ("", "", "metadata.name=web-1", True),
        ("", "", "metadata.name=web-2", False),
        ("", "", "metadata.namespace=shop", True),
        ("", "", "spec.nodeName=n1", True),
        ("", "", "spec.nodeName!=n1", False),
        ("", "", "spec.nodeName=", False),
        ("", "", "status.phase=Running,spec.nodeName=n1", True),
        ("", "", "status.phase=Running,spec.nodeName=n2", False),
        ("shop", "app=web", "spec.nodeName=n1", True),
        ("home", "app=web", "spec.nodeName=n1", False),
    ],
)
def test_an_object_is_meant_or_not(namespace, labels, fields, matches):
    assert Selection.parse(namespace, labels, fields).matches(WEB) is matches


@pytest.mark.parametrize(
    ("namespace", "fields", "found"),
    [
        ("", "", None),
        ("shop", "", ("metadata.namespace", "shop")),
        ("", "metadata.namespace=shop", ("metadata.namespace", "shop")),
        ("shop", "metadata.name=web", ("metadata.name", "shop/web")),
        ("", "metadata.namespace=shop,metadata.name=web", ("metadata.name", "shop/web")),
        ("", "metadata.name=node-1", ("metadata.name", "node-1")),
        ("", "spec.nodeName=n1", ("spec.nodeName", "n1")),
        ("shop", "spec.nodeName=n1", ("spec.nodeName", "n1")),
        ("", "spec.nodeName!=n1", None),
        ("", "status.phase=Running", None),
    ],
)
def test_what_finds_the_wanted_objects_fastest(namespace, fields, found):
    assert Selection.parse(namespace, "", fields).narrowest(["spec.nodeName"]) == found


def test_a_name_without_namespace_is_found_among_all_namespaces_by_looking():
    assert Selection.parse("", "", "metadata.name=web-1").matches(WEB)


def test_everything():
    assert ALL.everything
    assert Selection.parse().everything
    assert not Selection.parse("shop").everything
    assert Selection.parse("shop").selects_none
    assert not Selection.parse("", "app").selects_none


@pytest.mark.parametrize(("labels", "fields"), [("a in (", ""), ("", "nothing")])
def test_a_selector_that_cannot_be_read_is_refused(labels, fields):
    with pytest.raises(SelectorInvalid):
        Selection.parse("", labels, fields)
