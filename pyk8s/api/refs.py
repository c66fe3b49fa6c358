"""Names of things in the API: which resource, and which object of it."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Ref:
    """One resource, collection or object as a URL would name it.

    `resource` is the lower-case plural ("pods"); `group` is "" for the core group. An empty `name` is the collection;
    an empty `namespace` is a cluster-scoped resource or the collection over all namespaces. `subresource` is "status",
    "scale", "binding", … or "".
    """

    group: str
    version: str
    resource: str
    namespace: str = ""
    name: str = ""
    subresource: str = ""

    @property
    def api_version(self) -> str:
        """`group/version`, or the bare version in the core group: what stands in an object's apiVersion."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def path(self) -> str:
        """The URL path of the Kubernetes API conventions: /api/v1/… for the core group, /apis/GROUP/VERSION/… else."""
        parts = ["/apis", self.group, self.version] if self.group else ["/api", self.version]
        if self.namespace:
            parts += ["namespaces", self.namespace]
        parts.append(self.resource)
        parts += [part for part in (self.name, self.subresource) if part]
        return "/".join(parts)

    def of(self, name: str, namespace: str | None = None) -> Ref:
        """The object `name` of this resource, in `namespace` when given."""
        return replace(self, name=name, namespace=self.namespace if namespace is None else namespace)

    def within(self, namespace: str) -> Ref:
        """The collection of this resource in `namespace`."""
        return replace(self, namespace=namespace)

    def sub(self, subresource: str) -> Ref:
        """The subresource of this object."""
        return replace(self, subresource=subresource)


PODS = Ref("", "v1", "pods")
NODES = Ref("", "v1", "nodes")
NAMESPACES = Ref("", "v1", "namespaces")
SERVICES = Ref("", "v1", "services")
ENDPOINTS = Ref("", "v1", "endpoints")
CONFIG_MAPS = Ref("", "v1", "configmaps")
SECRETS = Ref("", "v1", "secrets")
SERVICE_ACCOUNTS = Ref("", "v1", "serviceaccounts")
EVENTS = Ref("", "v1", "events")
ENDPOINT_SLICES = Ref("discovery.k8s.io", "v1", "endpointslices")
DEPLOYMENTS = Ref("apps", "v1", "deployments")
REPLICA_SETS = Ref("apps", "v1", "replicasets")
DAEMON_SETS = Ref("apps", "v1", "daemonsets")
LEASES = Ref("coordination.k8s.io", "v1", "leases")
