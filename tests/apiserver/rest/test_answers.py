import gzip

import orjson
import pytest
import yaml

from pyk8s.api.errors import ApiError, not_found, unavailable
from pyk8s.apiserver.request import Answer, Document, ListAnswer
from pyk8s.apiserver.rest.answers import GZIP_FROM, document, failure, headers, list_body, of, quoted
from pyk8s.client.interface import View

ITEMS = ListAnswer("PodList", "v1", [b'{"a":1}', b'{"b":2}'], "42", "token", 7)
BIG = b'{"x":"' + b"a" * GZIP_FROM + b'"}'


def test_a_list_is_its_items_in_an_envelope():
    assert orjson.loads(list_body(ITEMS, View.OBJECT)) == {
        "kind": "PodList",
        "apiVersion": "v1",
        "metadata": {"resourceVersion": "42", "continue": "token", "remainingItemCount": 7},
        "items": [{"a": 1}, {"b": 2}],
    }


def test_an_empty_list_says_nothing_about_going_on():
    body = orjson.loads(list_body(ListAnswer("PodList", "v1", [], "1"), View.OBJECT))
    assert (body["items"], body["metadata"]) == ([], {"resourceVersion": "1"})


def test_a_table_is_whole_already():
    assert list_body(ListAnswer("Table", "meta.k8s.io/v1", [b'{"rows":[]}'], "1"), View.TABLE) == b'{"rows":[]}'


async def test_an_object_goes_out_as_it_is():
    answer = await of(Answer(b'{"a":1}', 201), View.OBJECT, headers("id-1"), yaml=False, gzips=True)
    assert (answer.status, answer.body, answer.headers["Audit-Id"]) == (201, b'{"a":1}', "id-1")
    assert answer.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(("gzips", "encoding"), [(True, "gzip"), (False, None)])
async def test_a_big_answer_is_compressed_for_who_takes_it(gzips, encoding):
    answer = await of(Answer(BIG), View.OBJECT, headers("x"), yaml=False, gzips=gzips)
    assert answer.headers.get("Content-Encoding") == encoding
    assert (gzip.decompress(answer.body) if encoding else answer.body) == BIG


async def test_an_answer_in_yaml():
    answer = await of(ITEMS, View.OBJECT, headers("x"), yaml=True, gzips=False)
    assert yaml.safe_load(answer.body)["items"] == [{"a": 1}, {"b": 2}]
    assert answer.headers["Content-Type"] == "application/yaml"


async def test_a_document_that_is_known_is_not_sent_again():
    made = Document(b"{}", "application/json", etag="ABC")
    first = await document(made, headers("x"), known="", gzips=False)
    assert (first.status, first.headers["ETag"]) == (200, '"ABC"')
    again = await document(made, headers("x"), known='"ABC"', gzips=False)
    assert (again.status, again.body) == (304, None)


async def test_a_document_without_a_tag_is_always_sent():
    answer = await document(Document(b"ok", "text/plain", code=500), headers("x"), known='""', gzips=False)
    assert (answer.status, answer.body) == (500, b"ok")


async def test_a_big_document_is_compressed():
    answer = await document(Document(BIG), headers("x"), known="", gzips=True)
    assert gzip.decompress(answer.body) == BIG


def test_an_error_is_a_status():
    answer = failure(not_found("", "pods", "web"), "id-1", ["careful"])
    assert answer.status == 404
    assert orjson.loads(answer.body)["message"] == 'pods "web" not found'
    assert answer.headers["Warning"] == '299 - "careful"'
    assert "Retry-After" not in answer.headers


def test_an_error_says_when_to_come_again_and_how_to_show_who_one_is():
    assert failure(unavailable("away", 3), "x").headers["Retry-After"] == "3"
    assert "Bearer" in failure(ApiError("Unauthorized", "who?"), "x").headers["WWW-Authenticate"]


@pytest.mark.parametrize(
    ("warning", "line"),
    [
        ("plain", "plain"),
        ('a "b" \\', 'a \\"b\\" \\\\'),
        ("two\r\nlines", "two lines"),
        ("ä", "?"),
        ("x" * 5_000, "x" * 1024),
    ],
)
def test_a_warning_stays_one_line_of_ascii(warning, line):
    assert quoted(warning) == line


def test_every_warning_has_a_header_of_its_own():
    assert headers("x", ["a", "b"]).getall("Warning") == ['299 - "a"', '299 - "b"']
