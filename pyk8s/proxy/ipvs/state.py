"""What the kernel has of the mode, and what changes it: values that hold those of four parts of the kernel. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pyk8s.kernel.ipset import values as ipset
from pyk8s.kernel.iptables import values as iptables
from pyk8s.kernel.ipvs import values as ipvs

LINK = "kube-ipvs0"
"""The dummy link that holds the addresses of services."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a survey finds: virtual servers and sets of one family, the addresses of `LINK` (None: no such link), and
    roughly what each iptables table holds."""

    servers: ipvs.Table = field(default_factory=dict)
    sets: Mapping[str, ipset.Content] = field(default_factory=dict)
    addresses: frozenset[str] | None = None
    surveys: Mapping[str, iptables.Survey] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """A transaction, in the order in which it is carried out: whoever is sent somewhere is marked and known before, and
    whoever was is forgotten after. False when there is nothing to do.

    `link` wishes for `LINK` to be there (True), or gone (False) at the end.
    """

    link: bool | None = None
    makes: ipset.Transaction = ()
    rules: iptables.Transaction = ()
    servers: ipvs.Transaction = ()
    comes: tuple[str, ...] = ()
    goes: tuple[str, ...] = ()
    ends: ipvs.Transaction = ()
    drops: ipset.Transaction = ()

    def __bool__(self) -> bool:
        held = (self.makes, self.rules, self.servers, self.comes, self.goes, self.ends, self.drops)
        return self.link is not None or any(held)

    def __len__(self) -> int:
        held = (self.makes, self.rules, self.servers, self.comes, self.goes, self.ends, self.drops)
        return sum(len(each) for each in held)
