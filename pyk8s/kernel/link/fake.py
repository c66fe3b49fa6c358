"""Links held in dictionaries: the same transactions, no kernel."""

from __future__ import annotations

import errno
from dataclasses import replace

from pyk8s.kernel.errors import refused
from pyk8s.kernel.link.values import Action, Add, AddAddress, Change, Link, Peer, Remove, RemoveAddress, Transaction

DEFAULT_MTU = 1500


class FakeLinks:
    """Runs transactions on `spaces`: namespace path -> link name -> link. A namespace exists once it is named there."""

    def __init__(self, *netns: str) -> None:
        self._count = 0
        self._numbers: dict[tuple[str, str], int] = {}
        self.spaces: dict[str, dict[str, Link]] = {path: {"lo": Link("lo", mtu=65536)} for path in ("", *netns)}

    def observe(self, netns: str = "") -> dict[str, Link]:
        """Every link of `netns` by name, its peer untold as the kernel leaves it."""
        return {name: replace(link, peer=None) for name, link in self._space(netns).items()}

    def index(self, name: str, netns: str = "") -> int:
        """The number of the link `name`, 0 when there is none."""
        held = self._space(netns).get(name)
        return 0 if held is None else self._numbers[netns, name]

    def run(self, transaction: Transaction, netns: str = "") -> None:
        """Carry out `transaction` in `netns`; raises what the kernel would."""
        for action in transaction:
            self._run_one(action, netns)

    def _run_one(self, action: Action, netns: str) -> None:
        space = self._space(netns)
        match action:
            case Add(link):
                self._add(action, netns)
            case Change():
                space[action.name] = _changed(self._held(action, netns), action, space)
            case AddAddress(name, address):
                link = self._held(action, netns)
                if address in link.addresses:
                    raise refused(action, errno.EEXIST)
                space[name] = replace(link, addresses=(*link.addresses, address))
            case RemoveAddress(name, address):
                link = self._held(action, netns)
                if address not in link.addresses:
                    raise refused(action, errno.EADDRNOTAVAIL)
                space[name] = replace(link, addresses=tuple(each for each in link.addresses if each != address))
            case Remove():
                self._remove(action, netns)

    def _space(self, netns: str) -> dict[str, Link]:
        if netns not in self.spaces:
            raise refused(f"open network namespace {netns}", errno.ENOENT)
        return self.spaces[netns]

    def _held(self, action: Change | AddAddress | RemoveAddress | Remove, netns: str) -> Link:
        link = self._space(netns).get(action.name)
        if link is None:
            raise refused(action, errno.ENODEV)
        return link

    def _add(self, action: Add, netns: str) -> None:
        link, space = action.link, self._space(netns)
        if link.name in space:
            raise refused(action, errno.EEXIST)
        if link.master and link.master not in space:
            raise refused(action, errno.ENODEV)
        made = replace(link, mtu=link.mtu or DEFAULT_MTU, addresses=(), hairpin=False, promiscuous=False, alias="")
        if link.kind == "veth":
            peer = link.peer or Peer(f"{link.name}-peer")
            beyond = self._space(peer.netns or netns)
            if peer.name in beyond:
                raise refused(action, errno.EEXIST)
            made = replace(made, peer=peer)
            back = Peer(link.name, netns)
            beyond[peer.name] = Link(peer.name, "veth", up=False, mtu=made.mtu, mac=peer.mac, peer=back)
            self._count += 1
            self._numbers[peer.netns or netns, peer.name] = self._count
        space[link.name] = made
        self._count += 1
        self._numbers[netns, link.name] = self._count

    def _remove(self, action: Remove, netns: str) -> None:
        link, space = self._held(action, netns), self._space(netns)
        if link.peer is not None:
            for place in (link.peer.netns, netns):
                other = self.spaces[place].get(link.peer.name)
                if other is not None and other.peer is not None and other.peer.name == link.name:
                    del self.spaces[place][link.peer.name]
        del space[link.name]
        for name, port in space.items():
            if port.master == link.name:
                space[name] = replace(port, master="", hairpin=False)


def _changed(link: Link, change: Change, space: dict[str, Link]) -> Link:
    if change.master and change.master not in space:
        raise refused(change, errno.ENODEV)
    fields = ("up", "mtu", "mac", "master", "hairpin", "promiscuous", "alias")
    wanted = {field: getattr(change, field) for field in fields if getattr(change, field) is not None}
    return replace(link, **wanted)
