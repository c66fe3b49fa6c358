"""What every namespace has. Source: KEP-1205 (kube-root-ca.crt), Kubernetes docs "Managing Service Accounts"."""

from __future__ import annotations

from typing import Any

ACCOUNT = "default"
CONFIG_MAP = "kube-root-ca.crt"
FILE = "ca.crt"
NOTE = (
    "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the "
    "internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes "
    "clusters."
)


def account(namespace: str) -> dict[str, Any]:
    """The service account that pods run as when they name none."""
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": ACCOUNT, "namespace": namespace},
    }


def trust(namespace: str, authority: str) -> dict[str, Any]:
    """The config map that carries the PEM `authority`."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": CONFIG_MAP,
            "namespace": namespace,
            "annotations": {"kubernetes.io/description": NOTE},
        },
        "data": {FILE: authority},
    }
