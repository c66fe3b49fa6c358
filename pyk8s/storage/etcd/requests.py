"""etcd's messages for what the store does."""

from __future__ import annotations

from typing import Any

from aetcd import rpc

from pyk8s.storage.interface import Item

WHOLE = b"\0"
"""As key and as range end: every key. Source: etcd's rpc.proto, RangeRequest."""


def item(pair: Any) -> Item:
    """The item of an etcd KeyValue."""
    return Item(pair.key.decode(), pair.value, pair.mod_revision)


def read(key: str, *, revision: int = 0) -> Any:
    """The range that is one key."""
    return rpc.RangeRequest(key=key.encode(), revision=revision)


def create(key: str, value: bytes, lease: int) -> Any:
    """Put `key` if it is absent, else read it."""
    absent = rpc.Compare(result=rpc.Compare.EQUAL, target=rpc.Compare.CREATE, key=key.encode(), create_revision=0)
    return _either(absent, rpc.RequestOp(request_put=rpc.PutRequest(key=key.encode(), value=value, lease=lease)), key)


def update(key: str, value: bytes, expected: int, lease: int) -> Any:
    """Put `key` if its revision is `expected`, else read it."""
    put = rpc.PutRequest(key=key.encode(), value=value, lease=lease)
    return _either(_at(key, expected), rpc.RequestOp(request_put=put), key)


def delete(key: str, expected: int) -> Any:
    """Remove `key` if its revision is `expected`, else read it."""
    return _either(
        _at(key, expected), rpc.RequestOp(request_delete_range=rpc.DeleteRangeRequest(key=key.encode())), key
    )


def _at(key: str, revision: int) -> Any:
    return rpc.Compare(result=rpc.Compare.EQUAL, target=rpc.Compare.MOD, key=key.encode(), mod_revision=revision)


def _either(compare: Any, act: Any, key: str) -> Any:
    return rpc.TxnRequest(compare=[compare], success=[act], failure=[rpc.RequestOp(request_range=read(key))])


def found(answer: Any) -> Item | None:
    """What a refused Txn read instead of writing."""
    pairs = answer.responses[0].response_range.kvs
    return item(pairs[0]) if pairs else None


def watch(key: bytes, end: bytes, after: int, *, previous: bool) -> Any:
    """Every write in [key, end) above revision `after`, large revisions in fragments."""
    create = rpc.WatchCreateRequest(key=key, range_end=end, start_revision=after + 1, prev_kv=previous, fragment=True)
    return rpc.WatchRequest(create_request=create)
