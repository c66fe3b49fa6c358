"""The configuration files of a cluster's daemons, as values: one function a program."""

from __future__ import annotations

from typing import Any

from pyk8s.cluster.containerd import SANDBOX_IMAGE
from pyk8s.cluster.families import NODE_MASKS, loopback
from pyk8s.cluster.folder import Folder
from pyk8s.cluster.settings import Node, Settings

HEARTBEAT = 1
"""Seconds between two signs of life of a node: on one machine a lost node shows at once."""

GRACE = 6
"""Seconds of silence after which a node counts as lost; Kubernetes' own 40 are for networks of many machines."""

STAY_UNREACHABLE = 0
"""Seconds that pods stay on a lost node: on one machine silence has lasted `GRACE`, and nothing else delays the news. A
node that says itself that it is not ready, as while its containerd starts again, keeps them for Kubernetes' own 300."""

KUBELET_PAGES, PROXY_PAGES = "127.0.0.1:10248", "127.0.0.1:10256"
"""Health and metrics of a node's programs, in its own network namespace. Source: Kubernetes, ports and protocols."""

MOST_PODS = "110"


def apiserver(settings: Settings, folder: Folder) -> dict[str, Any]:
    """What `pyk8s apiserver` reads."""
    pki, ports = folder.pki, settings.ports
    addresses = [*dict.fromkeys(map(loopback, settings.gateways)), *settings.gateways]
    return {
        "clusterName": settings.name,
        "etcd": {
            "endpoints": [f"https://127.0.0.1:{ports.etcd_client}"],
            "caFile": str(pki / "etcd-ca.crt"),
            "certFile": str(pki / "etcd-client.crt"),
            "keyFile": str(pki / "etcd-client.key"),
        },
        "https": {"addresses": addresses, "port": ports.https},
        "grpc": {"addresses": addresses, "port": ports.grpc},
        "tls": {
            "certFile": str(pki / "apiserver.crt"),
            "keyFile": str(pki / "apiserver.key"),
            "clientCAFile": str(pki / "ca.crt"),
        },
        "serviceAccount": {
            "issuer": "https://kubernetes.default.svc.cluster.local",
            "signingKeyFile": str(pki / "sa.key"),
            "publicKeyFiles": [str(pki / "sa.pub")],
        },
        "kubelet": {
            "caFile": str(pki / "ca.crt"),
            "certFile": str(pki / "apiserver-kubelet-client.crt"),
            "keyFile": str(pki / "apiserver-kubelet-client.key"),
        },
        "serviceCIDR": settings.service_cidr,
        "nodePortRange": "30000-32767",
        "advertiseAddress": settings.gateway,
        "advertisePort": ports.https,
        "defaultUnreachableTolerationSeconds": STAY_UNREACHABLE,
        "runDir": str(folder.run),
        "logLevel": "info",
    }


def controllers(settings: Settings, folder: Folder) -> dict[str, Any]:
    """What `pyk8s controllers` reads."""
    return {
        "clusterName": settings.name,
        "kubeconfig": str(folder.config / "controllers.kubeconfig"),
        "clusterCIDR": settings.cluster_cidr,
        "nodeCIDRMaskSize": NODE_MASKS[4],
        "nodeCIDRMaskSizeIPv6": NODE_MASKS[6],
        "rootCAFile": str(folder.pki / "ca.crt"),
        "nodeMonitorGracePeriod": GRACE,
        "logLevel": "info",
    }


def scheduler(settings: Settings, folder: Folder) -> dict[str, Any]:
    """What `pyk8s scheduler` reads."""
    return {
        "clusterName": settings.name,
        "kubeconfig": str(folder.config / "scheduler.kubeconfig"),
        "logLevel": "info",
    }


def control_plane(settings: Settings, folder: Folder) -> dict[str, Any]:
    """What `pyk8s control-plane` reads: the three of them in one process."""
    return {
        "apiserver": apiserver(settings, folder),
        "controllers": controllers(settings, folder),
        "scheduler": scheduler(settings, folder),
    }


def node(settings: Settings, folder: Folder, node: Node) -> dict[str, Any]:
    """What `pyk8s node` reads; its paths below /run, /var and /etc are the node's own."""
    pki, config = folder.pki, folder.config
    return {
        "clusterName": settings.name,
        "nodeName": node.name,
        "nodeIP": ",".join(node.addresses),
        "kubeconfig": str(config / f"node-{node.name}.kubeconfig"),
        "proxyKubeconfig": str(config / f"proxy-{node.name}.kubeconfig"),
        "runtimeEndpoint": "unix:///run/containerd/containerd.sock",
        "rootDir": "/var/lib/kubelet",
        "stateDir": "/var/lib/kubelet/state",
        "staticPodPath": "/etc/kubernetes/manifests",
        "podLogsDir": "/var/log/pods",
        "capacity": {"cpu": node.cpus, "memory": node.memory, "pods": MOST_PODS},
        "cgroupParent": f"/{folder.tag}/{node.name}",
        "cgroupDriver": "cgroupfs",
        "server": {
            "caFile": str(pki / "ca.crt"),
            "certFile": str(pki / f"node-{node.name}.crt"),
            "keyFile": str(pki / f"node-{node.name}.key"),
            "port": 0,
        },
        "heartbeatSeconds": HEARTBEAT,
        "leaseDurationSeconds": GRACE,
        "clusterDNS": [],
        "clusterDomain": "cluster.local",
        "serviceCIDR": settings.service_cidr,
        "clusterCIDR": settings.cluster_cidr,
        "healthzBindAddress": KUBELET_PAGES,
        "proxy": {"mode": settings.proxy_mode, "healthzBindAddress": PROXY_PAGES},
        "network": {"backend": settings.network_backend},
        "cni": {
            "confDir": "/etc/cni/net.d",
            "binDir": "/opt/cni/bin",
            "stateDir": "/var/lib/cni",
            "socket": "/run/pyk8s/cni.sock",
        },
        "sandboxImage": SANDBOX_IMAGE,
        "logLevel": "info",
    }
