"""`python -m bench.netsync MODE SERVICES CHANGES RAW`: one proxy of its own in this network namespace, fed by hand.

Prints a JSON line: seconds for the first whole writing (`whole`), for writing everything once more (`again`), for each
change of one endpoint from the event until the kernel has it (`changes`), and the most memory that was used, in MB.
What was first written goes to the file RAW.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

import orjson

from pyk8s.aio.heap import settle
from pyk8s.kernel.iptables.text import render
from pyk8s.observe import logs
from pyk8s.proxy import modes
from pyk8s.proxy.backend import Backend
from pyk8s.proxy.config import Config
from pyk8s.proxy.objects import decode_service, decode_slice
from pyk8s.proxy.plan import Settings
from pyk8s.proxy.sync import Proxy


def service(number: int) -> bytes:
    """A Service as the API would tell of it."""
    ip = f"10.96.{number // 250}.{number % 250}"
    metadata = {"namespace": "bench", "name": f"s{number}", "uid": f"u{number}", "resourceVersion": "1"}
    spec = {"type": "ClusterIP", "clusterIP": ip, "clusterIPs": [ip], "ports": [{"port": 80, "protocol": "TCP"}]}
    return orjson.dumps({"metadata": metadata, "spec": spec})


def endpoints(number: int, turn: int = 0) -> bytes:
    """Its slice: one of the endpoints differs from `turn` to `turn`."""
    tail = f"{number // 250}.{number % 250}"
    addresses = [f"10.100.{tail}", f"10.{101 + (turn % 97 + 1 if turn else 0)}.{tail}"]
    labels = {"kubernetes.io/service-name": f"s{number}"}
    held = [{"addresses": [each], "conditions": {"ready": True}, "nodeName": "there"} for each in addresses]
    metadata = {"namespace": "bench", "name": f"s{number}-1", "labels": labels, "resourceVersion": str(turn)}
    ports = [{"name": "", "port": 8080, "protocol": "TCP"}]
    return orjson.dumps({"metadata": metadata, "addressType": "IPv4", "endpoints": held, "ports": ports})


class Watched:
    """The hands of a mode, which tell when they have done something."""

    def __init__(self, raw: Path) -> None:
        self.kernel: Any = None
        self._raw = raw
        self._loop = asyncio.get_running_loop()
        self.done = asyncio.Event()
        self.at = 0.0

    def survey(self) -> Any:
        """What the kernel has."""
        return self.kernel.survey()

    def run(self, transaction: Any) -> None:
        """Carry it out; the first goes to the file, too."""
        self.kernel.run(transaction)
        self.at = time.perf_counter()
        if not self._raw.exists():
            self._raw.write_bytes(text_of(transaction))
        self._loop.call_soon_threadsafe(self.done.set)


def text_of(transaction: Any) -> bytes:
    """A transaction as the kernel's own program reads it."""
    if isinstance(transaction, tuple) and all(
        hasattr(each, "chain") and hasattr(each, "table") for each in transaction
    ):
        return render(transaction)
    from pyk8s.kernel.nftables.text import render as render_nft
    from pyk8s.proxy.nftables.names import TABLE

    return render_nft(transaction, "ip", TABLE)


async def main(mode: str, count: int, changes: int, raw: Path) -> dict[str, Any]:
    """Run it all; the figures."""
    watched = Watched(raw)

    def make(config: Config, settings: Settings) -> Backend[Any, Any]:
        backend = modes.make(config, settings)
        watched.kernel, backend.kernel = backend.kernel, watched
        return backend

    config = Config("here", ("10.0.0.1",), ("10.100.0.0/14",), ("10.96.0.0/16",), mode=mode)  # type: ignore[arg-type]
    proxy = Proxy(config, make=make)
    slices = {}
    for number in range(count):
        proxy.note_service(None, decode_service(service(number)))
        slices[number] = decode_slice(endpoints(number))
        proxy.note_slice(None, slices[number])
    started = asyncio.Event()
    begin = time.perf_counter()
    task = asyncio.create_task(proxy.keep(started.set))
    await started.wait()
    whole = watched.at - begin
    settle()
    again = await write_again(proxy, watched)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    taken = []
    for turn in range(1, changes + 1):
        number = turn * 7919 % count
        body = endpoints(number, turn)
        watched.done.clear()
        begin = time.perf_counter()
        new = decode_slice(body)
        proxy.note_slice(slices[number], new)
        slices[number] = new
        async with asyncio.timeout(30):
            await watched.done.wait()
        taken.append(watched.at - begin)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return {"whole": whole, "again": again, "changes": taken, "memory": memory}


async def write_again(proxy: Proxy, watched: Watched) -> float:
    """Seconds for everything once more, as after somebody flushed the rules by hand."""
    watched.done.clear()
    begin = time.perf_counter()
    for keeper in proxy.keepers.values():
        keeper.rewrite()
    async with asyncio.timeout(60):
        await watched.done.wait()
    return watched.at - begin


if __name__ == "__main__":
    logs.configure("error")
    _, mode, count, changes, raw = sys.argv
    print(json.dumps(asyncio.run(main(mode, int(count), int(changes), Path(raw)))))
