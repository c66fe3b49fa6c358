"""The network namespaces of nodes and of pods, by processes that are in them."""

from __future__ import annotations

import re

import msgspec

from pyk8s.cluster import cgroups, procs
from pyk8s.cluster.errors import NotRunning
from pyk8s.cluster.folder import Folder
from pyk8s.cluster.supervisor.unit import Record


def node_space(folder: Folder, node: str) -> str:
    """The path of the network namespace of `node`. Raises NotRunning."""
    try:
        record = msgspec.json.decode((folder.run / f"{node}.holder.pid").read_bytes(), type=Record)
    except (OSError, msgspec.MsgspecError):
        record = None
    if record is None or not procs.alive(record.identity):
        raise NotRunning(f"node {node} does not run: start it with `pyk8s node start {node} --name {folder.name}`")
    return f"/proc/{record.identity.pid}/ns/net"


def pod_space(folder: Folder, node: str, uid: str, name: str) -> str:
    """The path of the network namespace of the pod with this `uid` and `name` on `node`. Raises NotRunning."""
    found = cgroups.places(cgroups.tree(), f"/{folder.tag}/{node}")
    pid = process_of(found, uid)
    if not pid:
        raise NotRunning(f"pod {name} has no running container on {node}: see `pyk8s describe pod {name}`")
    return f"/proc/{pid}/ns/net"


def process_of(places: dict[int, str], uid: str) -> int:
    """A process of the pod `uid` among those of a node, by their control groups; 0 when there is none."""
    wanted = re.compile(rf"pod{re.escape(uid)}|pod{re.escape(uid.replace('-', '_'))}")
    return next((pid for pid, group in sorted(places.items()) if wanted.search(group)), 0)
