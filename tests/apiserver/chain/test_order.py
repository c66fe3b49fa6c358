from types import SimpleNamespace

from pyk8s.apiserver.authorization.values import ALLOWED
from pyk8s.apiserver.chain.access import authenticate, authorize, impersonate
from pyk8s.apiserver.chain.flow import flow
from pyk8s.apiserver.chain.frame import identify, recover
from pyk8s.apiserver.chain.measure import measure
from pyk8s.apiserver.chain.order import CHAIN, build
from pyk8s.apiserver.chain.parts import Parts
from pyk8s.apiserver.request import User
from tests.apiserver.makers import Recorder, refused, request


def test_the_order_of_the_chain():
    assert (recover, identify, measure, authenticate, impersonate, flow, authorize) == CHAIN


async def test_the_first_filter_sees_a_request_first_and_its_answer_last():
    said = []

    def named(name):
        def wrap(endpoint, parts):
            async def handle(made):
                said.append(f"{name} in")
                answer = await endpoint(made)
                said.append(f"{name} out")
                return answer

            return handle

        return wrap

    await build(Recorder(), SimpleNamespace(), (named("a"), named("b")))(request())
    assert said == ["a in", "b in", "b out", "a out"]


class Somebody:
    async def user(self, peer):
        return User("bob") if peer.certificate else None

    async def decide(self, user, attributes):
        return ALLOWED


async def test_an_unknown_caller_is_counted_and_refused_before_the_endpoint():
    seen, parts = Recorder(), Parts(Somebody(), Somebody())
    error = await refused(build(seen, parts)(request("list", "pods")))
    assert (error.code, seen.asked) == (401, [])
    assert next(iter(parts.record.codes))[-1] == "401"
