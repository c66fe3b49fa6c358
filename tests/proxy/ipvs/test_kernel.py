"""The mode in a real kernel: what the packet table does not ask."""

import socket
import threading
from contextlib import contextmanager, suppress

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as how

from pyk8s.kernel.errors import KernelError
from pyk8s.kernel.ipset.values import Flush
from pyk8s.kernel.iptables.values import Put
from pyk8s.kernel.ipvs import values as ipvs
from pyk8s.kernel.ipvs.values import Front, Place, Real
from pyk8s.kernel.netns.run import entered
from pyk8s.proxy.ipvs.backend import open_hands, prepare, tend
from pyk8s.proxy.ipvs.ruleset import Ruleset
from pyk8s.proxy.ipvs.state import LINK, Seen
from pyk8s.proxy.packet import Packet
from pyk8s.proxy.plan import Endpoint, Intent, Pool
from tests.kernel.balancer import needs_ipvs
from tests.kernel.spaces import spaces
from tests.kernel.waiting import eventually
from tests.proxy.flows import LOCAL, POD, REMOTE
from tests.proxy.ipvs.changes import STEPS, carry_out, meaning
from tests.proxy.ipvs.node import settings
from tests.proxy.world import world

pytestmark = [pytest.mark.kernel, needs_ipvs]

WEB = Front("tcp", "10.96.0.20", 80)
BOTH = (Endpoint(LOCAL, 8080, local=True), Endpoint(REMOTE, 8080))


def web(*endpoints, **more):
    """A service at WEB with such endpoints."""
    pool = Pool(endpoints)
    return {
        "shop/web": (Intent("shop/web", "", "tcp", WEB.address, 80, inside=pool, outside=pool, everyone=pool, **more),)
    }


@contextmanager
def at_work(netns, family=4, services=None):
    hands, ruleset = open_hands(settings(family), "nft", netns), Ruleset(settings(family))
    prepare(hands, settings(family), netns)
    ruleset.change(services or {})
    hands.run(ruleset.whole(hands.survey()))
    yield hands, ruleset


def held(hands):
    """All that a kernel has of the mode, comparable; empty sets are of no account."""
    seen = hands.survey()
    return seen.servers, seen.sets, seen.addresses, {table: each.counts for table, each in seen.surveys.items()}


@pytest.mark.parametrize("family", [4, 6])
def test_nothing_is_left_of_anything(family):
    with spaces(1) as (netns,):
        empty = open_hands(settings(family), "nft", netns).survey()
        with at_work(netns, family, meaning(1, 2, family=family, node_port=30001)) as (hands, ruleset):
            assert ruleset.stands(hands.survey())
            hands.run(ruleset.nothing(hands.survey()))
            after = hands.survey()
        assert (after.servers, after.sets, after.addresses) == ({}, {}, None)
        names = {name for each in after.surveys.values() for name in each.counts}
        assert not {name for name in names if name.startswith("KUBE-")}
        assert isinstance(empty, Seen)


def test_what_was_written_needs_no_second_writing():
    with spaces(1) as (netns,), at_work(netns, 4, meaning(1, 2) | meaning(2, 0)) as (hands, ruleset):
        again = ruleset.whole(hands.survey())
        assert (again.makes, again.servers, again.comes, again.goes, again.ends, again.drops) == ((),) * 6
        assert again.link is None


@how(deadline=None, max_examples=5, suppress_health_check=list(HealthCheck))
@given(STEPS)
def test_any_sequence_of_differences_gives_the_kernel_that_a_whole_write_gives(steps):
    with spaces(2) as (here, there), at_work(here) as (hands, ruleset):
        meanings = carry_out(steps, ruleset, hands)
        assert ruleset.stands(hands.survey())
        with at_work(there, 4, meanings) as (whole, _):
            assert held(hands) == held(whole)


