"""Garbage collection of a daemon that has started."""

import subprocess
import sys

SETTLED = """
import gc
from pyk8s.aio.heap import THRESHOLDS, settle

held = [[number] for number in range(1000)]
settle()
assert gc.get_freeze_count() > 1000, gc.get_freeze_count()
assert gc.get_threshold() == THRESHOLDS


class Node:
    ended = 0

    def __del__(self):
        Node.ended += 1


one = Node()
one.itself = one
del one
gc.collect()
assert Node.ended == 1, "what comes later is still collected"
"""


def test_what_a_daemon_holds_from_its_start_is_not_looked_at_again():
    done = subprocess.run([sys.executable, "-c", SETTLED], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
