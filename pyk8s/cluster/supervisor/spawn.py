"""Starting one process: its own session, its cgroup, the namespaces of its node, its log, its pid file.

Everything between fork and exec happens in the child, so that no moment exists in which a process runs that no pid
file and no cgroup knows.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import msgspec

from pyk8s.cluster import cgroups, procs
from pyk8s.cluster.supervisor.unit import Record
from pyk8s.kernel import syscalls
from pyk8s.kernel.cgroup.run import Groups

PR_SET_CHILD_SUBREAPER = 36

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Spawn:
    """Everything a new process is given. `enter` is a process whose namespaces it joins; 0 for our own."""

    argv: tuple[str, ...]
    env: Mapping[str, str]
    group: str
    log: Path
    pid_file: Path
    enter: int = 0


def become_subreaper() -> None:
    """Be the parent of every orphan below: a program that starts daemons (a container's shim) leaves no zombie."""
    if _libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def enter_namespaces(pid: int) -> None:
    """Join the network, UTS and mount namespaces of the process `pid`. Raises OSError, or KernelError."""
    handles = [os.open(f"/proc/{pid}/ns/{kind}", os.O_RDONLY | os.O_CLOEXEC) for kind in ("net", "uts", "mnt")]
    for handle in handles:
        syscalls.setns(handle, 0)
        os.close(handle)
    os.chdir("/")


def spawn(what: Spawn, groups: Groups) -> None:
    """Start the process; it has become the program, and its pid file is there, when this returns.

    Raises OSError (with a text that says which step) when it could not.
    """
    reader, writer = os.pipe2(os.O_CLOEXEC)
    log = os.open(what.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    pid = os.fork()
    if pid == 0:
        _child(what, groups, log, writer)
    os.close(writer)
    os.close(log)
    with os.fdopen(reader, "rb") as pipe:
        failure = pipe.read(4096)
    if failure:
        os.waitpid(pid, 0)
        what.pid_file.unlink(missing_ok=True)
        raise OSError(failure.decode("utf-8", "replace"))


def _child(what: Spawn, groups: Groups, log: int, writer: int) -> NoReturn:
    step = "setting up"
    try:
        os.setsid()
        step = f"joining cgroup {what.group}"
        cgroups.join(groups, what.group)
        step = "writing the pid file"
        identity = procs.identify(os.getpid())
        assert identity is not None
        what.pid_file.write_bytes(msgspec.json.encode(Record(identity=identity)))
        null = os.open("/dev/null", os.O_RDONLY)
        for source, target in ((null, 0), (log, 1), (log, 2)):
            os.dup2(source, target)
        if what.enter:
            step = f"entering the namespaces of process {what.enter}"
            enter_namespaces(what.enter)
        os.umask(0o022)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD, signal.SIGPIPE, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        step = f"starting {what.argv[0]}"
        os.execvpe(what.argv[0], what.argv, {**what.env})  # noqa: S606 - no shell is what is wanted
    except BaseException as why:
        os.write(writer, f"{step}: {why}".encode()[:4000])
    finally:
        sys.stderr = None
        os._exit(127)
