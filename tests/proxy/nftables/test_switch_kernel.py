"""The mode of a running node is changed, on a real kernel: nobody is cut off, and nothing of the old one stays."""

import re
import socket
import threading
from collections import Counter
from contextlib import ExitStack, contextmanager

import pytest

from pyk8s.kernel.conntrack.fake import FakeConntrack
from pyk8s.kernel.netns.run import entered
from pyk8s.proxy.changes import Changes
from pyk8s.proxy.iptables import backend as iptables
from pyk8s.proxy.keeper import Keeper
from pyk8s.proxy.nftables import backend as nftables
from pyk8s.proxy.packet import Packet
from tests.kernel.running import inside_loop
from tests.kernel.spaces import inside
from tests.kernel.waiting import eventually
from tests.proxy.flows import LOCAL, NODE, OUTSIDE, POD, REMOTE, SELF, settings
from tests.proxy.services import at, endpoint_slice, service
from tests.proxy.world import world

pytestmark = pytest.mark.kernel

ASKED = (Packet(POD, "10.96.0.20", 80), Packet(OUTSIDE, NODE, 30080), Packet(SELF, "10.96.0.20", 80))


def traces(netns):
    """What each mode has in the kernel, by mode."""
    nft = inside(netns, "nft", "list", "ruleset")
    legacy = inside(netns, "iptables-legacy-save")
    return {
        "nftables": "table ip kube-proxy" in nft,
        "iptables": "KUBE-" in nft or "KUBE-" in legacy,
    }


class Steady:
    """Somebody who asks again and again, and what became of it."""

    def __init__(self, made, packet):
        self.fates, self._stop = Counter(), threading.Event()
        self._thread = threading.Thread(target=self._ask, args=(made, packet))
        self._thread.start()

    def _ask(self, made, packet):
        while not self._stop.is_set():
            self.fates[made.connect(packet)] += 1

    def close(self):
        self._stop.set()
        self._thread.join(10)


@contextmanager
def talking(made, service_port):
    """A long stream from the pod through a service to a program that says everything back; yields a way to use it."""
    with entered(made.places[LOCAL]):
        listener = socket.create_server((LOCAL, 9000))
    with listener:
        with entered(made.places[POD]):
            caller = socket.create_connection(("10.96.0.99", service_port), timeout=5)
        answering, _ = listener.accept()
        with caller, answering:

            def say(words):
                caller.sendall(words)
                answering.sendall(answering.recv(100))
                return caller.recv(100)

            yield say


@contextmanager
def keeping(made, backend, **settings):
    """A keeper at work in the node's namespace, with two services."""
    changes = Changes("here")
    changes.note_service(None, service("web", "10.96.0.20", node_port=30080))
    changes.note_slice(None, endpoint_slice("web", at(LOCAL), at(REMOTE, "there")))
    changes.note_service(None, service("talk", "10.96.0.99"))
    changes.note_slice(None, endpoint_slice("talk", at(LOCAL), port=9000))
    with inside_loop(made.node) as loop:
        keeper = Keeper(changes, backend, FakeConntrack(), **settings)
        started = threading.Event()
        running = loop.start(lambda: keeper.keep(started.set))
        assert started.wait(10)

        def switch(make, mode):
            loop.loop.call_soon_threadsafe(keeper.switch, make)
            eventually(lambda: traces(made.node) == {"nftables": mode == "nftables", "iptables": mode != "nftables"})

        yield switch
        running.cancel()


def test_from_one_mode_to_the_other_and_back_with_streams_and_callers():
    with world() as made, ExitStack() as stack:
        modes = {
            "nftables": lambda: nftables.make(settings()),
            "iptables": lambda: iptables.make(settings(), "nft"),
            "legacy": lambda: iptables.make(settings(), "legacy"),
        }
        switch = stack.enter_context(keeping(made, modes["iptables"]))
        assert traces(made.node) == {"nftables": False, "iptables": True}
        say = stack.enter_context(talking(made, 80))
        callers = [Steady(made, packet) for packet in ASKED]
        try:
            for mode in ("nftables", "iptables", "nftables", "legacy", "nftables"):
                switch(modes[mode], mode)
                assert say(mode.encode()) == mode.encode()
        finally:
            for each in callers:
                each.close()
        assert {fate.what for each in callers for fate in each.fates} == {"goes"}
        assert all(each.fates.total() > 10 for each in callers)


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(("flush", "ruleset"), id="everything is gone"),
        pytest.param(("flush", "chain", "ip", "kube-proxy", "services"), id="a chain is empty"),
        pytest.param(("flush", "map", "ip", "kube-proxy", "service-ips"), id="a map is empty"),
        pytest.param(
            ("delete", "element", "ip", "kube-proxy", "service-ips", "{ 10.96.0.20 . tcp . 80 }"),
            id="an element is gone",
        ),
        pytest.param(("add", "rule", "ip", "kube-proxy", "services", "drop"), id="a rule too many"),
        pytest.param(("add", "chain", "ip", "kube-proxy", "mine"), id="a chain too many"),
    ],
)
def test_what_somebody_breaks_by_hand_is_mended(damage):
    with world() as made, keeping(made, lambda: nftables.make(settings()), resync=0.1):
        before = inside(made.node, "nft", "list", "table", "ip", "kube-proxy")
        inside(made.node, "nft", *damage)
        eventually(lambda: _uncounted(inside(made.node, "nft", "list", "ruleset")) == _uncounted(before))
        assert made.connect(ASKED[0]).what == "goes"


def _uncounted(listing):
    return sorted(re.sub(r"packets \d+ bytes \d+", "", listing).split())
