"""Nodes, pods and snapshots of them, in few words."""

import orjson

from pyk8s.scheduler import objects
from pyk8s.scheduler.snapshot import Snapshot
from pyk8s.scheduler.template import Templates, make

HOSTNAME = "kubernetes.io/hostname"
ZONE = "topology.kubernetes.io/zone"


def node_object(
    name, *, cpu="4", memory="8Gi", pods="110", labels=None, taints=(), unschedulable=False, images=(), **more
):
    """A node as the API shows it; `taints` are texts "key=value:effect"."""
    split = [(*text.partition(":")[0].partition("=")[::2], text.rpartition(":")[2]) for text in taints]
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "uid": f"uid-{name}", "labels": {HOSTNAME: name, **(labels or {})}},
        "spec": {
            "unschedulable": unschedulable,
            "taints": [{"key": key, "value": value, "effect": effect} for key, value, effect in split],
        },
        "status": {
            "allocatable": {"cpu": cpu, "memory": memory, "pods": pods, **more},
            "images": [{"names": [image], "sizeBytes": size} for image, size in images],
        },
    }


def pod_object(name="web", *, namespace="default", labels=None, owner="", cpu="", memory="", port=0, node="", **spec):
    """A pod of one container as the API shows it."""
    requests = {key: value for key, value in (("cpu", cpu), ("memory", memory)) if value}
    container = {"name": "main", "image": spec.pop("image", "nginx"), "resources": {"requests": requests}}
    if port:
        container["ports"] = [{"containerPort": port, "hostPort": port, "protocol": "TCP"}]
    metadata = {"name": name, "namespace": namespace, "uid": f"uid-{name}", "labels": labels or {}}
    if owner:
        kind = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": owner}
        metadata["ownerReferences"] = [{**kind, "uid": owner, "controller": True}]
    spec = {"schedulerName": "default-scheduler", "containers": [container], **spec}
    if node:
        spec["nodeName"] = node
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec, "status": {"phase": "Pending"}}


def node(name, **more):
    """A node as the scheduler reads it."""
    return objects.node(orjson.dumps(node_object(name, **more)))


def pod(name="web", **more):
    """A pod as the scheduler reads it."""
    return objects.pod(orjson.dumps(pod_object(name, **more)))


def template(**more):
    """What a pod is to the scheduler."""
    return make(pod(**more))


class Cluster(Snapshot):
    """A snapshot that is filled in few words."""

    def __init__(self, *nodes):
        super().__init__()
        self._templates = Templates()
        for one in nodes:
            self.set_node(one)

    def put(self, name, on, **more):
        """A pod that stands on a node."""
        made = pod(name, **more)
        self.place(made.key, made.metadata.uid, on, self._templates.of(made))
        return self

    def named(self, mask):
        """The names of the nodes a mask means."""
        return {name for row, name in enumerate(self.rows.names) if name and mask[row]}

    def scores(self, score):
        """The score of each node, rounded."""
        return {name: round(float(score[row])) for row, name in enumerate(self.rows.names) if name}
