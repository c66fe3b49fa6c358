"""A pytest plugin in the guest: runs the tests that the host hands out, batch after batch, and tells how each ended.

Several machines with the same tests share them this way: a fast one takes more. Orders come as lines on standard
input, word goes back as lines on standard error (both taken before pytest captures them); each line is JSON.
"""

import json
import os
from itertools import zip_longest

import pytest

_orders = os.fdopen(os.dup(0), "r")
_word = os.fdopen(os.dup(2), "w")


def _tell(**what: object) -> None:
    _word.write(json.dumps(what) + "\n")
    _word.flush()


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool:
    """Instead of all tests in order: what the host says."""
    if session.testsfailed:
        raise session.Interrupted(f"{session.testsfailed} errors while collecting")
    _tell(collected=[item.nodeid for item in session.items])
    for line in _orders:
        items = [session.items[index] for index in json.loads(line)]
        if not items:
            break
        for item, after in zip_longest(items, items[1:]):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
        _tell(done=len(items))
    return True


def pytest_runtest_logstart(nodeid: str) -> None:
    """Tell the host what is under way: it names the culprit when nothing comes after."""
    _tell(begun=nodeid)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Tell the host how a test ended: its call, or a set-up or tear-down gone wrong; and how long each took."""
    why = report.longrepr[2] if report.skipped and isinstance(report.longrepr, tuple) else ""
    told = report.outcome if report.when == "call" or report.outcome != "passed" else ""
    _tell(test=report.nodeid, outcome=told, why=why, seconds=report.duration)
