"""Session affinity on a real kernel: who was sent somewhere goes there again, also after everything was rewritten."""

import pytest

from pyk8s.kernel.nftables.run import Nftables
from pyk8s.proxy.nftables.names import TABLE
from pyk8s.proxy.nftables.ruleset import Ruleset
from pyk8s.proxy.packet import Packet
from pyk8s.proxy.plan import plan_service
from tests.proxy.flows import LOCAL, NODE, OUTSIDE, POD, REMOTE, in_family, settings
from tests.proxy.services import at, endpoint_slice, service
from tests.proxy.world import world

pytestmark = pytest.mark.kernel


@pytest.fixture(scope="module", params=(4, 6), ids=lambda family: f"ipv{family}")
def ground(request):
    family = request.param
    made = service("web", in_family("10.96.0.20", family), node_port=30080, sessionAffinity="ClientIP")
    places = at(in_family(LOCAL, family)), at(in_family(REMOTE, family), "there")
    slices = [endpoint_slice("web", *places, family=f"IPv{family}")]
    ruleset = Ruleset(settings(family))
    ruleset.change({"shop/web": plan_service(made, slices, "here", family=family)})
    with world(family) as there:
        kernel = Nftables(TABLE, "ip" if family == 4 else "ip6", there.node)
        kernel.run(ruleset.whole(kernel.survey()))
        yield there, kernel, ruleset
        kernel.close()


@pytest.mark.parametrize(("source", "to"), [(POD, ("10.96.0.20", 80)), (OUTSIDE, (NODE, 30080))])
def test_a_client_stays_with_its_endpoint(ground, source, to):
    there, kernel, ruleset = ground
    address, port = to
    packet = Packet(in_family(source, there.family), in_family(address, there.family), port)
    fates = {there.connect(packet) for _ in range(20)}
    kernel.run(ruleset.whole(kernel.survey()))
    fates |= {there.connect(packet) for _ in range(20)}
    assert len(fates) == 1
    assert fates.pop().what == "goes"


def test_a_client_whose_endpoint_goes_is_sent_to_another(ground):
    there, kernel, ruleset = ground
    family = there.family
    packet = Packet(in_family(POD, family), in_family("10.96.0.20", family), 80)
    made = service("web", packet.destination, node_port=30080, sessionAffinity="ClientIP")
    for address, node in ((LOCAL, "here"), (REMOTE, "there")):
        slices = [endpoint_slice("web", at(in_family(address, family), node), family=f"IPv{family}")]
        kernel.run(ruleset.change({"shop/web": plan_service(made, slices, "here", family=family)}))
        assert in_family(address, family) in there.connect(packet).to
        assert ruleset.stands(kernel.survey())
