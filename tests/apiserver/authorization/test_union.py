import pytest

from pyk8s.apiserver.authorization.union import Union
from pyk8s.apiserver.authorization.values import ALLOWED, NO_OPINION, Attributes, Decision
from tests.apiserver.makers import ALICE

NO = Decision(False, "first says no")


class Says:
    def __init__(self, decision):
        self.decision = decision

    async def decide(self, user, attributes):
        return self.decision


@pytest.mark.parametrize(
    ("decisions", "result"),
    [
        ((), NO_OPINION),
        ((NO_OPINION, ALLOWED), ALLOWED),
        ((NO, ALLOWED), ALLOWED),
        ((NO_OPINION, NO), NO),
        ((NO, Decision(False, "second")), NO),
    ],
)
async def test_the_first_that_allows_decides_and_the_first_reason_is_kept(decisions, result):
    union = Union([Says(decision) for decision in decisions])
    assert await union.decide(ALICE, Attributes(verb="get", resource="pods")) == result
