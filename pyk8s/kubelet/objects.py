"""The config maps and secrets that this node's pods refer to, each watched by its own name while a pod needs it.

A node may read only the objects its pods refer to, so there is no watch over all of them. Source: Kubernetes
documentation, "Using Node Authorization".
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

from pyk8s.aio.supervise import Tasks
from pyk8s.api.refs import CONFIG_MAPS, SECRETS, Ref
from pyk8s.client.informer import Informer
from pyk8s.client.interface import Client
from pyk8s.kubelet.errors import PodError
from pyk8s.observe import logs

log = logs.get("kubelet.objects")

PATIENCE = 10.0
"""Seconds to wait for the API before a pod's volume or variable counts as failed for now."""


class _Watched:
    """One object, followed for those who use it."""

    def __init__(self, informer: Informer, task: asyncio.Task[Any]) -> None:
        self.informer = informer
        self.task = task
        self.users: set[str] = set()


class Objects:
    """Config maps and secrets by name. `changed(uid)` is called for each pod whose object has changed."""

    def __init__(self, client: Client, changed: Callable[[str], None], tasks: Tasks) -> None:
        self._client = client
        self._changed = changed
        self._tasks = tasks
        self._watched: dict[tuple[str, str, str], _Watched] = {}

    async def config_maps(self, uid: str, namespace: str, names: Iterable[str]) -> dict[str, Any]:
        """The decoded config maps of these names that exist; the pod `uid` is told of changes from now on.

        Raises PodError when the API does not answer in time.
        """
        return await self._get(CONFIG_MAPS, uid, namespace, names)

    async def secrets(self, uid: str, namespace: str, names: Iterable[str]) -> dict[str, Any]:
        """The same for secrets."""
        return await self._get(SECRETS, uid, namespace, names)

    async def _get(self, ref: Ref, uid: str, namespace: str, names: Iterable[str]) -> dict[str, Any]:
        wanted = sorted(set(names))
        watched = [self._watch(ref.within(namespace), uid, name) for name in wanted]
        try:
            async with asyncio.timeout(PATIENCE):
                for each in watched:
                    await each.informer.synced()
        except TimeoutError as why:
            said = f"{ref.resource} {', '.join(wanted)}: no answer from the API within {PATIENCE:g} s"
            raise PodError("FailedMount", said) from why
        found = {name: each.informer.get(f"{namespace}/{name}") for name, each in zip(wanted, watched, strict=True)}
        return {name: obj for name, obj in found.items() if obj is not None}

    def _watch(self, ref: Ref, uid: str, name: str) -> _Watched:
        key = (ref.resource, ref.namespace, name)
        watched = self._watched.get(key)
        if watched is None:
            informer = Informer(self._client, ref, fields=f"metadata.name={name}")
            task = self._tasks.start(informer.run(), name="/".join(key))
            watched = self._watched[key] = _Watched(informer, task)
            informer.on_change(lambda old, new: self._tell(key, old, new))
        watched.users.add(uid)
        return watched

    def _tell(self, key: tuple[str, str, str], old: Any, new: Any) -> None:
        watched = self._watched.get(key)
        if watched is None or (old is None and not watched.informer.is_synced):
            return  # the first list: whoever asked is waiting for it
        for uid in tuple(watched.users):
            self._changed(uid)

    def release(self, uid: str) -> None:
        """The pod `uid` needs nothing more; what nobody needs is no longer followed."""
        for key, watched in list(self._watched.items()):
            watched.users.discard(uid)
            if not watched.users:
                watched.task.cancel()
                del self._watched[key]

    def __len__(self) -> int:
        return len(self._watched)
