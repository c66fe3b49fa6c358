"""The plugins, in order: a node that one refuses is not shown to those behind it, and counts with its reason only."""

from pyk8s.scheduler.plugins import (
    affinity,
    balance,
    imagelocality,
    nodename,
    ports,
    resources,
    spread,
    taints,
    unschedulable,
)

ORDER = (
    unschedulable.PLUGIN,
    nodename.PLUGIN,
    taints.PLUGIN,
    affinity.PLUGIN,
    ports.PLUGIN,
    resources.PLUGIN,
    spread.PLUGIN,
    balance.PLUGIN,
    imagelocality.PLUGIN,
)
