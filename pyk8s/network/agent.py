"""The network agent of a node: serves the CNI program, keeps bridge, routes and masquerading as they should be.

What comes in are Nodes; what to do follows from all of them each time, so a lost or doubled event does no harm.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from pyk8s.aio.backoff import Backoff, Schedule
from pyk8s.aio.supervise import Tasks
from pyk8s.api.refs import NODES
from pyk8s.client.informer import Informer
from pyk8s.client.interface import Client
from pyk8s.kernel.errors import KernelError
from pyk8s.network.config import Config
from pyk8s.network.errors import RangesClash, ReservationLost
from pyk8s.network.hands import LazyRules, make_hands
from pyk8s.network.install import install_programs
from pyk8s.network.keeper import Keeper
from pyk8s.network.nodes import decode, view
from pyk8s.network.server import Workers, listen, serve
from pyk8s.observe import logs

log = logs.get("network")

RESYNC_SECONDS = 60.0
"""How often everything is looked at again, for what somebody changed by hand."""

RETRY = Schedule(first=0.05, factor=2.0, limit=10.0)


async def run(client: Client, config: Mapping[str, Any], *, started: Callable[[], None] = lambda: None) -> None:
    """Be the network agent of the node that `config` (node.yaml) describes, until cancelled.

    `started` is called once the node's network is for the first time as the Nodes say.
    """
    settings = Config.read(config)
    rules = LazyRules(settings.backend)
    workers = Workers(lambda netlink: make_hands(netlink, settings.state_folder, rules))
    listener = listen(settings.socket)
    try:
        install_programs(settings.program_folder, settings.socket, settings.state_folder)
        async with Tasks(lambda why: log.error("a task of the network agent ended", why=why)) as tasks:
            calls = tasks.start(serve(listener, workers), name="cni")
            informer = Informer(client, NODES, decode=decode)
            changed = asyncio.Event()
            informer.on_change(partial(_note, changed))
            following = tasks.start(informer.run(), name="informer-nodes")
            keeping = tasks.start(keep(informer, changed, Keeper(settings, rules), workers, started), name="network")
            await asyncio.wait({calls, following, keeping}, return_when=asyncio.FIRST_COMPLETED)
            for task in (calls, following, keeping):
                if task.done():
                    task.result()
    finally:
        listener.close()
        # Only callers that are being answered are waited for; the file stays, so that the next agent finds its callers.
        await asyncio.get_running_loop().run_in_executor(None, workers.close)


def _note(changed: asyncio.Event, old: Any, new: Any) -> None:
    """Nodes report every few seconds that they are alive: only what this room reads of them is a change."""
    if old is None or new is None or view(old) != view(new):
        changed.set()


async def keep(
    informer: Informer,
    changed: asyncio.Event,
    keeper: Keeper,
    workers: Workers,
    started: Callable[[], None] = lambda: None,
) -> None:
    """Bring the node's network to where the Nodes say, whenever one changes and every RESYNC_SECONDS; `started` is
    called once it is there for the first time."""
    await informer.synced()
    backoff = Backoff(RETRY)
    thorough, begun = True, False
    while True:
        changed.clear()
        nodes = [view(node) for node in informer.list()]
        try:
            await workers.do(partial(keeper.bring, nodes, thorough=thorough))
        except (KernelError, OSError, RangesClash, ReservationLost) as why:
            log.warning("the node's network is not as it should be yet", why=why, failures=backoff.failures + 1)
            thorough = True
            await _wait(changed, backoff.fail())
        else:
            backoff.reset()
            if not begun:
                begun = True
                started()
            # Nothing came: time to look at what nobody tells of.
            thorough = not await _wait(changed, RESYNC_SECONDS)


async def _wait(changed: asyncio.Event, seconds: float) -> bool:
    """Whether something changed within `seconds`."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            return await changed.wait()
    return False
