"""What every cluster has from the start: its namespaces, priority classes, roles, and the `kubernetes` service.

Everything is made only when it is absent; roles and bindings that lack a rule or a subject get it again, unless their
annotation says hands off. Run by every API server at each start; all of it may happen several times at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from pyk8s.api.errors import ApiError
from pyk8s.api.objectmeta import Object
from pyk8s.api.resources import Resource, Resources
from pyk8s.apiserver.registry.config import Config
from pyk8s.apiserver.request import Answer, Handler, Request, User

SYSTEM = User("system:apiserver", ("system:masters",))
"""The API server as a user of itself."""

NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")
AUTOUPDATE = "rbac.authorization.kubernetes.io/autoupdate"
"""The annotation that, when "false", keeps a role or binding as people made it."""


def system_objects(config: Config) -> list[Object]:
    """The objects of every cluster, in the order in which they can be made; roles come from elsewhere."""
    return [
        *(_namespace(name) for name in NAMESPACES),
        _priority_class("system-node-critical", 2_000_001_000, "Used for system critical pods that must not be moved."),
        _priority_class(
            "system-cluster-critical",
            2_000_000_000,
            "Used for system critical pods that must run in the cluster, but can be moved to another node.",
        ),
        {
            "kind": "ServiceCIDR",
            "apiVersion": "networking.k8s.io/v1",
            "metadata": {"name": "kubernetes"},
            "spec": {"cidrs": [str(network) for network in config.services]},
        },
        kubernetes_service(config),
    ]


def _namespace(name: str) -> Object:
    return {"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": name}}


def _priority_class(name: str, value: int, description: str) -> Object:
    return {
        "kind": "PriorityClass",
        "apiVersion": "scheduling.k8s.io/v1",
        "metadata": {"name": name},
        "value": value,
        "description": description,
    }


def kubernetes_service(config: Config) -> Object:
    """The service at whose address pods find the API."""
    target = config.advertise_port
    return {
        "kind": "Service",
        "apiVersion": "v1",
        "metadata": {
            "name": "kubernetes",
            "namespace": "default",
            "labels": {"component": "apiserver", "provider": "kubernetes"},
        },
        "spec": {
            "type": "ClusterIP",
            "clusterIP": config.first_service_ip,
            "ports": [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": target}],
        },
    }


class Bootstrap:
    """Makes what is absent, through `handle`."""

    def __init__(self, handle: Handler, resources: Resources) -> None:
        self._handle = handle
        self._resources = resources

    async def run(self, config: Config, roles: Iterable[Object]) -> None:
        """Make the objects of every cluster and these roles and bindings. Raises ApiError."""
        await self.ensure(system_objects(config))
        await self.ensure(roles)

    async def ensure(self, objects: Iterable[Object]) -> None:
        """Make each object that is absent, one after the other; put right roles, bindings and target ports.

        Raises ApiError.
        """
        for obj in objects:
            await self._ensure(obj)

    async def _ensure(self, obj: Object) -> None:
        resource = self._resource(obj)
        try:
            held = await self._ask("get", resource, obj)
        except ApiError as error:
            if error.reason != "NotFound":
                raise
            try:
                await self._ask("create", resource, obj, obj)
            except ApiError as raced:
                if raced.reason != "AlreadyExists":
                    raise
            return
        mended = mend(held, obj)
        if mended is not None:
            await self._ask("update", resource, obj, mended)

    def _resource(self, obj: Object) -> Resource:
        found = self._resources.by_kind(obj["apiVersion"], obj["kind"])
        assert found is not None, f"{obj['kind']} is a built-in kind"
        return found

    async def _ask(self, verb: str, resource: Resource, named: Object, body: Object | None = None) -> Object:
        metadata = named["metadata"]
        answer = await self._handle(
            Request(
                verb=verb,
                resource=resource,
                namespace=metadata.get("namespace", ""),
                name="" if verb == "create" else metadata["name"],
                body=orjson.dumps(body) if body is not None else b"",
                user=SYSTEM,
            )
        )
        assert isinstance(answer, Answer), f"{verb} is answered with one object"
        found: Object = orjson.loads(answer.body)
        return found


def mend(held: Object, wanted: Object) -> Object | None:
    """`held` with what it lacks of `wanted`; None when it lacks nothing or is not to be touched."""
    match wanted["kind"]:
        case "ClusterRole" | "Role":
            return _mended(held, wanted, "rules")
        case "ClusterRoleBinding" | "RoleBinding":
            return _mended(held, wanted, "subjects")
        case "Service":
            return _retargeted(held, wanted)
        case _:
            return None


def _mended(held: Object, wanted: Object, field: str) -> Object | None:
    if (held["metadata"].get("annotations") or {}).get(AUTOUPDATE) == "false":
        return None
    here = held.get(field) or []
    missing = [one for one in wanted.get(field) or () if _plain(one) not in [_plain(item) for item in here]]
    return {**held, field: [*here, *missing]} if missing else None


def _plain(value: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is empty or what the server adds, so that equal things are equal."""
    return {key: item for key, item in value.items() if item and not (key == "apiGroup" and "kind" in value)}


def _retargeted(held: Object, wanted: Object) -> Object | None:
    target = wanted["spec"]["ports"][0]["targetPort"]
    ports = held["spec"].get("ports") or []
    if [port.get("targetPort") for port in ports] == [target]:
        return None
    return {**held, "spec": {**held["spec"], "ports": [{**port, "targetPort": target} for port in ports]}}
