import orjson
import pytest

from pyk8s.apiserver.cacher import Cached
from tests.apiserver.cacher.makers import cached


def test_an_object_knows_its_names():
    one = cached("web", "shop")
    assert (one.key, one.namespace, one.name) == ("shop/web", "shop", "web")


def test_a_cluster_scoped_object_has_no_namespace():
    one = Cached("node-1", b'{"metadata":{"name":"node-1"}}', 3)
    assert (one.namespace, one.name) == ("", "node-1")


def test_the_body_is_what_is_answered():
    one = cached("web", revision=12)
    assert one.object()["metadata"]["resourceVersion"] == "12"


def test_what_was_decoded_belongs_to_the_caller():
    one = cached("web", labels={"a": "b"})
    one.object()["metadata"]["labels"]["a"] = "changed"
    assert one.object()["metadata"]["labels"] == {"a": "b"}


@pytest.mark.parametrize(
    ("metadata", "labels"),
    [
        ({"labels": {"app": "web"}}, {"app": "web"}),
        ({"labels": {}}, {}),
        ({"labels": None}, {}),
        ({}, {}),
        ({"labels": "broken"}, {}),
        ({"labels": {"n": 1}}, {}),
    ],
)
def test_labels(metadata, labels):
    assert Cached("a/b", orjson.dumps({"metadata": metadata}), 1).labels == labels


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("metadata.name", "web"),
        ("metadata.namespace", "shop"),
        ("spec.nodeName", "node-1"),
        ("spec.hostNetwork", "true"),
        ("spec.priority", "7"),
        ("status.phase", ""),
        ("status.phase.deeper", ""),
        ("spec.nothing", ""),
        ("spec.nodeName.deeper", ""),
        ("nothing.at.all", ""),
        ("spec.list", "[1]"),
        ("spec.null", ""),
        ("kind-of.odd name", "x"),
        ("spec", '{"nodeName":"node-1","hostNetwork":true,"priority":7,"list":[1],"null":null}'),
    ],
)
def test_a_field_as_selectors_compare_it(path, value):
    spec = {"nodeName": "node-1", "hostNetwork": True, "priority": 7, "list": [1], "null": None}
    body = orjson.dumps({"metadata": {"name": "web"}, "spec": spec, "status": None, "kind-of": {"odd name": "x"}})
    one = Cached("shop/web", body, 1)
    assert one.field(path) == value
    assert one.field(path) == value


def test_a_path_without_end_is_read_in_bounds():
    assert cached("web").field(".".join("a" * 10_000)) == ""


def test_an_object_that_goes_is_shown_with_the_version_of_its_going():
    one = cached("web", revision=9, labels={"app": "web"})
    gone = orjson.loads(one.at_version(10))
    assert gone["metadata"]["resourceVersion"] == "10"
    assert gone["metadata"]["labels"] == {"app": "web"}
    assert one.object()["metadata"]["resourceVersion"] == "9"


def test_what_is_no_object_is_refused():
    with pytest.raises(ValueError):
        Cached("a/b", b"\x00", 1)
