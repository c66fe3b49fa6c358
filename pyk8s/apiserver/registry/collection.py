"""deletecollection: every object that a list would show is deleted, each like one by itself."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import orjson

from pyk8s.api.errors import ApiError
from pyk8s.apiserver.registry.answers import success
from pyk8s.apiserver.registry.deletion import read_options
from pyk8s.apiserver.registry.objects import decode_any
from pyk8s.apiserver.registry.reader import Reader
from pyk8s.apiserver.registry.writer import Writer
from pyk8s.apiserver.request import Answer, Options, Request
from pyk8s.client.interface import View

AT_ONCE = 64
"""Deletions under way at the same time."""


class Collections:
    """Deletes whole collections."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    async def delete(self, request: Request) -> Answer:
        """Delete what the selectors mean. Raises ApiError of the first that fails; what is gone is no error."""
        sent = decode_any(request.body) if request.body.strip() else {}
        options = read_options(request.options, sent)
        asked = Options(labels=options.labels, fields=options.fields, view=View.OBJECT)
        found = await self._reader.list(replace(request, verb="list", options=asked))
        # The versions of a collection's options are those of the list; each object is deleted whatever its version.
        each = replace(options, labels="", fields="", resource_version="", resource_version_match="", limit=0)
        places = asyncio.Semaphore(AT_ONCE)

        async def one(body: bytes) -> None:
            metadata = orjson.loads(body)["metadata"]
            namespace = metadata.get("namespace", "")
            target = replace(request, verb="delete", name=metadata["name"], namespace=namespace, body=b"")
            async with places:
                await self._writer.delete(target, replace(each, uid=metadata["uid"]))

        outcomes = await asyncio.gather(*(one(body) for body in found.items), return_exceptions=True)
        for outcome in outcomes:
            gone = isinstance(outcome, ApiError) and outcome.reason in ("NotFound", "Conflict")
            if isinstance(outcome, BaseException) and not gone:
                raise outcome
        return success()
