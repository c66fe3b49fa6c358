"""Change and read the kernel's virtual servers through generic netlink, thousands of them in a few calls."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pyk8s.kernel import modules
from pyk8s.kernel.attributes import attributes, number, text
from pyk8s.kernel.channel import Channel, Request, channel
from pyk8s.kernel.errors import Absent, Refused, Unsupported
from pyk8s.kernel.ipvs import messages
from pyk8s.kernel.ipvs.values import Add, Change, Key, Load, Place, Server, SetTimeouts, Table, Transaction

_GENERIC = 16
_CONTROL, _GET_FAMILY, _FAMILY_ID, _FAMILY_NAME = 16, 3, 1, 2


@dataclass(frozen=True, slots=True)
class Ipvs:
    """The virtual servers of the namespace at path `netns` ("" is the calling thread's)."""

    netns: str = ""

    def run(self, transaction: Transaction) -> None:
        """Carry out `transaction` in its order. Raises Exists, Absent or Refused for the first action that failed, with
        some of those after it done; Unsupported when this kernel has no IPVS or not that scheduler."""
        if not transaction:
            return
        with self._open() as (netlink, family), _in_words():
            netlink.run(Request(family, messages.payload(each), each) for each in transaction)

    def observe(self, family: int = 0) -> Table:
        """Every virtual server of one address family, 4 or 6 (0: both), with its real ones and their loads."""
        with self._open() as (netlink, kind):
            servers = dict(self._servers(netlink, kind))
            # Not /proc/net/ip_vs, which is one read: where several namespaces have servers, it leaves some of them out.
            return {
                key: messages.entry(server, list(self._reals(netlink, kind, key)))
                for key, server in servers.items()
                if family in (0, key.family)
            }

    def count(self) -> dict[Key, int]:
        """How many packets came to each virtual server."""
        with self._open() as (netlink, kind):
            told = netlink.dump(Request(kind, messages.head(messages.GET), "list virtual servers"))
            return {messages.read_server(data)[0]: messages.read_packets(data) for _, data in told}

    def loads(self, key: Key) -> dict[Place, Load]:
        """The connections that the real servers of one virtual server have; {} when there is no such server."""
        with self._open() as (netlink, kind):
            return {place: load for place, _, load in self._reals(netlink, kind, key)}

    def timeouts(self) -> SetTimeouts:
        """For how long connections are kept."""
        with self._open() as (netlink, kind):
            return messages.read_timeouts(
                netlink.ask(Request(kind, messages.head(messages.GET_TIMEOUTS), "read time-outs"))
            )

    def _servers(self, netlink: Channel, kind: int) -> Iterator[tuple[Key, Server]]:
        for _, data in netlink.dump(Request(kind, messages.head(messages.GET), "list virtual servers")):
            yield messages.read_server(data)

    def _reals(self, netlink: Channel, kind: int, key: Key) -> Iterator[messages.Told]:
        for _, data in netlink.dump(Request(kind, messages.reals_of(key), f"list real servers of {key}")):
            yield messages.read_real(data, key.family)

    @contextmanager
    def _open(self) -> Iterator[tuple[Channel, int]]:
        with channel(_GENERIC, self.netns) as netlink:
            yield netlink, _family(netlink)


def probe() -> None:
    """Raise Unsupported, saying what to do, unless this kernel has IPVS; its module is loaded if need be."""
    with channel(_GENERIC) as netlink:
        try:
            _family(netlink)
        except Unsupported:
            try:
                modules.load("ip_vs")
            except Unsupported as why:
                raise Unsupported(f"{MISSING} ({why})") from why
            _family(netlink)


MISSING = (
    "this kernel has no IPVS: its module ip_vs is needed (`modprobe ip_vs`; it comes with the package of the kernel, "
    "linux-image-amd64 or linux-image-cloud-amd64 of Debian, linux-modules of Ubuntu), or use another mode of the proxy"
)


def _family(netlink: Channel) -> int:
    """The number that generic netlink gave to IPVS."""
    request = Request(_CONTROL, bytes((_GET_FAMILY, 1, 0, 0)) + text(_FAMILY_NAME, "IPVS"), "find IPVS")
    try:
        answer = netlink.ask(request)
    except Absent as why:
        raise Unsupported(MISSING) from why
    return number(dict(attributes(answer[4:]))[_FAMILY_ID])


@contextmanager
def _in_words() -> Iterator[None]:
    """A scheduler that is not there is "no such file" to the kernel."""
    try:
        yield
    except Refused as why:
        if why.number == errno.ENOENT and isinstance(why.action, Add | Change):
            name = why.action.server.scheduler
            said = f"this kernel cannot choose by {name!r}: its module ip_vs_{name} is needed"
            raise Unsupported(f"{why.action.key}: {said}") from why
        raise
