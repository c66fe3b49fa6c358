import orjson
import pytest

from pyk8s.api.errors import ApiError
from pyk8s.apiserver.rest.streams import error_line, lines
from pyk8s.client.interface import WatchEvent


@pytest.mark.parametrize("kind", ["ADDED", "MODIFIED", "DELETED", "BOOKMARK"])
def test_an_event_is_a_line_of_json(kind):
    line = lines([WatchEvent(kind, b'{"a":{"b":1}}', "5")])
    assert line.endswith(b"\n")
    assert orjson.loads(line) == {"type": kind, "object": {"a": {"b": 1}}}


def test_a_batch_is_a_line_for_each_event():
    batch = lines([WatchEvent("ADDED", b'{"n":%d}' % number, "1") for number in range(3)])
    assert [orjson.loads(line)["object"]["n"] for line in batch.splitlines()] == [0, 1, 2]
    assert lines([]) == b""


def test_an_error_is_the_last_line():
    line = orjson.loads(error_line(ApiError("Expired", "too old")))
    assert (line["type"], line["object"]["reason"], line["object"]["code"]) == ("ERROR", "Expired", 410)
