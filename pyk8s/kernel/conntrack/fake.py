"""Tracked connections held in a set."""

from __future__ import annotations

from collections.abc import Iterable

from pyk8s.kernel.conntrack.values import Flow


class FakeConntrack:
    """Lists and forgets the `flows` it holds."""

    def __init__(self, *flows: Flow) -> None:
        self.flows = set(flows)

    def observe(self, protocol: str) -> tuple[Flow, ...]:
        """Every connection of `protocol`."""
        return tuple(flow for flow in self.flows if flow.protocol == protocol)

    def forget(self, flows: Iterable[Flow]) -> None:
        """Forget `flows`; one that is not there is no error."""
        self.flows -= set(flows)
