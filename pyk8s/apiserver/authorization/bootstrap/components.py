"""Roles for the components of a cluster: scheduler, nodes, proxies, and what may be granted to add-ons."""

from __future__ import annotations

from pyk8s.apiserver.authorization.bootstrap.rows import ALL, EVENTS, READ, Bound, Role, allow

_DELEGATED = (
    allow("create", "tokenreviews", "authentication.k8s.io"),
    allow("create", "subjectaccessreviews", "authorization.k8s.io"),
)
_CSR = "certificatesigningrequests"


def _lease(name: str) -> tuple[dict[str, object], ...]:
    """The right to one lease: to make it and to keep it."""
    return (
        allow("create", "leases", "coordination.k8s.io"),
        allow("get list watch update patch", "leases", "coordination.k8s.io", name),
    )


NODE = Role(
    "system:node",
    (
        *_DELEGATED,
        allow("create", "localsubjectaccessreviews", "authorization.k8s.io"),
        allow(READ, "services"),
        allow("create get list watch", "nodes"),
        allow("patch update", "nodes nodes/status"),
        EVENTS,
        allow(READ, "pods"),
        allow("create delete", "pods"),
        allow("get patch update", "pods/status"),
        allow("create", "pods/eviction serviceaccounts/token"),
        allow(READ, "configmaps secrets"),
        allow("get", "persistentvolumeclaims persistentvolumes endpoints serviceaccounts"),
        allow("get patch update", "persistentvolumeclaims/status"),
        allow("create get list watch", _CSR, "certificates.k8s.io"),
        allow("create delete get patch update", "leases", "coordination.k8s.io"),
        allow("get", "volumeattachments", "storage.k8s.io"),
        allow(READ, "csidrivers", "storage.k8s.io"),
        allow("create delete get patch update", "csinodes", "storage.k8s.io"),
        allow(READ, "runtimeclasses", "node.k8s.io"),
        allow("get", "resourceclaims", "resource.k8s.io"),
        allow(ALL, "resourceslices", "resource.k8s.io"),
    ),
)
"""Bound to nobody: the node authorizer reads its rules and narrows them to each node's own objects."""

ROLES: tuple[Role, ...] = (
    NODE,
    Role(
        "system:kube-scheduler",
        (
            EVENTS,
            *_lease("kube-scheduler"),
            *_DELEGATED,
            allow(READ, "nodes namespaces replicationcontrollers services persistentvolumeclaims persistentvolumes"),
            allow("delete get list watch", "pods"),
            allow("create", "bindings pods/binding"),
            allow("patch update", "pods/status"),
            allow(READ, "replicasets statefulsets", "apps"),
            allow(READ, "poddisruptionbudgets", "policy"),
            allow(READ, "csinodes csidrivers csistoragecapacities volumeattachments", "storage.k8s.io"),
            allow(READ, "deviceclasses resourceclaims resourceslices", "resource.k8s.io"),
        ),
    ),
    Role(
        "system:volume-scheduler",
        (
            allow("get list patch update watch", "persistentvolumes persistentvolumeclaims"),
            allow(READ, "storageclasses", "storage.k8s.io"),
        ),
    ),
    Role(
        "system:node-proxier",
        (
            EVENTS,
            allow(READ, "services endpoints nodes"),
            allow(READ, "endpointslices", "discovery.k8s.io"),
            allow(READ, "servicecidrs", "networking.k8s.io"),
        ),
    ),
    Role("pyk8s:network-agent", (allow(READ, "nodes"),)),
    Role("pyk8s:network-choice", (allow(READ, "configmaps", names="pyk8s-network"),), namespace="kube-system"),
    Role("kube-proxy", (allow(READ, "configmaps", names="kube-proxy"),), namespace="kube-system"),
    Role("system:kube-dns", (allow("list watch", "endpoints services"),)),
    Role("system:node-bootstrapper", (allow("create get list watch", _CSR, "certificates.k8s.io"),)),
    Role("system:node-problem-detector", (EVENTS, allow("get", "nodes"), allow("patch", "nodes/status"))),
    Role(
        "system:persistent-volume-provisioner",
        (
            EVENTS,
            allow("create delete get list watch", "persistentvolumes"),
            allow("get list update watch", "persistentvolumeclaims"),
            allow(READ, "storageclasses", "storage.k8s.io"),
            allow("watch", "events"),
        ),
    ),
    Role(
        "extension-apiserver-authentication-reader",
        (allow(READ, "configmaps", names="extension-apiserver-authentication"),),
        namespace="kube-system",
    ),
)

SCHEDULER = "User:system:kube-scheduler"
CONTROLLERS = "User:system:kube-controller-manager"
PROXIES = ("User:system:kube-proxy", "Group:system:node-proxiers")

BINDINGS: tuple[Bound, ...] = (
    Bound("system:kube-scheduler", (SCHEDULER,)),
    Bound("system:volume-scheduler", (SCHEDULER,)),
    Bound("system:node-proxier", PROXIES),
    # Its mode is the whole cluster's choice, and changed while it runs.
    Bound("kube-proxy", PROXIES, namespace="kube-system"),
    # Routes to the other nodes need their addresses, which a node does not see by the node authorizer.
    Bound("pyk8s:network-agent", ("Group:system:nodes",)),
    # Which way packets travel between nodes is the whole cluster's choice, and no pod of a node refers to it.
    Bound("pyk8s:network-choice", ("Group:system:nodes",), namespace="kube-system"),
    Bound("system:kube-dns", ("ServiceAccount:kube-system/kube-dns",)),
    Bound(
        "extension-apiserver-authentication-reader",
        (SCHEDULER, CONTROLLERS),
        name="system::extension-apiserver-authentication-reader",
        namespace="kube-system",
    ),
)
