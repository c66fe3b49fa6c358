"""Objects between bytes and dicts."""

import orjson
import pytest

from pyk8s.api.errors import ApiError
from pyk8s.apiserver.cacher.splice import with_version
from pyk8s.apiserver.registry.objects import Held, decode, decode_any, encode, with_metadata, without, without_nulls
from tests.apiserver.registry.running import row


def test_decoding_fills_in_kind_version_and_metadata():
    assert decode(b'{"data":{}}', row("configmaps")) == {
        "data": {},
        "kind": "ConfigMap",
        "apiVersion": "v1",
        "metadata": {},
    }


@pytest.mark.parametrize("body", [b"", b"[1]", b'"x"', b"{", b'{"metadata":"x"}', b'{"kind":"Pod"}'])
def test_what_is_no_object_of_the_kind_is_refused(body):
    with pytest.raises(ApiError) as caught:
        decode(body, row("configmaps"))
    assert caught.value.code == 400


def test_encoding_puts_metadata_first_and_drops_the_version():
    obj = {"spec": {"metadata": {"x": 1}}, "metadata": {"resourceVersion": "7"}, "apiVersion": "v1", "kind": "Thing"}
    body = encode(obj)
    assert body.startswith(b'{"kind":"Thing","apiVersion":"v1","metadata":{}')
    assert obj["metadata"] == {"resourceVersion": "7"}


def test_what_is_encoded_can_be_stamped_with_its_version():
    body = with_version(
        encode({"spec": {"metadata": {}}, "metadata": {"name": "a"}, "apiVersion": "v1", "kind": "T"}), 9
    )
    assert orjson.loads(body)["metadata"] == {"resourceVersion": "9", "name": "a"}


def test_nulls_are_left_out_at_any_depth():
    assert without_nulls({"a": None, "b": [{"c": None, "d": 0}], "e": {"f": None}}) == {"b": [{"d": 0}], "e": {}}
    assert decode_any(b'{"a":null,"b":1}') == {"b": 1}


def test_changes_leave_the_original_alone():
    obj = {"metadata": {"name": "a", "labels": {}}, "spec": 1}
    assert without(obj, "spec") == {"metadata": {"name": "a", "labels": {}}}
    assert with_metadata(obj, labels=None, uid="u")["metadata"] == {"name": "a", "uid": "u"}
    assert obj == {"metadata": {"name": "a", "labels": {}}, "spec": 1}
    assert Held(obj, 3).metadata is obj["metadata"]
