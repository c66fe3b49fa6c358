"""Puts pods on nodes: a queue of pods that wait, columns of what nodes have, plugins that mask and score all nodes at
once, and bindings in batches.

Enters: pods and nodes, followed by informers of a `Client`. Leaves: bindings, and for pods that fit nowhere an event
and the condition PodScheduled=False. Everything it knows can be built anew from the API at any moment. It must not know
how a pod is run, nor who made it.
"""

from pyk8s.api.configuration import ConfigInvalid
from pyk8s.scheduler.config import Config
from pyk8s.scheduler.loop import run

__all__ = ["Config", "ConfigInvalid", "run"]
