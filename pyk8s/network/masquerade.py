"""Which packets leave a node under its own address: those of pods to places that know no way back to a pod.

Pure: rules as values. The chains are ours alone; the built-in ones get one jump each.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from pyk8s.kernel.iptables.values import (
    ACCEPT,
    RETURN,
    Destination,
    Jump,
    Masquerade,
    Rule,
    Source,
    Tables,
)

MASQUERADE = "PYK8S-MASQUERADE"
FORWARD = "PYK8S-FORWARD"
HOST_PORTS = "PYK8S-HOSTPORTS"
HOST_PORTS_HAIRPIN = "PYK8S-HOSTPORTS-SNAT"
HOST_PORTS_GUARD = "PYK8S-HOSTPORTS-GUARD"

MULTICAST = {4: "224.0.0.0/4", 6: "ff00::/8"}


def plan_masquerade(pods: Sequence[str], cluster: Sequence[str], nodes: Iterable[str], *, family: int = 4) -> Tables:
    """The chains for a node whose pods have the ranges `pods`, in a cluster of the ranges `cluster`.

    A pod's packet to a pod or to a node of the cluster keeps its source: they know the way back. All others leave
    under the node's address. Packets of the cluster are let through whatever the policy of the FORWARD chain is.
    """
    own, all_pods = _of(pods, family), _of(cluster, family)
    keep = [
        *all_pods,
        *(f"{node}/{32 if family == 4 else 128}" for node in sorted(set(_of(nodes, family)))),
        MULTICAST[family],
    ]
    rules = [Rule((Source(pod), Destination(kept)), RETURN) for pod in own for kept in dict.fromkeys(keep)]
    rules += [Rule((Source(pod),), Masquerade(random=True), "pod to the world") for pod in own]
    forward = [Rule((match(pod),), ACCEPT) for pod in (all_pods or own) for match in (Source, Destination)]
    return {"nat": {MASQUERADE: tuple(rules)}, "filter": {FORWARD: tuple(forward)}}


JUMPS: Mapping[tuple[str, str], tuple[Rule, ...]] = {
    ("nat", "POSTROUTING"): (Rule((), Jump(MASQUERADE)),),
    ("filter", "FORWARD"): (Rule((), Jump(FORWARD)),),
}
"""Which chain each built-in chain jumps to: last, so that services without endpoints have been refused before."""


def _of(texts: Iterable[str], family: int) -> list[str]:
    return [text for text in texts if (":" in text) == (family == 6)]
