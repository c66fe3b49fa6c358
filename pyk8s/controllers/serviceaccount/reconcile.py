"""Makes what every namespace has, and makes it again when somebody deletes or changes it."""

from __future__ import annotations

from typing import Any

import orjson

from pyk8s.api.errors import ApiError
from pyk8s.api.refs import CONFIG_MAPS, NAMESPACES, SERVICE_ACCOUNTS, Ref
from pyk8s.client.interface import PatchType, View
from pyk8s.client.metadata import key_of, split
from pyk8s.controllers.serviceaccount.plan import ACCOUNT, CONFIG_MAP, FILE, account, trust
from pyk8s.reconcile import loop
from pyk8s.reconcile.context import Context
from pyk8s.reconcile.objects import Namespace
from pyk8s.reconcile.workqueue import WorkQueue

NAME = "serviceaccount-controller"


class ServiceAccountController:
    """Reconciles namespaces by name. `authority` is the PEM by which the API server is trusted."""

    def __init__(self, context: Context, authority: str) -> None:
        self._client, self._authority = context.client, authority
        self.queue: WorkQueue[str] = WorkQueue()
        self._namespaces = context.informers.of(NAMESPACES)
        self._accounts = context.informers.of(SERVICE_ACCOUNTS, View.METADATA)
        self._maps = context.informers.of(CONFIG_MAPS, fields=f"metadata.name={CONFIG_MAP}")
        self._namespaces.on_change(lambda old, new: self.queue.add(key_of(new or old)))
        self._maps.on_change(self._on_object)
        self._accounts.on_change(self._on_object)

    def _on_object(self, old: Any, new: Any) -> None:
        if old is None:
            return  # it is there: nothing to do
        namespace, name = split(key_of(new or old))
        if name in (ACCOUNT, CONFIG_MAP):
            self.queue.add(namespace)

    async def run(self) -> None:
        """Serve until cancelled."""
        await loop.run(self.queue, self.reconcile, NAME, workers=2)

    async def reconcile(self, key: str) -> float | None:
        """Give the namespace `key` what it lacks."""
        namespace: Namespace | None = self._namespaces.get(key)
        if namespace is None or namespace.metadata.deleting:
            return None
        if self._accounts.get(f"{key}/{ACCOUNT}") is None:
            await self._create(SERVICE_ACCOUNTS.within(key), account(key))
        held = self._maps.get(f"{key}/{CONFIG_MAP}")
        if held is None:
            await self._create(CONFIG_MAPS.within(key), trust(key, self._authority))
        elif (held.get("data") or {}) != {FILE: self._authority}:
            patch = [{"op": "add", "path": "/data", "value": {FILE: self._authority}}]
            await self._client.patch(CONFIG_MAPS.of(CONFIG_MAP, key), orjson.dumps(patch), PatchType.JSON)
        return None

    async def _create(self, ref: Ref, obj: dict[str, Any]) -> None:
        try:
            await self._client.create(ref, orjson.dumps(obj))
        except ApiError as why:
            ending = any(cause.reason == "NamespaceTerminating" for cause in why.causes)
            if why.reason != "AlreadyExists" and not ending:
                raise
