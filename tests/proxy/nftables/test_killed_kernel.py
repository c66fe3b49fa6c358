"""A proxy killed in the middle of writing: callers do not notice, and the next one goes on from whatever is there."""

import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pyk8s.kernel.netns.run import entered
from pyk8s.kernel.nftables.run import Nftables
from pyk8s.proxy.nftables.names import TABLE
from pyk8s.proxy.nftables.ruleset import Ruleset
from pyk8s.proxy.packet import Packet
from tests.proxy.flows import LOCAL, POD, intents, settings
from tests.proxy.nftables.test_switch_kernel import Steady
from tests.proxy.world import world

pytestmark = pytest.mark.kernel

KILLS = 5

WRITER = """
from pyk8s.proxy.nftables.backend import make
from pyk8s.proxy.plan import Endpoint, Intent, Pool
from tests.proxy.flows import intents, settings

def filler(number, turn):
    places = [Endpoint(f"10.9.{number // 250}.{each + number % 200 + 1}", 80) for each in range(turn % 3 + 1)]
    pool = Pool(tuple(sorted(places)))
    front = f"10.97.{number // 250}.{number % 250 + 1}"
    return (Intent(f"fill/s{number}", "", "tcp", front, 80, inside=pool, outside=pool, everyone=pool),)

backend = make(settings())
backend.ruleset.change(intents())
backend.kernel.run(backend.ruleset.whole(backend.kernel.survey()))
print("ready", flush=True)
for turn in range(10_000):
    backend.kernel.run(backend.ruleset.change({f"fill/s{number}": filler(number, turn) for number in range(800)}))
    if turn % 3 == 2:
        backend.kernel.run(backend.ruleset.whole(backend.kernel.survey()))
"""


def test_callers_do_not_notice_that_a_proxy_was_killed_while_it_wrote_and_the_next_one_cleans_up():
    chance, packet = random.Random(7), Packet(POD, "10.96.0.20", 80)
    with world() as made:
        caller = None
        try:
            for _ in range(KILLS):
                with entered(made.node):
                    proxy = subprocess.Popen(
                        [sys.executable, "-c", WRITER], stdout=subprocess.PIPE, cwd=Path(__file__).parents[3]
                    )
                assert proxy.stdout is not None
                assert proxy.stdout.readline() == b"ready\n"
                caller = caller or Steady(made, packet)
                with pytest.raises(subprocess.TimeoutExpired):
                    proxy.wait(chance.uniform(0.05, 0.4))
                proxy.send_signal(signal.SIGKILL)
                proxy.wait(10)
                proxy.stdout.close()
        finally:
            if caller is not None:
                caller.close()
        assert {fate.what for fate in caller.fates} == {"goes"}
        kernel, ruleset = Nftables(TABLE, "ip", made.node), Ruleset(settings())
        ruleset.change(intents())
        assert not ruleset.stands(kernel.survey())
        kernel.run(ruleset.whole(kernel.survey()))
        assert kernel.observe(ruleset.held().sets.values()) == ruleset.held()
        assert made.connect(Packet(POD, "10.96.0.24", 80)).to == f"{LOCAL}:8080"
        kernel.close()
