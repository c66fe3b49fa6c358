"""Lists, page by page, all at one revision."""

from __future__ import annotations

from typing import Any

from aetcd import rpc

from pyk8s.storage.etcd import requests
from pyk8s.storage.etcd.calls import Calls, Oversized
from pyk8s.storage.etcd.stream import explained
from pyk8s.storage.interface import Compacted, Item, Page, Unavailable
from pyk8s.storage.keys import end_of

KEYS_AT_ONCE = 500
"""Keys in one message at most; halved while they are too large for it."""


async def page(calls: Calls, prefix: str, revision: int, limit: int, after: str) -> Page:
    """`interface.Store.list` on etcd: many messages when one would be too large."""
    found: list[Item] = []
    at_once = KEYS_AT_ONCE
    while True:
        wanted = min(at_once, limit - len(found)) if limit else at_once
        start = after.encode() + b"\0" if after else prefix.encode()
        request = rpc.RangeRequest(key=start, range_end=end_of(prefix), limit=wanted, revision=revision)
        try:
            answer: Any = await calls.read(calls.kv.Range, request)
        except Oversized as why:
            if at_once == 1:
                raise Unavailable(f"a value below {prefix} does not fit a message: {why}") from why
            at_once = max(1, wanted // 2)
            continue
        except Compacted as why:
            raise await explained(calls, why) from why
        revision = revision or answer.header.revision
        found += map(requests.item, answer.kvs)
        rest = answer.count - len(answer.kvs)
        after = found[-1].key if found else ""
        if not rest or (limit and len(found) >= limit):
            return Page(tuple(found), revision, after if rest else "", rest)
