"""gRPC's errors in our words, and where etcd is."""

import asyncio
from types import SimpleNamespace

import grpc
import pytest

from pyk8s.storage.etcd.calls import Calls, Interrupted, Oversized, target, translate
from pyk8s.storage.interface import (
    Compacted,
    FutureRevision,
    LeaseNotFound,
    StorageError,
    Unavailable,
    ValueTooLarge,
)

Code = grpc.StatusCode


def failed(code, details):
    return SimpleNamespace(code=lambda: code, details=lambda: details)


@pytest.mark.parametrize(
    ("code", "details", "error"),
    [
        (Code.OUT_OF_RANGE, "etcdserver: mvcc: required revision has been compacted", Compacted),
        (Code.OUT_OF_RANGE, "etcdserver: mvcc: required revision is a future revision", FutureRevision),
        (Code.NOT_FOUND, "etcdserver: requested lease not found", LeaseNotFound),
        (Code.INVALID_ARGUMENT, "etcdserver: request is too large", ValueTooLarge),
        (Code.RESOURCE_EXHAUSTED, "CLIENT: Received message larger than max (5 vs. 4)", Oversized),
        (Code.RESOURCE_EXHAUSTED, "etcdserver: mvcc: database space exceeded", StorageError),
        (Code.RESOURCE_EXHAUSTED, "etcdserver: too many requests", Interrupted),
        (Code.PERMISSION_DENIED, "etcdserver: permission denied", StorageError),
        (Code.UNAVAILABLE, "etcdserver: leader changed", Interrupted),
        (Code.DEADLINE_EXCEEDED, "Deadline Exceeded", Interrupted),
        (Code.UNKNOWN, "", Interrupted),
    ],
)
def test_what_etcd_says_in_our_words(code, details, error):
    assert type(translate(failed(code, details))) is error


def test_a_full_disk_quota_says_what_to_do():
    said = str(translate(failed(Code.RESOURCE_EXHAUSTED, "etcdserver: mvcc: database space exceeded")))
    assert "compact and defragment" in said


@pytest.mark.parametrize(
    ("details", "sent"),
    [("failed to connect to all addresses; last error: …", False), ("Socket closed", True)],
)
def test_a_call_that_found_no_connection_was_not_sent(details, sent):
    assert translate(failed(Code.UNAVAILABLE, details)).sent is sent


def test_one_endpoint_is_its_own_name():
    assert target(["https://etcd.example:2379"]) == ("etcd.example:2379", "")


def test_several_endpoints_share_the_name_of_the_first():
    assert target(["https://10.0.0.1:2379", "https://10.0.0.2:2379"]) == (
        "ipv4:10.0.0.1:2379,10.0.0.2:2379",
        "10.0.0.1",
    )


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:2379", "127.0.0.1:2379", "https://127.0.0.1", "https://:1"])
def test_an_endpoint_that_is_no_https_url_is_refused(endpoint):
    with pytest.raises(ValueError, match="write https://HOST:PORT"):
        target([endpoint])


def test_no_endpoint_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        target([])


@pytest.fixture
async def calls(tmp_path):
    for name in ("ca", "cert", "key"):
        (tmp_path / name).write_bytes(b"")
    made = Calls(["https://127.0.0.1:1"], ca=tmp_path / "ca", cert=tmp_path / "cert", key=tmp_path / "key")
    yield made
    await made.close()


async def test_a_call_is_tried_until_it_is_answered(calls):
    seen = []

    async def attempt(failures):
        seen.append(failures)
        if failures < 3:
            raise Interrupted("reset")
        return "done"

    assert await calls.again(attempt) == "done"
    assert seen == [0, 1, 2, 3]


async def test_other_errors_are_not_tried_again(calls):
    async def attempt(failures):
        raise KeyError(failures)

    with pytest.raises(KeyError, match="0"):
        await calls.again(attempt)


async def test_the_one_who_waits_for_a_closed_store_hears_so_and_is_not_cancelled(calls):
    async def hang(request, timeout):
        running.set()
        await asyncio.get_running_loop().create_future()

    running = asyncio.Event()
    waiting = asyncio.create_task(calls.once(hang, None))
    await running.wait()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await calls.close()
    with pytest.raises(Unavailable, match="closed"):
        await calls.once(hang, None)


async def test_work_that_grpc_does_not_bound_is_given_up_in_time(calls, monkeypatch):
    monkeypatch.setattr("pyk8s.storage.etcd.calls.ATTEMPT_SECONDS", 0.05)
    never = asyncio.get_running_loop().create_future()
    with pytest.raises(Interrupted, match="in time"):
        await calls.bounded(never)
    assert never.cancelled()


async def test_work_that_grpc_does_not_bound_ends_with_the_store(calls):
    never = asyncio.get_running_loop().create_future()
    waiting = asyncio.create_task(calls.bounded(never))
    await asyncio.wait({waiting}, timeout=0.01)
    await calls.close()
    with pytest.raises(Unavailable, match="closed"):
        await asyncio.wait_for(waiting, 30)


async def test_bounded_work_hands_on_what_it_returns_and_raises(calls):
    async def work(outcome):
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    assert await calls.bounded(work(7)) == 7
    with pytest.raises(KeyError):
        await calls.bounded(work(KeyError("x")))
