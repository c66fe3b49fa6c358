"""Addresses that are given, as files: one a address, named for it, in one folder a network.

The form is host-local's, so that either can go on where the other stopped: the file holds the container's id and the
link's name on two lines that end in CR LF, `last_reserved_ip.N` the address given last from set N, and `lock` is the
file that is locked while somebody looks and takes.

A reservation is made by `link`, which is at once exclusive and complete: a process that dies at any point leaves either
nothing or a whole reservation behind, and a scratch file that the next one removes.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path

from pyk8s.network.errors import RangeFull, ReservationLost
from pyk8s.network.ipam.values import Address, Pool, choose
from pyk8s.network.lock import locked

Owner = tuple[str, str]
"""A container's id and the name of its link."""

_BREAK = "\r\n"
_SCRATCH = ".scratch"


class Store:
    """The addresses of one network, in `folder`/`network`."""

    def __init__(self, folder: str | Path, network: str) -> None:
        self.path = Path(folder) / network

    def reserve(self, owner: Owner, sets: Sequence[Sequence[Pool]]) -> list[tuple[Address, Pool]]:
        """One address out of each of the `sets`, now `owner`'s; all of them or none.

        An owner that holds addresses of these ranges gets the same again. Raises RangeFull, ReservationLost.
        """
        with locked(self.path):
            held = self._read()
            mine = [address for address, who in held.items() if who == owner]
            chosen: list[tuple[Address, Pool]] = []
            made: list[Address] = []
            try:
                for number, pools in enumerate(sets):
                    again = _held_in(pools, mine)
                    if again is None:
                        again = self._take(number, pools, held, owner)
                        made.append(again[0])
                    chosen.append(again)
            except BaseException:
                for address in made:
                    self._drop(address)
                raise
            return chosen

    def release(self, owner: Owner) -> list[Address]:
        """Let go of every address that is `owner`'s; which they were. Nothing to let go of is no error."""
        if not self.path.is_dir():
            return []
        with locked(self.path):
            mine = [address for address, who in self._read().items() if who == owner]
            for address in mine:
                self._drop(address)
            return mine

    def held(self) -> dict[Address, Owner]:
        """Who holds which address."""
        if not self.path.is_dir():
            return {}
        with locked(self.path):
            return self._read()

    def keep(self, owners: Collection[Owner], *, older_than: float = float("inf")) -> list[Address]:
        """Let go of every address whose owner is not among `owners` and that was given before `older_than` (seconds
        since 1970); which they were."""
        if not self.path.is_dir():
            return []
        with locked(self.path):
            stale = [address for address, who in self._read().items() if who not in owners]
            stale = [each for each in stale if (self.path / str(each)).stat().st_mtime < older_than]
            for address in stale:
                self._drop(address)
            return stale

    def _take(
        self, number: int, pools: Sequence[Pool], held: dict[Address, Owner], owner: Owner
    ) -> tuple[Address, Pool]:
        found = choose(pools, held.keys(), self._last(number))
        if found is None:
            raise RangeFull(f"no address is free in {', '.join(f'{pool.first}-{pool.last}' for pool in pools)}")
        address = found[0]
        scratch = self.path / _SCRATCH
        _write(scratch, _BREAK.join(owner))
        try:
            os.link(scratch, self.path / str(address))
        except FileExistsError as why:
            # The lock is ours: only a file that is no reservation of ours or host-local's form can be in the way.
            raise ReservationLost(f"{self.path / str(address)} is in the way and cannot be read") from why
        _write(scratch, str(address))
        scratch.replace(self.path / f"last_reserved_ip.{number}")
        held[address] = owner
        return found

    def _last(self, number: int) -> Address | None:
        # A last address that cannot be read only costs the order: begin at the start.
        with suppress(OSError, ValueError):
            return ip_address((self.path / f"last_reserved_ip.{number}").read_text().strip())
        return None

    def _drop(self, address: Address) -> None:
        (self.path / str(address)).unlink(missing_ok=True)

    def _read(self) -> dict[Address, Owner]:
        """Every reservation. A file that names no owner, left by a host-local that died while writing, is removed."""
        found: dict[Address, Owner] = {}
        for entry in os.scandir(self.path):
            try:
                address = ip_address(entry.name)
            except ValueError:
                continue
            container, _, link = _read(entry.path).strip().partition(_BREAK)
            if container:
                found[address] = (container, link)
            else:
                self._drop(address)
        return found


def _held_in(pools: Sequence[Pool], mine: Sequence[Address]) -> tuple[Address, Pool] | None:
    return next(((address, pool) for pool in pools for address in mine if address in pool), None)


def _read(path: str) -> str:
    # Three system calls: `open` makes ten, and a node's folder has a hundred files.
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(descriptor, 4096).decode(errors="replace")
    finally:
        os.close(descriptor)


def _write(file: Path, text: str) -> None:
    """Make `file` anew: the one of a process that died may be a reservation's other name, and must not be written."""
    file.unlink(missing_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)
