"""Roles for people, for whoever asks what the server is, and for programs that check others' rights."""

from __future__ import annotations

from pyk8s.apiserver.authorization.bootstrap.rows import ALL, CHANGE, GROUP, READ, Bound, Role, allow, paths

AUTHENTICATED, UNAUTHENTICATED = "Group:system:authenticated", "Group:system:unauthenticated"
CERTIFICATES = "certificates.k8s.io"
_REQUESTS = "system:certificates.k8s.io:certificatesigningrequests"

EDITED_CORE = (
    "configmaps events persistentvolumeclaims replicationcontrollers replicationcontrollers/scale "
    "secrets serviceaccounts services services/proxy"
)
EDITED_APPS = (
    "daemonsets deployments deployments/rollback deployments/scale replicasets replicasets/scale "
    "statefulsets statefulsets/scale"
)
VIEWED_CORE = (
    "configmaps endpoints persistentvolumeclaims persistentvolumeclaims/status pods replicationcontrollers "
    "replicationcontrollers/scale serviceaccounts services services/status bindings events limitranges "
    "namespaces namespaces/status pods/log pods/status replicationcontrollers/status resourcequotas "
    "resourcequotas/status"
)
VIEWED_APPS = (
    "controllerrevisions daemonsets daemonsets/status deployments deployments/scale deployments/status replicasets "
    "replicasets/scale replicasets/status statefulsets statefulsets/scale statefulsets/status"
)

ROLES: tuple[Role, ...] = (
    Role("cluster-admin", (allow("*", "*", "*"), paths("*", "*"))),
    Role("admin", aggregates="admin"),
    Role("edit", aggregates="edit", labels=("admin",)),
    Role("view", aggregates="view", labels=("edit",)),
    Role(
        "system:aggregate-to-admin",
        (allow("create", "localsubjectaccessreviews", "authorization.k8s.io"), allow(ALL, "roles rolebindings", GROUP)),
        labels=("admin",),
    ),
    Role(
        "system:aggregate-to-edit",
        (
            allow(READ, "pods/attach pods/exec pods/portforward pods/proxy secrets services/proxy"),
            allow("impersonate", "serviceaccounts"),
            allow(CHANGE, "pods pods/attach pods/exec pods/portforward pods/proxy"),
            allow("create", "pods/eviction serviceaccounts/token"),
            allow(CHANGE, EDITED_CORE),
            allow(CHANGE, EDITED_APPS, "apps"),
            allow(CHANGE, "horizontalpodautoscalers", "autoscaling"),
            allow(CHANGE, "cronjobs jobs", "batch"),
            allow(CHANGE, "poddisruptionbudgets", "policy"),
            allow(CHANGE, "ingresses networkpolicies", "networking.k8s.io"),
            allow(ALL, "leases", "coordination.k8s.io"),
            allow(CHANGE, "resourceclaims resourceclaimtemplates", "resource.k8s.io"),
        ),
        labels=("edit",),
    ),
    Role(
        "system:aggregate-to-view",
        (
            allow(READ, VIEWED_CORE),
            allow(READ, "endpointslices", "discovery.k8s.io"),
            allow(READ, VIEWED_APPS, "apps"),
            allow(READ, "horizontalpodautoscalers horizontalpodautoscalers/status", "autoscaling"),
            allow(READ, "cronjobs cronjobs/status jobs jobs/status", "batch"),
            allow(READ, "poddisruptionbudgets poddisruptionbudgets/status", "policy"),
            allow(READ, "ingresses ingresses/status networkpolicies", "networking.k8s.io"),
            allow(READ, "resourceclaims resourceclaims/status resourceclaimtemplates", "resource.k8s.io"),
        ),
        labels=("view",),
    ),
    Role(
        "system:basic-user",
        (
            allow("create", "selfsubjectaccessreviews selfsubjectrulesreviews", "authorization.k8s.io"),
            allow("create", "selfsubjectreviews", "authentication.k8s.io"),
        ),
    ),
    Role(
        "system:discovery",
        (paths("get", "/api /api/* /apis /apis/* /healthz /livez /openapi /openapi/* /readyz /version /version/"),),
    ),
    Role(
        "system:public-info-viewer", (paths("get", "/healthz /healthz/* /livez /livez/* /readyz /readyz/* /version"),)
    ),
    Role(
        "system:monitoring",
        (paths("get", "/healthz /healthz/* /livez /livez/* /metrics /metrics/slis /readyz /readyz/*"),),
    ),
    Role(
        "system:service-account-issuer-discovery",
        (paths("get", "/.well-known/openid-configuration /.well-known/openid-configuration/ /openid/v1/jwks"),),
    ),
    Role(
        "system:auth-delegator",
        (
            allow("create", "tokenreviews", "authentication.k8s.io"),
            allow("create", "subjectaccessreviews", "authorization.k8s.io"),
        ),
    ),
    Role("system:heapster", (allow(READ, "events namespaces nodes pods"), allow(READ, "deployments", "apps"))),
    Role("system:kube-aggregator", (allow(READ, "endpoints services"),)),
    Role(
        "system:kubelet-api-admin",
        (
            allow(READ, "nodes"),
            allow("proxy", "nodes"),
            allow("*", "nodes/log nodes/metrics nodes/proxy nodes/stats nodes/healthz nodes/pods nodes/configz"),
        ),
    ),
    Role(f"{_REQUESTS}:nodeclient", (allow("create", "certificatesigningrequests/nodeclient", CERTIFICATES),)),
    Role(f"{_REQUESTS}:selfnodeclient", (allow("create", "certificatesigningrequests/selfnodeclient", CERTIFICATES),)),
    *(
        Role(
            f"system:certificates.k8s.io:{name}-approver",
            (allow("approve", "signers", CERTIFICATES, f"kubernetes.io/{name}"),),
        )
        for name in ("kube-apiserver-client", "kube-apiserver-client-kubelet", "kubelet-serving", "legacy-unknown")
    ),
)

BINDINGS: tuple[Bound, ...] = (
    Bound("cluster-admin", ("Group:system:masters",)),
    Bound("system:basic-user", (AUTHENTICATED,)),
    Bound("system:discovery", (AUTHENTICATED,)),
    Bound("system:public-info-viewer", (AUTHENTICATED, UNAUTHENTICATED)),
    Bound("system:monitoring", ("Group:system:monitoring",)),
    Bound("system:service-account-issuer-discovery", ("Group:system:serviceaccounts",)),
)
