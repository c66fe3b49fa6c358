"""Make, limit, read and remove control groups under /sys/fs/cgroup."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pyk8s.kernel.cgroup.values import (
    CONTROLLERS,
    HIERARCHIES_V1,
    USAGE_FILES,
    Action,
    Add,
    Move,
    Remove,
    Transaction,
    Usage,
    Version,
    Write,
    usage,
)
from pyk8s.kernel.errors import Unsupported, refused

ROOT = Path("/sys/fs/cgroup")


class Groups:
    """The control groups under `root`; `version` is what is mounted there. Raises Unsupported when nothing is."""

    def __init__(self, root: Path = ROOT) -> None:
        self.root = root
        if (root / "cgroup.controllers").exists():
            self.version: Version = 2
        elif (root / "cpu").is_dir() and (root / "memory").is_dir():
            self.version = 1
        else:
            raise Unsupported(f"no control groups at {root}: mount cgroup2 there, or version 1 with cpu and memory")

    def observe(self, under: str) -> frozenset[str]:
        """The paths of `under` and every group below it, as far as they exist in any hierarchy."""
        found: set[str] = set()
        for top in self._hierarchies():
            start = top / under.strip("/")
            if start.is_dir():
                found.update(f"/{each.relative_to(top)}" for each in (start, *_below(start)))
        return frozenset(found)

    def run(self, transaction: Transaction) -> None:
        """Carry out `transaction`; raises Absent or Refused for the first that fails. Removing the absent succeeds."""
        for action in transaction:
            try:
                self._run_one(action)
            except OSError as why:
                raise refused(action, why.errno or 0, str(why)) from why

    def usage(self, path: str) -> Usage:
        """What the group `path` uses."""
        held: dict[str, str] = {}
        for controller, file in USAGE_FILES[self.version]:
            found = self._folder(path, controller) / file
            if found.exists():
                held[file] = found.read_text()
        return usage(held, self.version)

    def processes(self, path: str) -> frozenset[int]:
        """The processes in the group `path` and below it, in any hierarchy."""
        found: set[int] = set()
        for top in self._hierarchies():
            start = top / path.strip("/")
            for folder in (start, *_below(start)):
                held = folder / "cgroup.procs"
                if held.exists():
                    found.update(map(int, held.read_text().split()))
        return frozenset(found)

    def _hierarchies(self) -> list[Path]:
        if self.version == 2:
            return [self.root]
        # "cpu" is often a symbolic link to "cpu,cpuacct": each hierarchy once.
        tops = {each.resolve() for each in self.root.iterdir() if each.is_dir()}
        return sorted(top for top in tops if (top / "cgroup.procs").exists())

    def _folder(self, path: str, controller: str) -> Path:
        top = self.root if self.version == 2 else self.root / controller
        return top / path.strip("/")

    def _run_one(self, action: Action) -> None:
        match action:
            case Add(path):
                self._add(path)
            case Write(path, controller, file, value):
                (self._folder(path, controller) / file).write_text(value)
            case Move(path, pid):
                for controller in HIERARCHIES_V1 if self.version == 1 else ("",):
                    (self._folder(path, controller) / "cgroup.procs").write_text(str(pid))
            case Remove(path):
                for top in self._hierarchies():
                    start = top / path.strip("/")
                    for folder in (*reversed(list(_below(start))), start):
                        if folder.is_dir():
                            folder.rmdir()

    def _add(self, path: str) -> None:
        if self.version == 1:
            for controller in HIERARCHIES_V1:
                self._folder(path, controller).mkdir(parents=True, exist_ok=True)
            return
        parent = self.root
        for name in path.strip("/").split("/"):
            _enable(parent)
            parent = parent / name
            parent.mkdir(exist_ok=True)


def _enable(parent: Path) -> None:
    """Let the children of `parent` have every controller it has of ours. A version 2 rule: top down."""
    there = (parent / "cgroup.controllers").read_text().split()
    on = (parent / "cgroup.subtree_control").read_text().split()
    wanted = [f"+{each}" for each in CONTROLLERS if each in there and each not in on]
    if wanted:
        (parent / "cgroup.subtree_control").write_text(" ".join(wanted))


def _below(folder: Path) -> Iterator[Path]:
    """The folders below `folder`, each before those below it."""
    if not folder.is_dir():
        return
    for each in sorted(folder.iterdir()):
        if each.is_dir():
            yield each
            yield from _below(each)
