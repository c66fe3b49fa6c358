"""List and forget tracked connections through netlink."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Literal

from pyk8s.kernel.conntrack.values import Flow
from pyk8s.kernel.errors import Absent
from pyk8s.kernel.netlink import load, translated
from pyk8s.kernel.netns.run import entered

_MODULE = "pyroute2.netlink.nfnetlink.nfctsocket"
_NUMBERS = {"tcp": socket.IPPROTO_TCP, "udp": socket.IPPROTO_UDP}


class Conntrack:
    """The connections of the namespace at path `netns` ("" is the calling thread's), of one address family."""

    def __init__(self, netns: str = "", family: Literal[4, 6] = 4) -> None:
        self._netns = netns
        self._family = socket.AF_INET if family == 4 else socket.AF_INET6

    def observe(self, protocol: str) -> tuple[Flow, ...]:
        """Every connection of `protocol` ("tcp", "udp")."""
        number = _NUMBERS[protocol]
        with translated(f"list {protocol} connections"):
            messages = self._do(lambda tracked: list(tracked.dump()))
        flows = (_read(protocol, number, message, self._family) for message in messages)
        return tuple(flow for flow in flows if flow is not None)

    def forget(self, flows: Iterable[Flow]) -> None:
        """Forget `flows`; one that ended meanwhile is no error. The next packet of each is looked at afresh."""
        wanted = list(flows)
        if wanted:
            self._do(lambda tracked: self._forget_each(tracked, wanted))

    def _forget_each(self, tracked: Any, flows: list[Flow]) -> None:
        for flow in flows:
            with suppress(Absent), translated(f"forget {flow}"):
                tracked.entry("del", tuple_orig=self._first(flow))

    def _first(self, flow: Flow) -> Any:
        (source, source_port), (destination, destination_port) = flow.asker, flow.asked
        return load(_MODULE).NFCTAttrTuple(
            family=self._family,
            saddr=source,
            daddr=destination,
            proto=_NUMBERS[flow.protocol],
            sport=source_port,
            dport=destination_port,
        )

    def _do(self, work: Any) -> Any:
        if self._netns:
            with entered(self._netns):
                return Conntrack(family=4 if self._family == socket.AF_INET else 6)._do(work)
        tracked = load(_MODULE).NFCTSocket(nfgen_family=self._family)
        try:
            return work(tracked)
        finally:
            tracked.close()


def _read(protocol: str, number: int, message: Any, family: int) -> Flow | None:
    first, answer = _end(message.get("CTA_TUPLE_ORIG"), family), _end(message.get("CTA_TUPLE_REPLY"), family)
    if first is None or answer is None or first[0] != number:
        return None
    return Flow(protocol, first[1], first[2], answer[1])


def _end(value: Any, family: int) -> tuple[int, tuple[str, int], tuple[str, int]] | None:
    """Protocol number, source and destination of one direction; None for what has no ports."""
    kind = "V4" if family == socket.AF_INET else "V6"
    if value is None:
        return None
    address, protocol = value.get("CTA_TUPLE_IP"), value.get("CTA_TUPLE_PROTO")
    ports = protocol.get("CTA_PROTO_SRC_PORT"), protocol.get("CTA_PROTO_DST_PORT")
    if None in ports:
        return None
    source, destination = address.get(f"CTA_IP_{kind}_SRC"), address.get(f"CTA_IP_{kind}_DST")
    return protocol.get("CTA_PROTO_NUM"), (source, ports[0]), (destination, ports[1])
