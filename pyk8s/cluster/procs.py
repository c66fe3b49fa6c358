"""Processes by an identity that never comes back: pid and start time. A pid alone is reused; the pair is not.

Source: proc_pid_stat(5), field 22; pidfd_open(2).
"""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Iterable
from pathlib import Path
from time import monotonic

import msgspec


class Identity(msgspec.Struct, frozen=True):
    """One process of one boot of this machine."""

    pid: int
    started: int
    """Clock ticks between the boot and the process' start."""
    boot: str


def boot_id() -> str:
    """What tells this boot of the machine from every other."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def _stat(pid: int) -> list[str]:
    text = Path(f"/proc/{pid}/stat").read_text()
    # The command's name stands in brackets and may hold anything, brackets and blanks included.
    return text[text.rindex(")") + 2 :].split()


def identify(pid: int) -> Identity | None:
    """The identity of the process that has `pid` now; None when there is none, or only a zombie."""
    try:
        fields = _stat(pid)
    except (OSError, ValueError):
        return None
    return None if fields[0] in "ZX" else Identity(pid, int(fields[19]), boot_id())


def alive(identity: Identity) -> bool:
    """Whether that very process still runs."""
    return identify(identity.pid) == identity


def open_pidfd(identity: Identity) -> int | None:
    """A descriptor that becomes readable when that very process ends; None when it has ended."""
    try:
        handle = os.pidfd_open(identity.pid)
    except OSError:
        return None
    if alive(identity):
        return handle
    os.close(handle)
    return None


def command(pid: int) -> str:
    """The short name of the program `pid` runs; "" when there is no such process."""
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def arguments(pid: int) -> list[str]:
    """The argument list of the process `pid`; [] when there is none."""
    try:
        raw = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return []
    return [part.decode("utf-8", "replace") for part in raw.split(b"\0")[:-1]]


def end(pids: Iterable[int], number: signal.Signals, wait: float) -> list[int]:
    """Send `number` to each of `pids` and wait up to `wait` seconds until all have ended; those still running."""
    handles: dict[int, int] = {}
    for pid in pids:
        try:
            handles[os.pidfd_open(pid)] = pid
        except OSError:
            continue
    try:
        return _signal_and_wait(handles, number, wait)
    finally:
        for handle in handles:
            os.close(handle)


def _signal_and_wait(handles: dict[int, int], number: signal.Signals, wait: float) -> list[int]:
    poller = select.poll()
    left = dict(handles)
    for handle in handles:
        try:
            signal.pidfd_send_signal(handle, number)
        except ProcessLookupError:
            left.pop(handle)
        else:
            poller.register(handle, select.POLLIN)
    deadline = monotonic() + wait
    while left and (remaining := deadline - monotonic()) > 0:
        for handle, _ in poller.poll(remaining * 1000):
            poller.unregister(handle)
            left.pop(handle, None)
    return list(left.values())
