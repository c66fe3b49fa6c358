"""The mode "nftables" at work: its rules and the hands that write them."""

from __future__ import annotations

from dataclasses import replace

from pyk8s.kernel.nftables.run import Nftables
from pyk8s.kernel.nftables.values import Survey, Transaction
from pyk8s.proxy.backend import Backend
from pyk8s.proxy.nftables.names import TABLE
from pyk8s.proxy.nftables.ruleset import Ruleset
from pyk8s.proxy.plan import Settings


def make(settings: Settings) -> Backend[Transaction, Survey]:
    """The mode for `settings.family`, in the namespace of the thread that calls. Raises Unsupported, with what is
    missing, when nft or this kernel cannot."""
    kernel = Nftables(TABLE, "ip" if settings.family == 4 else "ip6")
    try:
        kernel.probe()
    except BaseException:
        kernel.close()
        raise
    return Backend("nftables", settings.family, Ruleset(suited(settings)), kernel, close=kernel.close)


def suited(settings: Settings) -> Settings:
    """`settings` as this mode takes them: node ports do not answer at 127.0.0.1 (that needs the kernel's leave to route
    it, which is given for iptables alone); whoever asks there is refused at once.

    Source: Kubernetes, "NFTables proxy mode: migrating".
    """
    return replace(settings, localhost=False)
