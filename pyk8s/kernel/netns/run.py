"""Make, enter and drop network namespaces."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pyk8s.kernel import syscalls
from pyk8s.kernel.errors import Exists, Refused, refused
from pyk8s.kernel.netns.values import FOLDER, Add, Remove, Transaction, path

_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 0x1


class NamedSpaces:
    """The namespaces under /run/netns."""

    def observe(self) -> frozenset[str]:
        """The names that are there."""
        folder = Path(FOLDER)
        return frozenset(each.name for each in folder.iterdir()) if folder.is_dir() else frozenset()

    def run(self, transaction: Transaction) -> None:
        """Carry out `transaction`; raises Exists or Absent, with what came before it done."""
        for action in transaction:
            match action:
                case Add(name):
                    _add(name)
                case Remove(name):
                    _remove(name)


def run(transaction: Transaction) -> None:
    """Carry out `transaction` under /run/netns."""
    NamedSpaces().run(transaction)


def observe() -> frozenset[str]:
    """The names under /run/netns."""
    return NamedSpaces().observe()


@contextmanager
def entered(target: str) -> Iterator[None]:
    """This thread inside the network namespace at path `target`; raises Absent when there is none.

    Other threads stay where they are. Do not await inside.
    """
    before = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        with _opened(target) as inside:
            syscalls.setns(inside)
        try:
            yield
        finally:
            syscalls.setns(before)
    finally:
        os.close(before)


def set_sysctl(name: str, value: str, netns: str = "") -> None:
    """Write the sysctl at /proc/sys/`name` ("net/ipv4/ip_forward") in `netns`; a value it already has is left alone."""
    if netns:
        with entered(netns):
            return set_sysctl(name, value)
    file = Path("/proc/sys", name)
    try:
        if file.read_text().strip() != value:
            file.write_text(value)
    except OSError as why:
        raise refused(f"sysctl {name}={value}", why.errno or 0) from why
    return None


def _add(name: str) -> None:
    _shared_folder()
    target = path(name)
    try:
        os.close(os.open(target, os.O_RDONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o444))
    except FileExistsError as why:
        raise Exists(Add(name), why.errno or 0) from why
    try:
        _in_thread(lambda: _hold(target))
    except BaseException:
        Path(target).unlink()
        raise


def _hold(target: str) -> None:
    syscalls.unshare()
    _set_loopback(True)
    syscalls.mount("/proc/thread-self/ns/net", target, flags=syscalls.MS_BIND)


def _remove(name: str) -> None:
    target = path(name)
    try:
        syscalls.umount(target, syscalls.MNT_DETACH)
    except Refused as why:
        # EINVAL: only the file is left, of somebody who died between making it and mounting on it.
        if why.number != errno.EINVAL:
            raise
    Path(target).unlink()


def _shared_folder() -> None:
    """/run/netns as a shared mount, so that a name let go of here is let go of in every mount namespace."""
    Path(FOLDER).mkdir(mode=0o755, parents=True, exist_ok=True)
    shared = syscalls.MS_SHARED | syscalls.MS_REC
    try:
        syscalls.mount("", FOLDER, flags=shared)
    except Refused:
        syscalls.mount(FOLDER, FOLDER, flags=syscalls.MS_BIND | syscalls.MS_REC)
        syscalls.mount("", FOLDER, flags=shared)


def set_loopback(netns: str, *, up: bool) -> None:
    """Switch the loopback link of the namespace at path `netns` on or off; raises Absent when there is none."""
    with entered(netns):
        _set_loopback(up)


def is_loopback_up(netns: str) -> bool:
    """Whether the loopback link of the namespace at path `netns` is on."""
    with entered(netns), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        return bool(_loopback_flags(any_socket) & _IFF_UP)


def _set_loopback(up: bool) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        flags = _loopback_flags(any_socket)
        flags = flags | _IFF_UP if up else flags & ~_IFF_UP
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sH22x", b"lo", flags))


def _loopback_flags(any_socket: socket.socket) -> int:
    answer = fcntl.ioctl(any_socket, _SIOCGIFFLAGS, struct.pack("16sH22x", b"lo", 0))
    return int(struct.unpack("16sH22x", answer)[1])


def _in_thread(work: Callable[[], None]) -> None:
    """Run `work` in a thread of its own, which dies with the namespace it moved to; raise what it raises."""
    failures: list[BaseException] = []

    def guarded() -> None:
        try:
            work()
        except BaseException as why:
            failures.append(why)

    thread = threading.Thread(target=guarded)
    thread.start()
    thread.join()
    if failures:
        raise failures[0]


@contextmanager
def _opened(target: str) -> Iterator[int]:
    try:
        descriptor = os.open(target, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as why:
        raise refused(f"open network namespace {target}", why.errno or 0) from why
    try:
        yield descriptor
    finally:
        os.close(descriptor)
