"""Run transactions with the iptables-restore of the backend that this network namespace uses.

One restore is all or nothing for each table, costs one process, and speaks both backends alike; see
docs/decisions/0010-iptables-restore.md for why it is not python-iptables.
"""

from __future__ import annotations

import errno
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from pyk8s.kernel.errors import KernelError, Refused, Unsupported
from pyk8s.kernel.iptables.shown import Counted, Seen, read
from pyk8s.kernel.iptables.text import parse, render
from pyk8s.kernel.iptables.values import BUILT_IN, Chains, Survey, Tables, Transaction
from pyk8s.kernel.netns.run import entered

Family: TypeAlias = Literal[4, 6]
Backend: TypeAlias = Literal["legacy", "nft"]

_CANDIDATES: tuple[Backend, ...] = ("nft", "legacy")

_SHORTAGES = (errno.ENOMEM, errno.EAGAIN, errno.EMFILE, errno.ENFILE)

LOCK_SECONDS = 5
"""How long to wait for another program to let go of the lock on the legacy tables."""

RUN_SECONDS = 60.0
"""How long one call may take."""


@dataclass(frozen=True, slots=True)
class Iptables:
    """The rules of one address family, in the namespace at path `netns` ("" is the calling thread's)."""

    backend: Backend
    family: Family = 4
    netns: str = ""

    def run(self, transaction: Transaction) -> None:
        """Carry out `transaction`: each table's part is done whole or not at all. Raises Refused."""
        text = render(transaction)
        if text:
            self._call("restore", "--noflush", "-w", str(LOCK_SECONDS), text=text)

    def observe(self, *tables: str) -> Tables:
        """The chains of `tables` with those of their rules that are made of our matches and targets."""
        found: dict[str, Chains] = {}
        for table in tables:
            found.update(parse(self._call("save", "-t", table).decode())[0])
        return found

    def count(self, *tables: str) -> Seen:
        """Every rule of `tables`, also those of others, with the packets that met it."""
        found: dict[str, Mapping[str, tuple[Counted, ...]]] = {}
        for table in tables:
            found.update(read(self._call("save", "-c", "-t", table).decode()))
        return found

    def survey(self, table: str) -> Survey:
        """How many rules each chain of `table` has, and the built-in ones in full: cheap however many there are."""
        counts: dict[str, int] = {}
        outer: list[str] = [f"*{table}"]
        for line in self._call("save", "-t", table).decode().splitlines():
            if line.startswith(":"):
                counts.setdefault(line[1:].split(" ", 1)[0], 0)
            elif line.startswith("-A "):
                chain = line.split(" ", 2)[1]
                counts[chain] += 1
                if chain in BUILT_IN[table]:
                    outer.append(line)
        outer[1:1] = [f":{chain} - [0:0]" for chain in counts if chain in BUILT_IN[table]]
        return Survey(counts, parse("\n".join(outer))[0][table])

    def _call(self, verb: str, *arguments: str, text: bytes = b"") -> bytes:
        name = f"{'iptables' if self.family == 4 else 'ip6tables'}-{self.backend}-{verb}"
        with _inside(self.netns):
            return _output([program(name), *arguments], text)


def program(name: str) -> str:
    """The path of an iptables program; raises Unsupported when it is not installed."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if found is None:
        raise Unsupported(f"{name} is not installed: install the package iptables")
    return found


def probe(netns: str = "", *, prefer: Backend | None = None, family: Family = 4) -> Backend:
    """The backend to use in the namespace at path `netns`: the one whose nat table holds rules already, else `prefer`,
    else the machine's default, as far as they work here. Raises Unsupported when none does,
    and Refused when no program can be started at the moment.

    Two backends in one namespace see each other's packets but not each other's rules: one must be kept to.
    """
    wanted = prefer or default_backend()
    rules: dict[Backend, int] = {}
    failures: list[str] = []
    for backend in _CANDIDATES:
        if backend == "legacy" != wanted and "nft" in rules and not _has_legacy_tables(netns, family):
            # Asking would make the tables, and every later nft command warn of them.
            continue
        try:
            held = Iptables(backend, family, netns).survey("nat")
        except KernelError as why:
            if isinstance(why, Refused) and why.number in _SHORTAGES:
                raise  # says nothing about the backend: another time it may work
            failures.append(str(why))
        else:
            rules[backend] = sum(held.counts.values())
    if not rules:
        raise Unsupported(f"no iptables backend works here: {'; '.join(failures)}")
    return max(rules, key=lambda backend: (rules[backend], backend == wanted))


def _has_legacy_tables(netns: str, family: Family) -> bool:
    """Whether legacy tables exist in the namespace: the kernel lists them."""
    names = Path(f"/proc/thread-self/net/{'ip' if family == 4 else 'ip6'}_tables_names")
    with _inside(netns):
        try:
            return bool(names.read_text().strip())
        except OSError:
            return False


def default_backend() -> Backend:
    """The backend that the machine's plain `iptables` uses: it says so with its version. Source: iptables(8)."""
    try:
        said = _output([program("iptables"), "--version"], b"")
    except KernelError:
        return "nft"
    return "legacy" if b"legacy" in said else "nft"


@contextmanager
def _inside(netns: str) -> Iterator[None]:
    """A child started here is born in this thread's namespace."""
    if not netns:
        yield
        return
    with entered(netns):
        yield


def _output(command: list[str], text: bytes) -> bytes:
    try:
        done = subprocess.run(command, input=text, capture_output=True, timeout=RUN_SECONDS, check=False)
    except subprocess.TimeoutExpired as why:
        raise Refused(command[0], errno.ETIMEDOUT, f"no answer within {RUN_SECONDS:.0f} s") from why
    except OSError as why:
        raise Refused(command[0], why.errno or errno.EIO) from why
    if done.returncode == 0:
        return done.stdout
    said = done.stderr.decode(errors="replace").strip()
    raise Refused(" ".join(command), done.returncode, f"{said}{_guilty(said, text)}")


def _guilty(said: str, text: bytes) -> str:
    """The line of the restore text that the program complains of, when it names one."""
    lines = text.decode().splitlines()
    for word in said.replace(":", " ").split():
        if word.isdecimal() and 0 < int(word) <= len(lines):
            return f" ({lines[int(word) - 1]})"
    return ""
