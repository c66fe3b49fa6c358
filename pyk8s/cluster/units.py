"""Which processes a cluster consists of: pure, from its settings to the supervisor's units and what they read."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping

import pyk8s
from pyk8s.cluster import links
from pyk8s.cluster.errors import SettingInvalid
from pyk8s.cluster.families import has6
from pyk8s.cluster.folder import Folder, NodeFolder
from pyk8s.cluster.nodeinit import Plan
from pyk8s.cluster.settings import Node, Settings
from pyk8s.cluster.supervisor.unit import Unit

SYSCTLS: Mapping[str, str] = {
    "net/ipv4/ip_forward": "1",
    "net/ipv4/conf/all/rp_filter": "0",
    "net/ipv4/conf/default/rp_filter": "0",
}
"""What a node's network does: it passes on what is not for itself, also where the way back is another one."""

SYSCTLS6: Mapping[str, str] = {
    "net/ipv6/conf/all/disable_ipv6": "0",
    "net/ipv6/conf/default/disable_ipv6": "0",
    "net/ipv6/conf/all/forwarding": "1",
    "net/ipv6/conf/default/forwarding": "1",
}
"""The same for IPv6, in clusters that have it; some machines switch it off."""


DAEMON: Mapping[str, str] = {"PYK8S_DEBUG": "1"}
"""A daemon that dies of something unforeseen leaves the traceback in its log: there it helps."""


def python(*arguments: str) -> tuple[str, ...]:
    """A command line of this very Python and this very pyk8s."""
    return (sys.executable, "-m", *arguments)


def host(settings: Settings, folder: Folder) -> links.Host:
    """The cluster's place in the host's network."""
    return links.Host(settings.name, folder.id, settings.subnets)


def control_plane(settings: Settings, folder: Folder) -> tuple[Unit, ...]:
    """etcd, and the API server with controllers and scheduler in one process."""
    group = f"/{folder.tag}/control"
    return (
        Unit(name="etcd", role="etcd", argv=etcd(settings, folder), group=group, stop_seconds=10.0),
        Unit(
            name="control-plane",
            role="control-plane",
            argv=python("pyk8s", "control-plane", "--config", str(folder.config / "control-plane.yaml")),
            env=dict(DAEMON),
            group=group,
            uses=("etcd",),
            stop_seconds=10.0,
        ),
    )


def etcd(settings: Settings, folder: Folder) -> tuple[str, ...]:
    """etcd's command line: TLS with client certificates on loopback, room for requests a little over our own limit."""
    pki = folder.pki
    client = f"https://127.0.0.1:{settings.ports.etcd_client}"
    peer = f"https://127.0.0.1:{settings.ports.etcd_peer}"
    return (
        "etcd",
        f"--name={settings.name}",
        f"--data-dir={folder.etcd}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster={settings.name}={peer}",
        "--client-cert-auth",
        f"--trusted-ca-file={pki / 'etcd-ca.crt'}",
        f"--cert-file={pki / 'etcd-server.crt'}",
        f"--key-file={pki / 'etcd-server.key'}",
        "--peer-client-cert-auth",
        f"--peer-trusted-ca-file={pki / 'etcd-ca.crt'}",
        f"--peer-cert-file={pki / 'etcd-server.crt'}",
        f"--peer-key-file={pki / 'etcd-server.key'}",
        "--max-request-bytes=4194304",
        "--max-txn-ops=1024",
        "--snapshot-count=10000",
        # A cluster of one member is its own leader: an election waits only for this.
        "--heartbeat-interval=50",
        "--election-timeout=500",
        "--logger=zap",
        "--log-outputs=stderr",
    )


def of_node(settings: Settings, folder: Folder, node: Node) -> tuple[Unit, ...]:
    """What holds the node's namespaces, its containerd, and its agent."""
    top = f"/{folder.tag}/{node.name}"
    group = f"{top}/system"
    holder = f"{node.name}.holder"
    config = folder.config
    return (
        Unit(
            name=holder,
            role="holder",
            node=node.name,
            argv=python("pyk8s.cluster.nodeinit", str(config / f"{node.name}.json")),
            rejoin=hold(folder),
            group=group,
            holds=top,
        ),
        Unit(
            name=f"{node.name}.containerd",
            role="containerd",
            node=node.name,
            argv=("containerd", "--config", str(config / "containerd.toml")),
            group=group,
            enter=holder,
        ),
        Unit(
            name=f"{node.name}.agent",
            role="node",
            node=node.name,
            argv=python("pyk8s", "node", "--config", str(config / f"{node.name}.yaml")),
            env=dict(DAEMON),
            group=group,
            enter=holder,
            uses=(f"{node.name}.containerd", "control-plane"),
            after=(f"{node.name}.containerd",),
        ),
    )


def wanted(settings: Settings, folder: Folder) -> dict[str, Unit]:
    """Every unit of the cluster as it should run now, by name; stopped nodes have none."""
    units = [*control_plane(settings, folder)]
    for node in settings.nodes:
        if not node.stopped:
            units += of_node(settings, folder, node)
    return {unit.name: unit for unit in units}


def hold(folder: Folder) -> tuple[str, ...]:
    """The program that keeps a node's namespaces."""
    return (str(folder.path / "holder"),)


PLACES: Mapping[str, str] = {
    "run": "/run",
    "containerd": "/var/lib/containerd",
    "kubelet": "/var/lib/kubelet",
    "cni": "/var/lib/cni",
    "log": "/var/log",
    "mnt": "/mnt",
    "etc-cni": "/etc/cni",
    "opt-cni": "/opt/cni",
    "certs.d": "/etc/containerd/certs.d",
    "kubernetes": "/etc/kubernetes",
}
"""The folders of a node's own folder, and where the node sees them."""


def binds(place: NodeFolder, needed: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """What is bound over what in a node, so that `needed` (this Python, this program, the clusters' folder) stay
    visible.

    /mnt stays the host's when something needed lies there. Raises SettingInvalid when it lies in another of the places.
    """
    found = []
    for name, target in PLACES.items():
        hidden = [path for path in needed if path == target or path.startswith(target + "/")]
        if hidden and target != "/mnt":
            raise SettingInvalid(f"{hidden[0]} lies in {target}, which every node has its own of: move it elsewhere")
        if not hidden:
            found.append((str(place.path / name), target))
    return tuple(found)


def plan(settings: Settings, folder: Folder, node: Node, resolv_conf: str) -> Plan:
    """How the node is made."""
    place, path = folder.node(node.name), folder.node(node.name).path
    at = host(settings, folder)
    return Plan(
        hostname=node.name,
        outside=links.node_batch_outside(at, node.name),
        inside=links.node_batch_inside(at, node.addresses),
        sysctls={**SYSCTLS, **(SYSCTLS6 if has6(settings.ip_family) else {})},
        scratch=str(path / "scratch"),
        binds=binds(place, (sys.prefix, sys.base_prefix, pyk8s.__path__[0], str(folder.home))),
        files={
            "/etc/hostname": f"{node.name}\n",
            "/etc/hosts": links.hosts(node.name, node.addresses),
            "/etc/resolv.conf": resolv_conf,
        },
        fresh=(str(place.run),),
        home=str(folder.home),
        hold=hold(folder),
    )
