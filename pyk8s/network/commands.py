"""The commands of the CNI specification: each takes a call and a configuration and returns what to print."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from pyk8s.kernel.errors import Absent
from pyk8s.network.attach import add, check_own, read_previous
from pyk8s.network.calls import Call
from pyk8s.network.check import check, status
from pyk8s.network.conf import NetConf
from pyk8s.network.detach import collect, delete
from pyk8s.network.errors import CniError, Code
from pyk8s.network.interface import Answer, Hands
from pyk8s.network.plan import loopback_result
from pyk8s.network.results import VERSIONS, tell_result

__all__ = ["COMMANDS", "Hands", "loopback", "versions"]


def versions(asked: str) -> dict[str, Any]:
    """VERSION: what is spoken here, told in the form of the version that was `asked` for."""
    return {"cniVersion": asked if asked in VERSIONS else VERSIONS[-1], "supportedVersions": list(VERSIONS)}


def loopback(call: Call, conf: NetConf, hands: Hands) -> Answer:
    """The loopback plugin: `lo` up on ADD, down on DEL."""
    match call.command:
        case "DEL":
            if call.netns and not hands.own(call.netns):
                with suppress(Absent):
                    hands.loopbacks.switch(call.netns, False)
        case "ADD":
            check_own(call, hands)
            hands.loopbacks.switch(call.netns, True)
            result = loopback_result(call.netns_name) if conf.previous is None else read_previous(conf)
            return tell_result(result, conf.version)
        case "CHECK":
            check_own(call, hands)
            if not hands.loopbacks.is_up(call.netns):
                raise CniError(Code.INTERNAL, "lo is down", call.netns_name)
    return None


COMMANDS: dict[str, Callable[[Call, NetConf, Hands], Answer]] = {
    "ADD": add,
    "DEL": delete,
    "CHECK": check,
    "GC": collect,
    "STATUS": status,
}
