import pytest

from pyk8s.apiserver.dispatch import dispatch
from pyk8s.apiserver.request import Answer
from tests.apiserver.makers import Recorder, request

CASES = [
    (request("get", plural="", path="/version"), b"documents"),
    (request("get", "pods", name="a", namespace="b", subresource="log"), b"tunnel"),
    (request("create", "pods", name="a", namespace="b", subresource="exec"), b"tunnel"),
    (request("create", "pods", name="a", namespace="b", subresource="eviction"), b"registry"),
    (request("list", "nodes"), b"registry"),
]


@pytest.mark.parametrize(("asked", "by"), CASES)
async def test_who_answers_what(asked, by):
    handlers = [Recorder(Answer(name)) for name in (b"registry", b"documents", b"tunnel")]
    assert (await dispatch(*handlers)(asked)).body == by
