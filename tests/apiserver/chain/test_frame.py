import re

import pytest

from pyk8s.api.errors import ApiError, not_found
from pyk8s.apiserver.chain.frame import identify, new_id, recover, translated
from pyk8s.storage.interface import Compacted, StorageError, Unavailable, ValueTooLarge
from pyk8s.wire.errors import WireError
from tests.apiserver.makers import Recorder, refused, request


def test_ids_have_the_form_of_a_uuid_and_differ():
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", new_id())
    assert new_id() != new_id()


async def test_a_request_without_an_id_gets_one_and_another_keeps_its_own():
    seen = Recorder()
    await identify(seen, None)(request())
    await identify(seen, None)(request(id="mine"))
    assert seen.asked[0].id
    assert seen.asked[1].id == "mine"


TRANSLATED = [
    (Compacted("old", 5), 410, "Expired"),
    (ValueTooLarge("big"), 413, "RequestEntityTooLarge"),
    (Unavailable("gone"), 503, "ServiceUnavailable"),
    (Unavailable("gone", unknown=True), 504, "Timeout"),
    (StorageError("?"), 503, "ServiceUnavailable"),
    (WireError("no way"), 503, "ServiceUnavailable"),
    (TimeoutError(), 504, "Timeout"),
    (KeyError("bug"), 500, "InternalError"),
]


@pytest.mark.parametrize(("raised", "code", "reason"), TRANSLATED, ids=lambda value: type(value).__name__)
async def test_whatever_is_raised_inside_leaves_as_an_api_error(raised, code, reason):
    error = await refused(recover(Recorder(raised), None)(request(id="r1")))
    assert (error.code, error.reason) == (code, reason)


def test_our_own_mistakes_are_named_but_not_told():
    error = translated(ValueError("a secret"), request(id="r1"))
    assert "r1" in error.message
    assert "a secret" not in error.message


async def test_api_errors_pass_as_they_are():
    raised = not_found("", "pods", "web")
    with pytest.raises(ApiError) as caught:
        await recover(Recorder(raised), None)(request())
    assert caught.value is raised
