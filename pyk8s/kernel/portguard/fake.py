"""Guards on bridge ports held in a dictionary."""

from __future__ import annotations

from pyk8s.kernel.errors import Unsupported
from pyk8s.kernel.portguard.values import Guard, Release, Transaction


class FakePortGuards:
    """Runs transactions on `held`: port -> MAC. A kernel, or machine, without `able` can do nothing of this."""

    def __init__(self, *, able: bool = True) -> None:
        self.held: dict[str, str] = {}
        self.able = able

    def observe(self) -> dict[str, str]:
        """The guarded ports with their MACs."""
        return dict(self.held)

    def run(self, transaction: Transaction) -> None:
        """Carry out `transaction`."""
        if not self.able:
            raise Unsupported("nft is not installed: install the package nftables")
        for action in transaction:
            match action:
                case Guard(link, mac):
                    self.held[link] = mac
                case Release(link):
                    self.held.pop(link, None)
