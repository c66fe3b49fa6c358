"""Where everything of a cluster lies: one folder per cluster, one per node inside it.

HOME/                          /var/lib/pyk8s, or PYK8S_HOME
  images/                      the documented image cache: stays after `down`
  clusters/NAME/
    settings.json  kubeconfig  pki/  etcd/  config/  units/  run/  logs/
    nodes/NODE/                what is bound into the node's namespace of mounts
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pyk8s.cluster import settings as files
from pyk8s.cluster.errors import CutOff, NoSuchCluster, SettingInvalid

DEFAULT_HOME = Path("/var/lib/pyk8s")

LONGEST = 107
"""Bytes of a unix socket's path. Source: unix(7)."""


def home() -> Path:
    """The folder of all clusters and images of this machine: PYK8S_HOME when set."""
    return Path(os.environ.get("PYK8S_HOME") or DEFAULT_HOME).absolute()


@dataclass(frozen=True, slots=True)
class NodeFolder:
    """The folder of one node, seen from the host."""

    path: Path

    @property
    def run(self) -> Path:
        """The node's /run."""
        return self.path / "run"

    @property
    def containerd_root(self) -> Path:
        """The node's /var/lib/containerd."""
        return self.path / "containerd"

    @property
    def containerd_socket(self) -> Path:
        """The socket of the node's containerd."""
        return self.run / "containerd" / "containerd.sock"

    @property
    def blobs(self) -> Path:
        """Where the node's containerd keeps the contents of images, one file a digest."""
        return self.containerd_root / "io.containerd.content.v1.content" / "blobs" / "sha256"

    @property
    def manifests(self) -> Path:
        """The node's /etc/kubernetes/manifests: static pods."""
        return self.path / "kubernetes" / "manifests"


@dataclass(frozen=True, slots=True)
class Folder:
    """The folder of one cluster."""

    home: Path
    name: str

    @property
    def path(self) -> Path:
        """The folder itself."""
        return self.home / "clusters" / self.name

    @property
    def settings(self) -> Path:
        """The settings file."""
        return self.path / "settings.json"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""
        return self.path / "kubeconfig"

    @property
    def pki(self) -> Path:
        """Keys and certificates."""
        return self.path / "pki"

    @property
    def etcd(self) -> Path:
        """etcd's data."""
        return self.path / "etcd"

    @property
    def config(self) -> Path:
        """The daemons' configuration files and kubeconfigs."""
        return self.path / "config"

    @property
    def units(self) -> Path:
        """What the supervisor is to run, one file a process."""
        return self.path / "units"

    @property
    def run(self) -> Path:
        """Sockets and pid files: nothing in it outlives its process."""
        return self.path / "run"

    @property
    def logs(self) -> Path:
        """One log file a process."""
        return self.path / "logs"

    @property
    def control_socket(self) -> Path:
        """Where the supervisor listens."""
        return self.run / "control.sock"

    @property
    def images(self) -> Path:
        """The machine's image store."""
        return self.home / "images"

    @property
    def id(self) -> str:
        """Ten hex digits that differ between any two clusters of a machine: in the names of links and tables."""
        return hashlib.sha256(os.fsencode(self.path)).hexdigest()[:10]

    @property
    def tag(self) -> str:
        """The cluster's name in places that all clusters of the machine share, such as the cgroup tree."""
        return f"pyk8s-{self.name}" if self.home == DEFAULT_HOME else f"pyk8s-{self.name}-{self.id}"

    def node(self, name: str) -> NodeFolder:
        """The folder of the node `name`."""
        return NodeFolder(self.path / "nodes" / name)

    def check_room(self, node: str = "node-99") -> None:
        """Raises SettingInvalid when the sockets of a node of that name would have too long a path."""
        longest = len(os.fsencode(self.node(node).containerd_socket))
        if longest > LONGEST:
            raise SettingInvalid(
                f"{self.node(node).path} is too long by {longest - LONGEST} bytes for the sockets below it (unix(7)): "
                "choose shorter names, or set PYK8S_HOME to a shorter path"
            )

    def exists(self) -> bool:
        """Whether there is anything of this cluster."""
        return self.path.is_dir()

    def read(self) -> files.Settings:
        """The cluster's settings. Raises NoSuchCluster; CutOff when an `up` ended, or is, before them."""
        try:
            return files.read(self.settings)
        except FileNotFoundError:
            if not self.exists():
                raise no_such(self.name) from None
            raise CutOff(
                f"cluster {self.name} has no settings: its `up` has only begun, or was cut off; "
                f"`pyk8s cluster down --name {self.name}` removes what is left"
            ) from None

    def write(self, value: files.Settings) -> None:
        """Put `value` into the settings file."""
        files.write(self.settings, value)


def of(name: str) -> Folder:
    """The folder of the cluster `name`, whether or not there is one. Raises SettingInvalid."""
    folder = Folder(home(), files.check_name(name))
    folder.check_room()
    return folder


def every() -> Iterator[Folder]:
    """All clusters of this machine, by name."""
    base = home()
    for path in sorted((base / "clusters").glob("*")):
        if path.is_dir():
            yield Folder(base, path.name)


def no_such(name: str) -> NoSuchCluster:
    """The error that says there is no cluster `name`, and which there are."""
    known = ", ".join(folder.name for folder in every())
    there = f"there are: {known}" if known else "there is none: make one with `pyk8s cluster up`"
    return NoSuchCluster(f"there is no cluster {name} on this machine; {there}")
