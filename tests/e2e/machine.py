"""What a cluster could leave behind on its machine, looked at before, during and after."""

import contextlib
import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

PLACES = (
    *("/etc", "/etc/cni", "/etc/containerd", "/etc/kubernetes", "/opt", "/opt/cni", "/run", "/run/netns", "/mnt"),
    *("/var/lib", "/var/lib/cni", "/var/lib/kubelet", "/var/lib/containerd", "/var/log", "/var/log/pods"),
)
"""Folders of the machine in which programs of a node write."""


@dataclass(frozen=True)
class Traces:
    """Everything of one moment that is not the machine's own, as sets of names."""

    links: frozenset
    routes: frozenset
    rules: frozenset
    mounts: frozenset
    cgroups: frozenset
    files: frozenset
    namespaces: frozenset

    def left_of(self, before, mine):
        """What is here and was not before, as far as it belongs to the cluster: its names and paths hold one of `mine`.

        Other clusters come and go on the same machine meanwhile.
        """
        found = {}
        for field in ("links", "routes", "rules", "mounts", "cgroups", "files"):
            new = getattr(self, field) - getattr(before, field)
            ours = sorted(each for each in new if any(name in each for name in mine) or not _of_a_cluster(each))
            if ours:
                found[field] = ours
        return found


def _of_a_cluster(text):
    """Whether this is named as things of some cluster are, or of some other test: then it is not ours unless it says
    so."""
    return any(mark in text for mark in ("pkb", "pkv", "pyk8s", "/var/tmp/pk", "/tmp/", "172.2", "172.3", "netns/"))


def traces(home):
    """What there is now."""
    return Traces(
        links=frozenset(f"{each['ifname']} {each.get('ifalias', '')}" for each in _json("ip", "-json", "link")),
        routes=frozenset(str(each.get("dst")) for each in _json("ip", "-json", "-4", "route", "show", "table", "all")),
        rules=frozenset([*_tables(), *_lines("iptables-legacy-save")]),
        mounts=frozenset(
            line.split(" - ")[0].split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()
        ),
        cgroups=frozenset(_cgroups()),
        files=frozenset(_files(home)),
        namespaces=frozenset(_namespaces()),
    )


def _json(*argv):
    return json.loads(subprocess.run(argv, capture_output=True, text=True, check=True).stdout or "[]")


def _lines(*argv):
    try:
        told = subprocess.run(argv, capture_output=True, text=True, check=False).stdout
    except FileNotFoundError:
        return frozenset()
    return frozenset(line.strip() for line in told.splitlines() if line.strip() and not line.startswith("#"))


def _tables():
    """Each table of rules as one text."""
    for line in _lines("nft", "list", "tables"):
        yield subprocess.run(["nft", "list", *line.split()], capture_output=True, text=True, check=False).stdout


def _cgroups():
    for place, folders, _ in os.walk("/sys/fs/cgroup"):
        yield place
        # Groups of containers of other clusters come and go by the hundred.
        folders[:] = [name for name in folders if not name.startswith("pod")]


def _files(home):
    for place in PLACES:
        if Path(place).is_dir():
            yield from map(str, Path(place).iterdir())
    for place, folders, files in os.walk(home):
        folders[:] = [name for name in folders if not (place == str(home) and name == "images")]
        yield from (f"{place}/{name}" for name in (*folders, *files))


def _namespaces():
    for process in Path("/proc").glob("[0-9]*"):
        for kind in ("net", "mnt", "uts"):
            try:
                yield str((process / "ns" / kind).readlink())
            except OSError:
                continue


def namespaces_of(pids):
    """The namespaces of network, mounts and host name that these processes are in, but not this one."""
    found = set()
    for pid in pids:
        for kind in ("net", "mnt", "uts"):
            try:
                found.add(str(Path(f"/proc/{pid}/ns/{kind}").readlink()))
            except OSError:
                continue
    return found - {str(Path(f"/proc/self/ns/{kind}").readlink()) for kind in ("net", "mnt", "uts")}


@contextlib.contextmanager
def held(pids):
    """The namespaces of these processes, kept meanwhile so that the kernel gives their numbers to no other."""
    names, handles = namespaces_of(pids), []
    for pid in pids:
        for kind in ("net", "mnt", "uts"):
            with contextlib.suppress(OSError):
                handles.append(os.open(f"/proc/{pid}/ns/{kind}", os.O_RDONLY))
    try:
        yield names
    finally:
        for handle in handles:
            os.close(handle)


def processes_of(home):
    """Pids whose command line, environment or cgroup names the clusters' folder `home`."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            line = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        if str(home) in line and process.name != str(os.getpid()):
            found[int(process.name)] = line
    return found
