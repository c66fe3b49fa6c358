"""How long a node has been silent, counting only time in which we could have heard it. Pure; times are monotonic."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Watchfulness:
    """Keeps the time since which the API has answered us without a gap, and when each node was last heard.

    `gap` is the longest pause in seconds between two proofs that the API answers; after a longer one, or a failure,
    listening starts anew and no silence from before counts.
    """

    gap: float
    since: float = float("inf")
    proven: float = float("-inf")
    _signs: dict[str, dict[str, str]] = field(default_factory=dict)
    _times: dict[str, float] = field(default_factory=dict)

    def answered(self, now: float) -> bool:
        """The API answered just now; whether listening starts anew with it."""
        anew = now - self.proven > self.gap
        if anew:
            self.since = now
        self.proven = now
        return anew

    def failed(self) -> None:
        """The API did not answer: what was heard so far is in doubt until it does again."""
        self.since = float("inf")
        self.proven = float("-inf")

    def heard(self, node: str, source: str, sign: str, now: float) -> bool:
        """The node showed `sign` through `source` (its lease's renewal, its status' heartbeat, its registration);
        whether that is another than before from there, which counts as life."""
        signs = self._signs.setdefault(node, {})
        if signs.get(source) == sign:
            return False
        signs[source] = sign
        self._times[node] = now
        return True

    def forget(self, node: str) -> None:
        """The node is gone."""
        self._signs.pop(node, None)
        self._times.pop(node, None)

    def silence(self, node: str, now: float) -> float:
        """Seconds the node has been silent while we listened; 0 while we do not."""
        if now - self.proven > self.gap or self.since > now:
            return 0.0
        return max(0.0, now - max(self._times.get(node, self.since), self.since))
