"""Several authorizers as one: the first that allows decides."""

from __future__ import annotations

from collections.abc import Sequence

from pyk8s.apiserver.authorization.values import NO_OPINION, Attributes, Authorizer, Decision
from pyk8s.apiserver.request import User


class Union:
    """Asks each authorizer in turn; the reason of the first that gave one is kept for the refusal."""

    def __init__(self, authorizers: Sequence[Authorizer]) -> None:
        self._authorizers = tuple(authorizers)

    async def decide(self, user: User, attributes: Attributes) -> Decision:
        """Allowed when any of them allows."""
        refused = NO_OPINION
        for authorizer in self._authorizers:
            decision = await authorizer.decide(user, attributes)
            if decision.allowed:
                return decision
            if decision.reason and not refused.reason:
                refused = decision
        return refused
