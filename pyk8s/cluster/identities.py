"""The certificates of a cluster: who there is, and for each what it may do with its certificate.

One authority signs everybody who speaks to the API, another those who speak to etcd: no node's certificate opens the
store. What is there already is kept, so a cluster that starts again is the same to its users.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path

from pyk8s.cluster.families import bracketed, loopback
from pyk8s.cluster.folder import Folder
from pyk8s.cluster.settings import Node, Settings, write_file
from pyk8s.wire import kubeconfig, pki

CLUSTER, ETCD = "ca", "etcd-ca"
"""The file names of the two authorities."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A certificate: its file name in the pki folder, its holder, and who signs it."""

    file: str
    name: str
    organizations: tuple[str, ...] = ()
    sans: tuple[str, ...] = ()
    server: bool = False
    client: bool = True
    authority: str = CLUSTER


def control_plane(settings: Settings, hostname: str) -> tuple[Wanted, ...]:
    """The certificates of everything that is not a node."""
    services = (str(ip_network(each)[1]) for each in settings.service_cidr.split(","))
    sans = (
        "kubernetes",
        "kubernetes.default",
        "kubernetes.default.svc",
        "kubernetes.default.svc.cluster.local",
        "localhost",
        hostname,
        "127.0.0.1",
        "::1",
        *services,
        *settings.gateways,
    )
    local = ("localhost", "127.0.0.1")
    return (
        Wanted("apiserver", "kube-apiserver", sans=sans, server=True, client=False),
        Wanted("apiserver-kubelet-client", "kube-apiserver-kubelet-client"),
        Wanted("admin", "kubernetes-admin", ("system:masters",)),
        Wanted("scheduler", "system:kube-scheduler"),
        Wanted("controllers", "system:kube-controller-manager"),
        # etcd calls its own address too, as a client.
        Wanted("etcd-server", "etcd", sans=local, server=True, authority=ETCD),
        Wanted("etcd-client", "kube-apiserver", authority=ETCD),
    )


def of_node(node: Node) -> tuple[Wanted, ...]:
    """The certificates of one node: its agent's, also to be served with, and its proxy's."""
    return (
        Wanted(
            f"node-{node.name}",
            f"system:node:{node.name}",
            ("system:nodes",),
            sans=(node.name, *node.addresses, "127.0.0.1", "::1"),
            server=True,
        ),
        Wanted(f"proxy-{node.name}", "system:kube-proxy", ("system:node-proxiers",)),
    )


def make(folder: Folder, settings: Settings, hostname: str, nodes: Iterable[Node]) -> None:
    """Write every key, certificate and kubeconfig that is missing: the control plane's and those of `nodes`."""
    folder.pki.mkdir(mode=0o700, exist_ok=True)
    authorities = {name: _authority(folder.pki, name, settings.name) for name in (CLUSTER, ETCD)}
    nodes = tuple(nodes)
    wanted = [*control_plane(settings, hostname), *(each for node in nodes for each in of_node(node))]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda each: _issue(folder.pki, authorities[each.authority], each), wanted))
    if not (folder.pki / "sa.key").exists():
        key = pki.signing_key()
        write_file(folder.pki / "sa.pub", pki.public_key(key), sync=False)
        write_file(folder.pki / "sa.key", key, sync=False)
    local, bridge = (_doors(settings, host) for host in (loopback(settings.gateway), settings.gateway))
    _kubeconfig(folder, folder.kubeconfig, "admin", settings, local)
    for name in ("scheduler", "controllers"):
        _kubeconfig(folder, folder.config / f"{name}.kubeconfig", name, settings, local)
    for node in nodes:
        for name in (f"node-{node.name}", f"proxy-{node.name}"):
            _kubeconfig(folder, folder.config / f"{name}.kubeconfig", name, settings, bridge)


def _doors(settings: Settings, address: str) -> tuple[str, str]:
    host = bracketed(address)
    return f"https://{host}:{settings.ports.https}", f"{host}:{settings.ports.grpc}"


def forget(folder: Folder, node: str) -> None:
    """Remove the keys and kubeconfigs of the node."""
    for name in (f"node-{node}", f"proxy-{node}"):
        for path in (folder.pki / f"{name}.crt", folder.pki / f"{name}.key", folder.config / f"{name}.kubeconfig"):
            path.unlink(missing_ok=True)


def _authority(place: Path, name: str, cluster: str) -> pki.Authority:
    certificate, key = place / f"{name}.crt", place / f"{name}.key"
    if key.exists() and certificate.exists():
        return pki.Authority.load(certificate, key)
    authority = pki.Authority.create(f"pyk8s {cluster} {name}")
    _write(place, name, authority.pair)
    return authority


def _issue(place: Path, authority: pki.Authority, wanted: Wanted) -> None:
    if (place / f"{wanted.file}.key").exists() and (place / f"{wanted.file}.crt").exists():
        return
    pair = authority.issue(
        wanted.name, wanted.organizations, sans=wanted.sans, client=wanted.client, server=wanted.server
    )
    _write(place, wanted.file, pair)


def _write(place: Path, name: str, pair: pki.Pair) -> None:
    # No fsync here: an `up` cut short by a power cut is done again from the beginning.
    write_file(place / f"{name}.crt", pair.certificate, sync=False)
    write_file(place / f"{name}.key", pair.key, sync=False)


def _kubeconfig(folder: Folder, path: Path, who: str, settings: Settings, addresses: tuple[str, str]) -> None:
    if path.exists():
        return
    connection = kubeconfig.Connection(
        server=addresses[0],
        grpc_address=addresses[1],
        ca=(folder.pki / f"{CLUSTER}.crt").read_bytes(),
        cert=(folder.pki / f"{who}.crt").read_bytes(),
        key=(folder.pki / f"{who}.key").read_bytes(),
        user=f"{who}@{settings.name}",
    )
    kubeconfig.write(path, connection, name=f"pyk8s-{settings.name}")
