"""kube-proxy: packets to a service reach one of its ready endpoints.

Enters: Services and EndpointSlices, from informers. Leaves: packet rules in the kernel of this node. It must not know
pods, nor how an endpoint became ready; the plan must not know with which rules it is carried out.

A change walks: `objects` (what is read of the API) → `changes` (what is pending) → `plan` (which packet goes where) →
a mode (`iptables`, `ipvs`, `nftables`: rules as values) → `keeper` (one transaction, one family). `sync` joins the
families of a node with what it hears of; `conntrack` says which connections to forget, `balancers` and `health` answer
those who ask. `trace` says of the plan what becomes of a packet, and each mode's own `trace` says it of its rules.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyk8s.client.interface import Client


async def run(client: Client, config: Mapping[str, Any], *, started: Callable[[], None] = lambda: None) -> None:
    """Be the proxy of the node that `config` (node.yaml) describes, until cancelled.

    `started` is called once the kernel has for the first time every rule that there should be.
    """
    from pyk8s.proxy.sync import run as keep_in_step  # loaded only by those who run a proxy

    await keep_in_step(client, config, started=started)
