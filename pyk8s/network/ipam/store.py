"""Addresses that are given, as files: one a address, named for it, in one folder a network.

The form is host-local's, so that either can go on where the other stopped: the file holds the container's id and the
link's name on two lines that end in CR LF, `last_reserved_ip.N` the address given last from set N, and `lock` is the
file that is locked while somebody looks and takes.

A reservation is made by `link`, which is at once exclusive and complete: a process that dies at any point leaves either
nothing or a whole reservation behind, and a scratch file that the next one removes.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path

from pyk8s.network.errors import AddressRefused, RangeFull, ReservationLost
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

    def reserve(
        self, owner: Owner, sets: Sequence[Sequence[Pool]], asked: Sequence[Address] = ()
    ) -> list[tuple[Address, Pool]]:
        """One address out of each of the `sets`, now `owner`'s; all of them or none.

        A set that one of the addresses `asked` for is in gives that one. Raises AddressRefused when one of them cannot
        be given or `owner` has an address already, RangeFull, ReservationLost.
        """
        with locked(self.path):
            held = self._read()
            open_wishes = list(dict.fromkeys(asked))
            chosen: list[tuple[Address, Pool]] = []
            try:
                for number, pools in enumerate(sets):
                    wish = next((each for each in open_wishes if any(pool.spans(each) for pool in pools)), None)
                    if wish is None:
                        found = _next_free(pools, held, owner, self._last(number))
                    else:
                        open_wishes.remove(wish)
                        found = _wished(pools, held, wish)
                    self._take(found[0], owner)
                    held[found[0]] = owner
                    chosen.append(found)
                    self._remember(number, found[0])
                if open_wishes:
                    raise AddressRefused(f"{', '.join(map(str, open_wishes))}: in none of the ranges, or one too many")
            except BaseException:
                for address, _ in chosen:
                    self._drop(address)
                raise
            return chosen

    def release(self, owner: Owner) -> list[Address]:
        """Let go of every address that is `owner`'s; which they were. Nothing to let go of is no error."""
        if not self.path.is_dir():
            return []
        with locked(self.path):
            held = self._read()
            # An old host-local wrote the container's id alone.
            mine = [address for address, who in held.items() if who == owner] or [
                address for address, who in held.items() if who == (owner[0], "")
            ]
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

    def _take(self, address: Address, owner: Owner) -> None:
        scratch = self.path / _SCRATCH
        _write(scratch, _BREAK.join(owner))
        try:
            os.link(scratch, self.path / str(address))
        except FileExistsError as why:
            # The lock is ours: only a file that is no reservation of ours or host-local's form can be in the way.
            raise ReservationLost(f"{self.path / str(address)} is in the way and cannot be read") from why

    def _remember(self, number: int, address: Address) -> None:
        (self.path / _SCRATCH).unlink()
        # Not worth a file of its own and a rename: one that is damaged costs the order only.
        _overwrite(self.path / f"last_reserved_ip.{number}", str(address))

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


def _next_free(
    pools: Sequence[Pool], held: Mapping[Address, Owner], owner: Owner, last: Address | None
) -> tuple[Address, Pool]:
    mine = [address for address, who in held.items() if who == owner and any(pool.spans(address) for pool in pools)]
    if mine:
        raise AddressRefused(f"{'/'.join(owner)} has {mine[0]} already: DEL comes before another ADD")
    found = choose(pools, held.keys(), last)
    if found is None:
        raise RangeFull(f"no address is free in {', '.join(map(str, pools))}")
    return found


def _wished(pools: Sequence[Pool], held: Mapping[Address, Owner], wish: Address) -> tuple[Address, Pool]:
    pool = next(pool for pool in pools if pool.spans(wish))
    if wish not in pool:
        raise AddressRefused(f"{wish} is the gateway of {pool.subnet}, or excluded")
    if wish in held:
        raise AddressRefused(f"{wish} is {'/'.join(held[wish])}'s")
    return wish, pool


def _read(path: str) -> str:
    # Three system calls: `open` makes ten, and a node's folder has a hundred files.
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(descriptor, 4096).decode(errors="replace")
    finally:
        os.close(descriptor)


def _overwrite(file: Path, text: str) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, text.encode())
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
