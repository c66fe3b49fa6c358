"""How far a program has come that leads or waits to lead: told to whoever started it, and on its pages."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

from pyk8s.aio.heap import settle
from pyk8s.aio.notify import ready
from pyk8s.api.configuration import ConfigInvalid
from pyk8s.observe.health import Health
from pyk8s.observe.pages import address, pages_of, served


class Standing:
    """Ready once the program does `what` it is for, or stands by because another one does."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._is_ready = False

    def at_work(self) -> None:
        """It does what it is for."""
        self._tell(self._what)
        settle()

    def waiting(self) -> None:
        """Another process leads; this one takes over when that ends."""
        self._tell("waiting to lead")

    def _tell(self, how: str) -> None:
        self._is_ready = True
        ready(how)

    def pages(self, settings: Mapping[str, Any]) -> AbstractAsyncContextManager[None]:
        """Serve /healthz, /readyz and /metrics at the setting `healthzBindAddress` meanwhile, if there is one.

        Raises ConfigInvalid.
        """
        text = settings.get("healthzBindAddress") or ""
        try:
            where = address(str(text)) if text else None
        except ValueError as why:
            raise ConfigInvalid(f"healthzBindAddress: {why}") from why
        checks = Health(live={"ping": lambda: ""}, ready={self._what: lambda: "" if self._is_ready else "not yet"})
        return served(pages_of(checks), where)
