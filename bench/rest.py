"""Plain Kubernetes REST: one TLS session, JSON bodies, watches as lines."""

from __future__ import annotations

import asyncio
import ssl
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

import aiohttp
import orjson

from pyk8s.wire.kubeconfig import load


class Refused(Exception):
    """The server answered with an error."""


class Api:
    """The API of the cluster that a kubeconfig names. Use it as an async context manager."""

    def __init__(self, kubeconfig: Path) -> None:
        self._connection = load(kubeconfig)
        context = ssl.create_default_context(cadata=self._connection.ca.decode())
        with tempfile.TemporaryDirectory() as folder:
            cert, key = Path(folder, "cert"), Path(folder, "key")
            cert.write_bytes(self._connection.cert)
            key.touch(mode=0o600)
            key.write_bytes(self._connection.key)
            context.load_cert_chain(cert, key)
        self._ssl = context

    async def __aenter__(self) -> Api:
        connector = aiohttp.TCPConnector(limit=0, ssl=self._ssl)
        self._session = aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=None))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def send(self, method: str, path: str, body: Any = None, kind: str = "application/json") -> bytes:
        """The answer's bytes. Raises Refused."""
        data = None if body is None else body if isinstance(body, bytes) else orjson.dumps(body)
        headers = {"Content-Type": kind} if data is not None else None
        async with self._session.request(method, self._connection.server + path, data=data, headers=headers) as answer:
            text = await answer.read()
            if answer.status >= 300:
                raise Refused(f"{method} {path}: {answer.status} {text[:300]!r}")
            return text

    async def json(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """The answer as an object."""
        value: dict[str, Any] = orjson.loads(await self.send(method, path, body))
        return value

    async def watch(
        self, path: str, version: str, opened: asyncio.Event
    ) -> AsyncIterator[tuple[float, dict[str, Any]]]:
        """(time of arrival, event) of a collection; `opened` is set once the server has answered."""
        url = f"{self._connection.server}{path}?watch=true&allowWatchBookmarks=true&resourceVersion={version}"
        async with self._session.get(url) as answer:
            opened.set()
            rest = b""
            async for chunk in answer.content.iter_any():
                now = time.perf_counter()
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    event = orjson.loads(line)
                    if event["type"] != "BOOKMARK":
                        yield now, event


async def side_by_side(work: Callable[[int], Awaitable[Any]], numbers: Iterable[int], workers: int) -> list[float]:
    """Do `work` for all numbers, `workers` at once; the seconds each took."""
    waiting, took = iter(numbers), []

    async def serve() -> None:
        for number in waiting:
            start = time.perf_counter()
            await work(number)
            took.append(time.perf_counter() - start)

    await asyncio.gather(*(serve() for _ in range(workers)))
    return took


def pod(name: str, image: str = "pyk8s.dev/nothing:1", **spec: Any) -> dict[str, Any]:
    """A pod of about 1.5 kB, as people write them."""
    container = {
        "name": "main",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "env": [{"name": f"SETTING_{n}", "value": f"a value of some length for setting number {n}"} for n in range(12)],
        "ports": [{"containerPort": 8080, "name": "http"}],
        "resources": {"requests": {"cpu": "1m", "memory": "1Mi"}},
    } | spec.pop("container", {})
    labels = {"app": "bench", "app.kubernetes.io/name": "bench", "app.kubernetes.io/part-of": "measurements"}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": labels},
        "spec": {"containers": [container], "terminationGracePeriodSeconds": 30, **spec},
    }
