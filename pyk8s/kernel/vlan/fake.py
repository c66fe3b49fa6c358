"""VLANs of bridge ports held in a dictionary."""

from __future__ import annotations

import errno
from collections.abc import Callable

from pyk8s.kernel.errors import Unsupported, refused
from pyk8s.kernel.vlan.values import DEFAULT, Join, Leave, Membership, Separate, Transaction


class FakeVlans:
    """Runs transactions on `held`: port -> VLAN -> membership, and on `separated`, the bridges that keep them apart.

    `known(link)` says whether there is such a link; a kernel without `able` can do nothing of this.
    """

    def __init__(self, known: Callable[[str], bool] = lambda link: True, *, able: bool = True) -> None:
        self.held: dict[str, dict[int, Membership]] = {}
        self.separated: set[str] = set()
        self.able = able
        self._known = known

    def observe(self, link: str) -> tuple[Membership, ...]:
        """The memberships of the port `link`, by number."""
        return tuple(each for _, each in sorted(self._port(link).items()))

    def run(self, transaction: Transaction) -> None:
        """Carry out `transaction`."""
        for action in transaction:
            match action:
                case Separate(bridge):
                    if not self.able:
                        raise Unsupported(f"{bridge}: this kernel cannot keep VLANs apart on a bridge")
                    self.separated.add(bridge)
                case Join(membership):
                    self._port(membership.link)[membership.number] = membership
                case Leave(link, number):
                    self._port(link).pop(number, None)

    def _port(self, link: str) -> dict[int, Membership]:
        if not self._known(link):
            raise refused(f"VLANs of {link}", errno.ENODEV)
        return self.held.setdefault(link, {DEFAULT: Membership(link, DEFAULT, primary=True, untagged=True)})
