"""A cluster's files written out: folders, configurations, units. Doing it again changes nothing."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterable
from pathlib import Path

import msgspec
import yaml

from pyk8s.cluster import configs, containerd, identities, links, machine, pause, units
from pyk8s.cluster.folder import Folder
from pyk8s.cluster.settings import Node, Settings, write_file
from pyk8s.cluster.supervisor.unit import Unit


def write(folder: Folder, settings: Settings, versions: machine.Versions) -> None:
    """Everything the cluster's processes read: keys, configurations, one folder a node."""
    for path in (folder.config, folder.units, folder.run, folder.logs, folder.pki):
        path.mkdir(mode=0o700, exist_ok=True)
    identities.make(folder, settings, socket.gethostname(), settings.nodes)
    _program(folder.path / "holder", pause.program())
    text = containerd.config(versions["containerd"], restrict_oom=machine.restrict_oom())
    _write(folder.config / "containerd.toml", text.encode())
    _yaml(folder.config / "control-plane.yaml", configs.control_plane(settings, folder))
    for name in ("apiserver", "controllers", "scheduler"):
        _yaml(folder.config / f"{name}.yaml", getattr(configs, name)(settings, folder))
    for node in settings.nodes:
        write_node(folder, settings, node)


def write_node(folder: Folder, settings: Settings, node: Node) -> None:
    """The folders of one node, how it is made, and what its agent reads."""
    place = folder.node(node.name)
    plan = units.plan(settings, folder, node, resolv_conf())
    for source, _ in plan.binds:
        Path(source).mkdir(mode=0o755, parents=True, exist_ok=True)
    Path(plan.scratch).mkdir(exist_ok=True)
    for path in (place.manifests, place.path / "etc-cni" / "net.d", place.path / "opt-cni" / "bin"):
        path.mkdir(parents=True, exist_ok=True)
    _write(folder.config / f"{node.name}.json", msgspec.json.encode(plan))
    _yaml(folder.config / f"{node.name}.yaml", configs.node(settings, folder, node))


def write_units(folder: Folder, wanted: Iterable[Unit]) -> None:
    """Make the unit files say `wanted` and nothing else."""
    contents = {f"{unit.name}.json": msgspec.json.encode(unit) for unit in wanted}
    for path in folder.units.glob("*.json"):
        if path.name not in contents:
            path.unlink()
    for name, content in contents.items():
        _write(folder.units / name, content)


def remove_node(folder: Folder, name: str) -> None:
    """Remove the files of a node that runs no more."""
    identities.forget(folder, name)
    for path in (folder.config / f"{name}.json", folder.config / f"{name}.yaml"):
        path.unlink(missing_ok=True)
    for path in folder.logs.glob(f"{name}.*"):
        path.unlink()
    if folder.node(name).path.exists():
        shutil.rmtree(folder.node(name).path)


def resolv_conf() -> str:
    """What a node resolves names with: this machine's servers, asked past a resolver that listens on loopback only."""
    texts = []
    for path in (Path("/etc/resolv.conf"), Path("/run/systemd/resolve/resolv.conf")):
        try:
            texts.append(path.read_text(errors="replace"))
        except OSError:
            continue
    return links.resolvers(*texts)


def _yaml(path: Path, value: object) -> None:
    _write(path, yaml.safe_dump(value, sort_keys=False).encode())


def _write(path: Path, content: bytes) -> None:
    if not path.exists() or path.read_bytes() != content:
        write_file(path, content, sync=False)


def _program(path: Path, content: bytes) -> None:
    # A running program cannot be written to, but another can be put in its place.
    if not path.exists() or path.read_bytes() != content:
        write_file(path, content, mode=0o700, sync=False)
