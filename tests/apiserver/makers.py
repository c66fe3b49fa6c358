"""Requests, users and handlers for tests of the chain and the doors."""

from pyk8s.api.errors import ApiError
from pyk8s.api.resources import Resources
from pyk8s.apiserver.request import Answer, Request, User

RESOURCES = Resources.builtin()
ALICE = User("alice", ("dev", "system:authenticated"))
ADMIN = User("root", ("system:masters", "system:authenticated"))


def resource(plural, group="", version="v1"):
    found = RESOURCES.find(group, version, plural)
    assert found is not None, plural
    return found


def request(verb="get", plural="pods", group="", version="v1", **more):
    row = resource(plural, group, version) if plural else None
    return Request(verb=verb, resource=row, **more)


class Recorder:
    """A handler that keeps what it was asked and answers always the same, or raises it."""

    def __init__(self, answer=None):
        self.asked = []
        self.answer = answer or Answer(b"{}")

    async def __call__(self, made):
        self.asked.append(made)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


async def refused(awaitable):
    """The ApiError that `awaitable` raises."""
    try:
        await awaitable
    except ApiError as error:
        return error
    raise AssertionError("nothing was refused")
