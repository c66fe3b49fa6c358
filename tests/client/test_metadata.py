"""Names and versions of objects, as dicts and as structs."""

import pytest

from pyk8s.client.metadata import key_of, split, uid_of, version_of
from pyk8s.reconcile.fields import Meta
from pyk8s.reconcile.objects import parse

POD = {"metadata": {"name": "web", "namespace": "shop", "uid": "u", "resourceVersion": "7"}}
NODE = {"metadata": {"name": "node-1"}}


@pytest.mark.parametrize("read", [lambda obj: obj, lambda obj: parse(Meta, obj)], ids=["dict", "struct"])
def test_both_shapes_say_the_same(read):
    assert (key_of(read(POD)), uid_of(read(POD)), version_of(read(POD))) == ("shop/web", "u", "7")
    assert (key_of(read(NODE)), uid_of(read(NODE)), version_of(read(NODE))) == ("node-1", "", "")


@pytest.mark.parametrize(("key", "parts"), [("shop/web", ("shop", "web")), ("node-1", ("", "node-1"))])
def test_a_key_splits_into_what_it_was_made_of(key, parts):
    assert split(key) == parts
