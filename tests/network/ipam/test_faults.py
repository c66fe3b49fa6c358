"""Ten thousand ADDs and DELs of many processes at once, killed in the middle: no address twice, none leaked.

The times of a machine's one clock tell in the end who held what when: from the moment an ADD has answered to the moment
its DEL is called, nobody else may have been given the address.
"""

import os
import random
import selectors
import subprocess
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from pyk8s.network.ipam.store import Store
from pyk8s.network.ipam.values import Pool

CALLS = 10_000
WORKERS = 4
POOLS = ((Pool.of("10.0.0.0/27"),),)

WORKER = """
import sys, time
from pyk8s.network.ipam.store import Store
from pyk8s.network.ipam.values import Pool
folder, me, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
store, sets = Store(folder, "net"), ((Pool.of("10.0.0.0/27"),),)
held = []
def let_go(owner):
    print("DEL", owner, time.monotonic(), flush=True)
    store.release((owner, "eth0"))
    print("GONE", owner, flush=True)
for number in range(rounds):
    owner = f"{me}-{number}"
    print("TRY", owner, time.monotonic(), flush=True)
    given = store.reserve((owner, "eth0"), sets)
    print("ADD", owner, time.monotonic(), *(str(address) for address, _ in given), flush=True)
    held.append(owner)
    if len(held) > 4:
        let_go(held.pop(0))
for owner in held:
    let_go(owner)
"""


@dataclass
class History:
    """What was told: from when to when an owner held its addresses."""

    begun: dict[str, float] = field(default_factory=dict)
    addresses: dict[str, list[str]] = field(default_factory=dict)
    ended: dict[str, float] = field(default_factory=dict)
    tried: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)

    def hear(self, line):
        words = line.split()
        match words:
            case ["TRY", owner, _]:
                self.tried.add(owner)
            case ["ADD", owner, when, *addresses] if len(addresses) == len(POOLS):
                self.begun[owner], self.addresses[owner] = float(when), addresses
            case ["DEL", owner, when]:
                self.ended[owner] = float(when)
            case ["GONE", owner]:
                self.gone.add(owner)

    @property
    def calls(self):
        return len(self.tried) + len(self.ended)

    def check(self):
        """Raise AssertionError for an address that two held at one time."""
        spans = defaultdict(list)
        for owner, addresses in self.addresses.items():
            for address in addresses:
                spans[address].append((self.begun[owner], self.ended[owner], owner))
        for address, held in spans.items():
            held.sort()
            for (_, end, first), (begin, _, second) in pairwise(held):
                assert end <= begin, f"{address} was {first}'s and {second}'s"


class Worker:
    """A process that adds and deletes, in a session with others, until it is killed or done."""

    def __init__(self, folder, name, rounds):
        self.name, self.text = name, b""
        words = [sys.executable, "-c", WORKER, str(folder), name, str(rounds)]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE)
        os.set_blocking(self.process.stdout.fileno(), False)

    def read(self, history):
        """Hear what it has said; whether more can come."""
        while True:
            part = self.process.stdout.read(65536)
            if part is None:
                return True
            if not part:
                return False
            *lines, self.text = (self.text + part).split(b"\n")
            for line in lines:
                history.hear(line.decode())

    def kill(self, history):
        """End it in the middle of whatever it does; its last, half line is nothing that was told."""
        self.process.kill()
        self.process.wait(30)
        self.read(history)
        self.process.stdout.close()


def clear_up(store, worker, history):
    """What a runtime does for a plugin that was killed: DEL for everything whose DEL has not been answered."""
    for owner in sorted(each for each in history.tried - history.gone if each.startswith(f"{worker.name}-")):
        history.ended.setdefault(owner, time.monotonic())
        store.release((owner, "eth0"))


@pytest.mark.slow
def test_ten_thousand_concurrent_and_interrupted_calls_give_no_address_twice_and_leak_none(tmp_path):
    chance = random.Random(20261124)
    store, history, kills, number = Store(tmp_path, "net"), History(), 0, 0
    workers: list[Worker] = []
    with selectors.DefaultSelector() as ready:
        while history.calls < CALLS or workers:
            while len(workers) < WORKERS and history.calls < CALLS:
                workers.append(Worker(tmp_path, f"w{number}", chance.randrange(100, 700)))
                ready.register(workers[-1].process.stdout, selectors.EVENT_READ, workers[-1])
                number += 1
            for key, _ in ready.select(60):
                worker = key.data
                ended = not worker.read(history)
                killed = not ended and chance.random() < 0.001
                if ended or killed:
                    ready.unregister(worker.process.stdout)
                    workers.remove(worker)
                    kills += killed
                    worker.kill(history)
                    clear_up(store, worker, history)
    assert kills > 5
    assert history.calls >= CALLS
    history.check()
    assert store.held() == {}
    # What killed ones left are a scratch file and marks of the order at most, which the next call cleans away.
    assert {file.name for file in (tmp_path / "net").iterdir()} <= {
        "lock",
        "last_reserved_ip.0",
        ".scratch",
    }
