"""Every pod has a service account, and its token, the cluster's CA and its namespace in a volume.

Source: plugin/pkg/admission/serviceaccount; KEP-1205 (projected tokens).
"""

from __future__ import annotations

from random import Random
from typing import Any

from pyk8s.api.errors import ApiError, forbidden
from pyk8s.api.objectmeta import Object, generate_name
from pyk8s.api.refs import SERVICE_ACCOUNTS
from pyk8s.apiserver.admission.review import Cluster, Plugin, Review, on

DEFAULT = "default"
MIRROR = "kubernetes.io/config.mirror"
PLACE = "/var/run/secrets/kubernetes.io/serviceaccount"
VOLUME_PREFIX = "kube-api-access-"
TOKEN_SECONDS = 3607
"""Recognisable, so that nobody takes it for a value that somebody chose. Source: the same plugin."""
RANDOM = Random()  # noqa: S311 - names a volume, guards nothing
ROOT_CA = "kube-root-ca.crt"


async def mutate(obj: Object, review: Review, cluster: Cluster) -> Object:
    """The pod with its account. Raises ApiError (Forbidden) for an account that is not there."""
    spec = obj["spec"]
    if MIRROR in (obj["metadata"].get("annotations") or {}):
        check_mirror(obj)
        return obj
    name = spec.get("serviceAccountName") or spec.get("serviceAccount") or DEFAULT
    wait = cluster.config.account_wait if name == DEFAULT else 0.0
    account = cluster.lookup.peek(SERVICE_ACCOUNTS, review.namespace, name)
    if account is None:
        account = await cluster.lookup.await_one(SERVICE_ACCOUNTS, review.namespace, name, wait)
    if account is None:
        why = f'error looking up service account {review.namespace}/{name}: serviceaccount "{name}" not found'
        raise _forbidden(obj, why)
    made = {**spec, "serviceAccountName": name, "serviceAccount": name}
    if mounts(spec, account):
        made |= with_volume(made)
    if not spec.get("imagePullSecrets") and account.get("imagePullSecrets"):
        made["imagePullSecrets"] = account["imagePullSecrets"]
    return {**obj, "spec": made}


def mounts(spec: Object, account: Object) -> bool:
    """Whether the pod wants its token: the pod's own word counts before the account's."""
    wanted = spec.get("automountServiceAccountToken")
    if wanted is None:
        wanted = account.get("automountServiceAccountToken")
    return wanted is not False


def with_volume(spec: Object) -> Object:
    """The volumes and containers of a pod whose containers find the token at PLACE, unless they put something there."""
    volumes = list(spec.get("volumes") or ())
    name = next((one["name"] for one in volumes if one["name"].startswith(VOLUME_PREFIX) and "projected" in one), "")
    fresh = name or generate_name(VOLUME_PREFIX, RANDOM)
    mount = {"name": fresh, "readOnly": True, "mountPath": PLACE}
    changed: dict[str, Any] = {}
    used = bool(name)
    for field in ("initContainers", "containers"):
        containers = []
        for container in spec.get(field) or ():
            held = container.get("volumeMounts") or []
            if not any(one.get("mountPath") == PLACE for one in held):
                container, used = {**container, "volumeMounts": [*held, mount]}, True
            containers.append(container)
        if containers:
            changed[field] = containers
    if used and not name:
        changed["volumes"] = [*volumes, token_volume(fresh)]
    return changed


def token_volume(name: str) -> Object:
    """The projected volume: a bounded token, the cluster's CA, the namespace."""
    field = {"apiVersion": "v1", "fieldPath": "metadata.namespace"}
    return {
        "name": name,
        "projected": {
            "defaultMode": 0o644,
            "sources": [
                {"serviceAccountToken": {"expirationSeconds": TOKEN_SECONDS, "path": "token"}},
                {"configMap": {"name": ROOT_CA, "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
                {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": field}]}},
            ],
        },
    }


def check_mirror(obj: Object) -> None:
    """Raise ApiError (Forbidden) for a mirror pod that wants what only the API can give."""
    spec = obj["spec"]
    if spec.get("serviceAccountName"):
        raise _forbidden(obj, "a mirror pod may not reference service accounts")
    for volume in spec.get("volumes") or ():
        if "secret" in volume:
            raise _forbidden(obj, "a mirror pod may not reference secrets")
        sources = (volume.get("projected") or {}).get("sources") or ()
        if any("serviceAccountToken" in source for source in sources):
            raise _forbidden(obj, "a mirror pod may not use ServiceAccountToken volume projections")


def _forbidden(pod: Object, why: str) -> ApiError:
    return forbidden("", "pods", pod["metadata"].get("name", ""), why)


PLUGIN = Plugin(name="ServiceAccount", handles=on("pods"), mutate=mutate)
