import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyk8s.apiserver.cacher.splice import reversioned, versioned, with_version


def read(body):
    return orjson.loads(body)


def test_the_version_is_put_into_metadata():
    body = b'{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"},"spec":{}}'
    assert with_version(body, 7) == (
        b'{"apiVersion":"v1","kind":"Pod","metadata":{"resourceVersion":"7","name":"web"},"spec":{}}'
    )


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"metadata":{}}', id="empty metadata"),
        pytest.param(b'{"kind":"X","metadata":{"name":"a"}}', id="nothing else"),
        pytest.param(b'{"spec":{"template":{"metadata":{"name":"b"}}},"metadata":{"name":"a"}}', id="metadata last"),
        pytest.param(b'{"kind":"a{b","metadata":{"name":"a"}}', id="a brace in a text"),
        pytest.param(b'{"kind":"X","spec":{}}', id="no metadata"),
        pytest.param(b'{"kind":"X","metadata":null}', id="null metadata"),
        pytest.param(b'{"kind":"X"}', id="no object inside"),
        pytest.param(b"{}", id="empty object"),
        pytest.param(b'{ "kind": "X", "metadata": { "name": "a" } }', id="white space"),
        pytest.param(b'{"metadata":{"resourceVersion":"3","name":"a"}}', id="a version already"),
        pytest.param(b'{"metadata":{"name":"a"},"data":{"resourceVersion":"3"}}', id="a version elsewhere"),
    ],
)
def test_the_object_is_the_same_but_for_its_version(body):
    spliced, at = versioned(body, 42)
    wanted = read(body)
    wanted["metadata"] = {**(wanted.get("metadata") or {}), "resourceVersion": "42"}
    assert read(spliced) == wanted
    assert spliced[at : at + 3] == b'42"'


@pytest.mark.parametrize("body", [b"", b"[]", b'"x"', b"7", b"null", b'{"a":', b"\xff"])
def test_what_is_no_object_is_refused(body):
    with pytest.raises(ValueError):
        versioned(body, 1)


@pytest.mark.parametrize(("old", "new"), [(9, 10), (10, 9), (5, 5), (1, 123456789)])
def test_a_version_can_be_replaced(old, new):
    spliced, at = versioned(b'{"metadata":{"name":"a"}}', old)
    assert reversioned(spliced, at, old, new) == with_version(b'{"metadata":{"name":"a"}}', new)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(["metadata", "spec", "kind", "resourceVersion", "data", '"metadata":{'])


@given(st.dictionaries(NAMES, JSON, max_size=5), st.dictionaries(NAMES, JSON, max_size=3), st.integers(1, 2**62))
def test_any_object_keeps_all_but_its_version(obj, metadata, revision):
    obj = {**obj, "metadata": metadata}
    spliced, at = versioned(orjson.dumps(obj), revision)
    assert read(spliced) == {**obj, "metadata": {**metadata, "resourceVersion": str(revision)}}
    assert spliced[at:].startswith(b'%d"' % revision)
