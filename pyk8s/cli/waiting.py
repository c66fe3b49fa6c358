"""Waiting for one object to be as wanted, by watching it: never by asking again and again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

import orjson

from pyk8s.api.errors import ApiError
from pyk8s.api.refs import Ref
from pyk8s.client.interface import Client

T = TypeVar("T")
Object = Mapping[str, Any]


class WaitTimedOut(Exception):
    """The object did not become as wanted in time."""


async def versions(client: Client, ref: Ref) -> AsyncIterator[Object | None]:
    """The object at `ref` now and after every change; None while there is none. Goes on for ever."""
    collection = replace(ref, name="")
    fields = f"metadata.name={ref.name}"
    while True:
        listing = await client.list(collection, fields=fields)
        yield orjson.loads(listing.items[0]) if listing.items else None
        version = listing.resource_version
        try:
            while True:
                async for batch in client.watch(collection, resource_version=version, fields=fields):
                    for event in batch:
                        version = event.resource_version or version
                        if event.type == "DELETED":
                            yield None
                        elif event.type != "BOOKMARK":
                            yield orjson.loads(event.object)
        except ApiError as why:
            if why.reason not in ("Expired", "Gone"):
                raise


async def until(
    client: Client, ref: Ref, done: Callable[[Object | None], T | None], *, timeout: float = 0.0, what: str = ""
) -> T:
    """The first answer of `done` that is not None, asked for each version of the object.

    `timeout` is in seconds, 0 without end. Raises WaitTimedOut with `what` was waited for.
    """
    try:
        async with asyncio.timeout(timeout or None):
            async for value in versions(client, ref):
                answer = done(value)
                if answer is not None:
                    return answer
    except TimeoutError:
        raise WaitTimedOut(f"timed out after {timeout:g} s waiting for {what or ref.path}") from None
    raise AssertionError("versions never ends")


async def until_gone(client: Client, ref: Ref, *, uid: str = "", timeout: float = 0.0) -> None:
    """Wait until the object is gone, or another of the same name has taken its place."""

    def gone(value: Object | None) -> bool | None:
        return True if value is None or (uid and value["metadata"].get("uid") != uid) else None

    await until(client, ref, gone, timeout=timeout, what=f"{ref.resource}/{ref.name} to be deleted")