DAMAGES = {
    "rules flushed": lambda hands: hands.rules.run((Put("nat", "KUBE-SERVICES", ()), Put("filter", "INPUT", ()))),
    "a set flushed": lambda hands: hands.sets.run((Flush("KUBE-CLUSTER-IP"),)),
    "virtual servers flushed": lambda hands: hands.servers.run((ipvs.Flush(),)),
    "the link deleted": lambda hands: hands.places.remove(LINK),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_what_somebody_deleted_is_restored(damage):
    with spaces(1) as (netns,), at_work(netns, 4, meaning(1, 2)) as (hands, ruleset):
        before = held(hands)
        damage(hands)
        assert not ruleset.stands(hands.survey())
        hands.run(ruleset.whole(hands.survey()))
        assert held(hands) == before


def test_a_failure_in_the_middle_is_mended_by_a_whole_write():
    with spaces(1) as (netns,), at_work(netns, 4, meaning(1)) as (hands, ruleset):
        hands.servers.run((ipvs.Add(Front("tcp", "10.96.1.2", 80)),))  # somebody is in the way
        with pytest.raises(KernelError, match=r"10\.96\.1\.2"):
            hands.run(ruleset.change(meaning(2, 2)))
        hands.run(ruleset.whole(hands.survey()))
        assert ruleset.stands(hands.survey())


@contextmanager
def echoing(netns, address, port):
    """A program that sends back what it gets, on one connection after the other."""
    with entered(netns):
        listener = socket.create_server((address, port))

    def serve():
        with suppress(OSError):
            while True:
                caller, _ = listener.accept()
                caller.settimeout(20)  # its client may go without a word reaching here
                with caller, suppress(TimeoutError):
                    while data := caller.recv(100):
                        caller.sendall(data)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def call(netns, source):
    with entered(netns):
        caller = socket.socket()
    caller.settimeout(10)
    caller.bind((source, 0))
    caller.connect((WEB.address, WEB.port))
    return caller


def says(caller, word):
    caller.sendall(word)
    return caller.recv(100)


@contextmanager
def connected():
    """A pod that talks to a program on LOCAL's port 7070 through WEB, and the hands of its node."""
    services = web(Endpoint(LOCAL, 7070, local=True))
    with (
        world() as ground,
        echoing(ground.places[LOCAL], LOCAL, 7070),
        at_work(ground.node, 4, services) as (hands, ruleset),
        call(ground.places[POD], POD) as caller,
    ):
        assert says(caller, b"one") == b"one"
        yield ground, caller, hands, ruleset


def test_a_connection_outlives_its_endpoint_and_the_endpoint_goes_with_it():
    gone = Place(LOCAL, 7070)
    with connected() as (ground, caller, hands, ruleset):
        hands.run(ruleset.change(web(Endpoint(REMOTE, 8080))))
        assert tend(ruleset, hands) is not None
        assert hands.survey().servers[WEB].reals[gone] == Real(0)
        assert says(caller, b"two") == b"two"
        assert {ground.connect(Packet(POD, WEB.address, 80)).to for _ in range(4)} == {f"{REMOTE}:8080"}
        ruleset.now = lambda: 1000.0  # a quarter of an hour has passed
        assert tend(ruleset, hands) is None
        assert gone not in hands.survey().servers[WEB].reals


def test_a_connection_outlives_the_last_endpoint_while_new_ones_are_refused():
    with connected() as (ground, caller, hands, ruleset):
        hands.run(ruleset.change(web()))
        tend(ruleset, hands)
        assert says(caller, b"two") == b"two"
        assert ground.connect(Packet(POD, WEB.address, 80)).what == "rejected"


def test_a_connection_outlives_the_mode():
    with connected() as (_, caller, hands, ruleset):
        ruleset.linger()
        hands.run(ruleset.nothing(hands.survey()))
        assert says(caller, b"two") == b"two"
        tend(ruleset, hands)
        assert says(caller, b"three") == b"three"
        assert hands.survey().addresses == {f"{WEB.address}/32"}
        ruleset.now = lambda: 1000.0
        assert tend(ruleset, hands) is None
        assert (hands.survey().servers, hands.survey().addresses) == ({}, None)


def test_a_connection_outlives_the_proxy():
    with connected() as (_, caller, hands, _):
        another = Ruleset(settings())
        another.change(web(Endpoint(LOCAL, 7070, local=True)))
        hands.run(another.whole(hands.survey()))
        assert says(caller, b"two") == b"two"


def test_an_endpoint_whose_connections_have_ended_goes():
    gone = Place(LOCAL, 7070)
    with connected() as (_, caller, hands, ruleset):
        seen = hands.servers.loads(WEB)[gone]
        assert (seen.active, seen.total) == (1, 1)
        hands.run(ruleset.change(web(Endpoint(REMOTE, 8080))))
        caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # reset: no closing to wait for
        caller.close()
        eventually(lambda: hands.servers.loads(WEB)[gone].total == 0, seconds=30)
        assert tend(ruleset, hands) is None
        assert gone not in hands.survey().servers[WEB].reals


def test_affinity_keeps_a_client_with_its_endpoint_and_lets_go_of_one_that_drains():
    with world() as ground, at_work(ground.node, 4, web(*BOTH, affinity=600)) as (hands, ruleset):
        packet = Packet(POD, WEB.address, 80)
        (first,) = {ground.connect(packet).to for _ in range(10)}
        stay = next(each for each in BOTH if f"{each.address}:8080" != first)
        hands.run(ruleset.change(web(stay, affinity=600)))
        assert {ground.connect(packet).to for _ in range(5)} == {f"{stay.address}:8080"}


def test_schedulers_that_look_at_no_client_use_every_endpoint():
    with world() as ground:
        hands = open_hands(settings(), "nft", ground.node)
        prepare(hands, settings(), ground.node)
        for scheduler in ("rr", "wrr", "lc", "wlc"):
            ruleset = Ruleset(settings(scheduler=scheduler))
            ruleset.change(web(*BOTH))
            hands.run(ruleset.whole(hands.survey()))
            assert hands.survey().servers[WEB].server.scheduler == scheduler
            assert len({ground.connect(Packet(POD, WEB.address, 80)).to for _ in range(30)}) == 2, scheduler


def test_the_kernels_settings_are_as_ipvs_needs_them():
    with spaces(1) as (netns,):
        prepare(open_hands(settings(), "nft", netns), settings(strict_arp=True), netns)
        with entered(netns):
            for name in ("vs/conntrack", "vs/expire_nodest_conn", "ip_forward", "conf/all/arp_ignore"):
                with open(f"/proc/sys/net/ipv4/{name}") as file:
                    assert file.read().strip() == "1", name
