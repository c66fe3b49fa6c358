"""Run transactions on one table: one batch of messages, which the kernel does as a whole or not at all.

What is there is read as nft reads it, by its library: the messages are ours, and nft shows them as its own.
"""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from pyk8s.kernel.errors import Absent, Refused, Unsupported, refused
from pyk8s.kernel.netns.run import entered
from pyk8s.kernel.nftables import read
from pyk8s.kernel.nftables.batch import Batch
from pyk8s.kernel.nftables.library import JSON, Library
from pyk8s.kernel.nftables.listing import Listing
from pyk8s.kernel.nftables.messages import encode
from pyk8s.kernel.nftables.text import render
from pyk8s.kernel.nftables.values import Family, Held, Key, Map, Set, Survey, Transaction

OLDEST = (1, 0, 1)
"""The first nft that writes maps by concatenated expressions as we do."""

LONGEST = 500
"""Characters of an error: a command can have a thousand elements."""

FEATURES: dict[str, str] = {
    "network address translation (nft_chain_nat)": "add chain {0} n {{ type nat hook output priority -100 ; }}",
    "choosing at random (nft_numgen)": "add rule {0} c numgen random mod 2 0 accept",
    "addresses of this machine (nft_fib_inet)": "add rule {0} f fib daddr type local accept",
    "connection tracking (nft_ct)": "add rule {0} c ct state new ct status dnat accept",
    "replacing the source (nft_masq)": (
        "add chain {0} p {{ type nat hook postrouting priority 100 ; }}\nadd rule {0} p masquerade fully-random"
    ),
    "replacing the destination by a map (nft_nat)": (
        "add map {0} m {{ type inet_proto . inet_service : {2} . inet_service ; counter ; }}\n"
        "add chain {0} n {{ type nat hook output priority -100 ; }}\n"
        "add rule {0} n dnat {1} to meta l4proto . th dport map @m"
    ),
    "refusing (nft_reject)": "add rule {0} f meta l4proto tcp reject with tcp reset\nadd rule {0} f reject",
    "sets that packets add to (nft_dynset)": (
        "add set {0} s {{ type {2} ; flags dynamic,timeout ; timeout 1s ; }}\nadd rule {0} c update @s {{ {1} saddr }}"
    ),
}
"""What the kernel must be able to do, by what it is for and the module that does it."""

_GROUND = ("add table {0}", "add chain {0} c", "add chain {0} f {{ type filter hook output priority 0 ; }}")


class Nftables:
    """The table `table` of `family` in the namespace at path `netns` ("" is that of the thread that makes this)."""

    def __init__(self, table: str, family: Family = "ip", netns: str = "") -> None:
        self.table = table
        self.family: Family = family
        with _inside(netns):
            self._library, self._listing, self._batch = Library(), Listing(), Batch()
        self._turn = threading.Lock()
        self._seen: tuple[int, Survey] | None = None

    def run(self, transaction: Transaction) -> None:
        """Carry out `transaction`; raises Absent, Exists or Refused, with nothing of it done."""
        if not transaction:
            return
        try:
            messages = list(encode(transaction, self.family, self.table))
        except ValueError as why:
            raise refused("nftables", errno.EINVAL, str(why)) from why
        with self._turn:
            refusal = self._batch.run(messages)
        if refusal is not None:
            number, place = refusal
            said = render((transaction[place],), self.family, self.table).decode().strip()
            raise refused("nftables", number, f"{os.strerror(number)} in: {said}"[:LONGEST])

    def observe(self, known: Iterable[Set | Map] = ()) -> Held | None:
        """What the table holds; None: there is none. Of sets that are `known`, the fields are those that are meant."""
        listed = self._list()
        return None if listed is None else read.held(listed, known)

    def count(self, name: str) -> Mapping[Key, int]:
        """How many packets met each element of the map `name`, if it counts them. Raises Absent."""
        return read.counts(self._call(f"list map {self.family} {self.table} {name}".encode(), JSON))

    def survey(self) -> Survey:
        """How many rules and elements the table holds, and where. Costs nothing while nobody has changed any table."""
        with self._turn:
            generation = self._listing.generation()
            if self._seen is None or self._seen[0] != generation:
                self._seen = (generation, self._listing.survey(self.family, self.table))
            return self._seen[1]

    def probe(self) -> None:
        """Raise Unsupported, with what is missing and what to do, when nft or the kernel cannot do what we write."""
        said = read.version(self._call(b"list tables", JSON))
        if said < OLDEST:
            wanted, had = (".".join(map(str, each)) for each in (OLDEST, said))
            raise Unsupported(f"nftables {had} is too old: install the package nftables in version {wanted} or later")
        why = self._would("")
        if why is not None:
            raise Unsupported(f"this kernel cannot do nftables at all: load the module nf_tables ({why})")
        missing = [f"{what}: {why}" for what, why in self._failures()]
        if missing:
            raise Unsupported(
                "this kernel's nftables lacks " + "; ".join(missing) + ". Load the modules, or choose another mode"
            )

    def _failures(self) -> Iterator[tuple[str, str]]:
        """What cannot be done. Everything is tried together first, without being done; one by one only then."""
        if self._would("\n".join(FEATURES.values())) is None:
            return
        for what, commands in FEATURES.items():
            why = self._would(commands)
            if why is not None:
                yield what, why

    def _would(self, commands: str) -> str | None:
        """Why the kernel would refuse `commands`; None: it would not."""
        where = f"{self.family} {self.table}-probe"
        address = "ipv4_addr" if self.family == "ip" else "ipv6_addr"
        text = "\n".join([*_GROUND, commands, ""]).format(where, self.family, address)
        with self._turn, self._library.trying():
            done, said = self._library.run(text.encode())
        return None if done else _first(said)

    def close(self) -> None:
        """Let go of the library and its sockets."""
        self._library.close()
        self._listing.close()
        self._batch.close()

    def _list(self) -> bytes | None:
        try:
            return self._call(f"list table {self.family} {self.table}".encode(), JSON)
        except Absent:
            return None

    def _call(self, text: bytes, flags: int = 0) -> bytes:
        with self._turn:
            done, said = self._library.run(text, flags)
        if not done:
            raise _refusal(said)
        return said


@contextmanager
def _inside(netns: str) -> Iterator[None]:
    if not netns:
        yield
        return
    with entered(netns):
        yield


_NUMBERS = (errno.ENOENT, errno.EEXIST, errno.EBUSY, errno.EPERM, errno.EOPNOTSUPP, errno.ENOMEM, errno.EINVAL)


def _refusal(said: bytes) -> Refused:
    """The error for what the library said: its first complaint, whose last words are the kernel's error."""
    first = _first(said)
    number = next((each for each in _NUMBERS if os.strerror(each) in first), 0)
    return refused("nftables", number, first)


def _first(said: bytes) -> str:
    """The first complaint and the command that it is about."""
    lines = [line for line in said.decode(errors="replace").splitlines() if line.strip(" ^~")]
    error, *command = lines[:2] or [""]
    return " in: ".join([error.partition("Error: ")[2] or error, *command])[:LONGEST]
