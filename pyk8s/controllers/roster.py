"""All controllers, as an ordered list, and the program that runs them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from pyk8s.aio.supervise import Tasks, keep_running
from pyk8s.api.resources import Resources
from pyk8s.client.interface import Client
from pyk8s.client.recorder import Recorder
from pyk8s.controllers.config import Config
from pyk8s.controllers.deployment.reconcile import DeploymentController
from pyk8s.controllers.endpoints.reconcile import EndpointsController
from pyk8s.controllers.endpointslice.reconcile import EndpointSliceController
from pyk8s.controllers.namespace.reconcile import NamespaceController
from pyk8s.controllers.nodeipam.reconcile import NodeIpamController
from pyk8s.controllers.nodelifecycle.reconcile import NodeLifecycleController, Timing
from pyk8s.controllers.ownergc.reconcile import OwnerGcController
from pyk8s.controllers.podgc.reconcile import PodGcController
from pyk8s.controllers.replicaset.reconcile import ReplicaSetController
from pyk8s.controllers.serviceaccount.reconcile import ServiceAccountController
from pyk8s.observe import logs
from pyk8s.reconcile.context import Context
from pyk8s.reconcile.informers import Informers, Scope
from pyk8s.reconcile.leader import NAMESPACE, Leader, identity

log = logs.get("controllers")

LEASE = "kube-controller-manager"
"""Who of several processes holds it runs the controllers."""


class Controller(Protocol):
    """What every controller is: something that runs until it is cancelled."""

    async def run(self) -> None:
        """Work until cancelled; an exception means that it must be started again."""
        ...


Make = Callable[[Context, Config, Resources], Controller]


@dataclass(frozen=True, slots=True)
class Entry:
    """A controller: the name it acts under, and how it is made."""

    name: str
    make: Make


ROSTER: tuple[Entry, ...] = (
    Entry("node-ipam-controller", lambda c, conf, _: NodeIpamController(c, conf.node_ranges)),
    Entry("service-account-controller", lambda c, conf, _: ServiceAccountController(c, conf.root_ca)),
    Entry("deployment-controller", lambda c, _, __: DeploymentController(c)),
    Entry("replicaset-controller", lambda c, _, __: ReplicaSetController(c)),
    Entry("endpointslice-controller", lambda c, _, __: EndpointSliceController(c)),
    Entry("endpoint-controller", lambda c, _, __: EndpointsController(c)),
    Entry("node-lifecycle-controller", lambda c, conf, _: NodeLifecycleController(c, _timing(conf))),
    Entry("pod-garbage-collector", lambda c, conf, _: PodGcController(c, conf.pod_quarantine, _threshold(conf))),
    Entry("namespace-controller", lambda c, _, resources: NamespaceController(c, lambda: resources)),
    # Last: it follows the metadata of everything, and shares the caches that others keep whole.
    Entry("generic-garbage-collector", lambda c, _, resources: OwnerGcController(c, resources)),
)
"""Every controller, in the order in which they start."""


def _timing(config: Config) -> Timing:
    return Timing(grace=config.node_monitor_grace_period, rate=config.node_eviction_rate)


def _threshold(config: Config) -> int:
    return config.terminated_pod_threshold


async def run(
    client_for: Callable[[str], Client],
    config: Config,
    *,
    resources: Resources | None = None,
    started: Callable[[], None] = lambda: None,
    waiting: Callable[[], None] = lambda: None,
) -> None:
    """Run every controller until cancelled. `client_for` gives the client of each by its name in the roster, and those
    named "informers", "events" and "leader". `started` is called when all of them are at work, `waiting` when another
    process leads."""

    async def work() -> None:
        await lead(client_for, config, resources or Resources.builtin(), started)

    if not config.leader_elect:
        await work()
        return
    leader = Leader(
        client=client_for("leader"), namespace=NAMESPACE, name=LEASE, identity=config.identity or identity()
    )
    await leader.run(work, waiting=waiting)


async def lead(
    client_for: Callable[[str], Client], config: Config, resources: Resources, started: Callable[[], None]
) -> None:
    """Run every controller: each begins as soon as the caches that it reads are current."""
    informers = Informers(client_for("informers"))
    events = client_for("events")
    async with Tasks(lambda why: log.error("ended", why=why)) as tasks:
        beginnings = []
        for entry in ROSTER:
            scope = Scope(informers)
            recorder = Recorder(events, entry.name)
            controller = entry.make(Context(client_for(entry.name), scope, recorder), config, resources)
            tasks.start(recorder.run(), name=f"events-{entry.name}")
            beginnings.append(_begin(entry.name, controller, scope, tasks))
        tasks.start(informers.run(lambda why: log.error("an informer ended", why=why)), name="informers")
        await asyncio.gather(*beginnings)
        started()
        await asyncio.Event().wait()


async def _begin(name: str, controller: Controller, scope: Scope, tasks: Tasks) -> None:
    await scope.synced()
    log.info("started", controller=name)
    tasks.start(
        keep_running(controller.run, failed=lambda why: log.error("failed", controller=name, why=why)), name=name
    )
