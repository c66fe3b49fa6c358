import orjson
import pytest

from pyk8s.api.errors import ApiError
from pyk8s.apiserver.rest.negotiation import Wanted, from_yaml, json_body, patch_body, ranges, to_yaml, wanted
from pyk8s.client.interface import PatchType, View

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
KUBECTL = f"{TABLE},application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json"

TAKEN = [
    ("", Wanted()),
    ("*/*", Wanted()),
    ("application/*", Wanted()),
    ("application/json", Wanted()),
    ("application/json, */*", Wanted()),
    ("application/vnd.kubernetes.protobuf,application/json", Wanted()),
    ("application/vnd.kubernetes.protobuf, application/json;q=0.5", Wanted()),
    (KUBECTL, Wanted(View.TABLE)),
    ("application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io", Wanted(View.METADATA)),
    ("application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json", Wanted(View.METADATA)),
    ("application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json", Wanted()),
    ("application/yaml", Wanted(yaml=True)),
    ("application/json;q=0.1,application/yaml", Wanted(yaml=True)),
    ("text/html,application/xhtml+xml,*/*;q=0.8", Wanted()),
    ("application/json;stream=watch", Wanted()),
]


@pytest.mark.parametrize(("accept", "answer"), TAKEN)
def test_what_an_accept_header_gets(accept, answer):
    assert wanted(accept) == answer


@pytest.mark.parametrize(
    "accept",
    [
        "application/vnd.kubernetes.protobuf",
        "application/cbor",
        "text/html",
        "application/json;q=0",
        "application/json;as=Table;v=v9;g=meta.k8s.io",
        "application/json;as=Unknown;v=v1;g=meta.k8s.io",
    ],
)
def test_what_nobody_here_can_make_is_refused(accept):
    with pytest.raises(ApiError) as caught:
        wanted(accept)
    assert caught.value.code == 406


def test_ranges_stand_in_the_order_they_are_wanted():
    assert [one.type for one in ranges("a/a;q=0.2, b/b, c/c;q=0.5, d/d;q=x")] == ["b/b", "c/c", "a/a"]


@pytest.mark.parametrize("content_type", ["", "application/json", "application/json; charset=utf-8", "*/*"])
def test_json_passes_untouched(content_type):
    assert json_body(content_type, b'{"a": 1}') == b'{"a": 1}'


def test_yaml_becomes_json():
    body = json_body("application/yaml", b"a: 1\nt: 2026-01-02T03:04:05Z\nlist: [x, null]\n")
    assert orjson.loads(body) == {"a": 1, "t": "2026-01-02T03:04:05Z", "list": ["x", None]}
    assert from_yaml(b'  {"a": 1}') == b'  {"a": 1}'


@pytest.mark.parametrize("content_type", ["text/plain", "application/cbor", "application/x-www-form-urlencoded"])
def test_another_body_is_refused(content_type):
    with pytest.raises(ApiError) as caught:
        json_body(content_type, b"x")
    assert caught.value.code == 415


BOMB = b"a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\n"


@pytest.mark.parametrize("body", [b"a: [", b"a: !!python/object:os.system {}", BOMB, b"[" * 5_000])
def test_yaml_that_is_broken_or_a_trap_is_refused(body):
    with pytest.raises(ApiError) as caught:
        from_yaml(body)
    assert caught.value.code == 400


@pytest.mark.parametrize("kind", list(PatchType))
def test_every_kind_of_patch_is_known_by_its_type(kind):
    assert patch_body(f"{kind}; charset=utf-8", b'{"a":1}') == (kind, b'{"a":1}')


def test_an_apply_patch_may_be_yaml():
    assert patch_body("application/apply-patch+yaml", b"a: 1") == (PatchType.APPLY, b'{"a":1}')


def test_a_patch_of_no_kind_is_refused():
    with pytest.raises(ApiError) as caught:
        patch_body("application/json", b"{}")
    assert caught.value.code == 415


def test_an_answer_in_yaml_keeps_the_order_of_its_fields():
    assert to_yaml(b'{"kind":"Pod","apiVersion":"v1","n":"\xc3\xa4"}') == "kind: Pod\napiVersion: v1\nn: ä\n".encode()
