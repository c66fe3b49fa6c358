"""Which cluster of this machine a command means, and how what it asks for is carried out."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Coroutine, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from pyk8s.cluster import folder, lifecycle
from pyk8s.cluster.folder import Folder

if TYPE_CHECKING:
    from pyk8s.cli.session import Session

T = TypeVar("T")

DEFAULT = "demo"
"""The name of a cluster that is given none."""


def chosen(name: str) -> Folder:
    """The folder of the cluster `name`, or of the only one. Raises ClusterError, or ClickException when it is not
    clear."""
    if name:
        return lifecycle.existing(name)
    names = [each.name for each in folder.every()]
    if len(names) > 1 and DEFAULT not in names:
        raise click.UsageError(f"several clusters are here: choose one with --name {'|'.join(names)}")
    return lifecycle.existing(names[0] if len(names) == 1 else DEFAULT)


def carry_out(work: Coroutine[Any, Any, T]) -> T:
    """Do `work`. Being told to end, or losing the terminal, takes back what was begun, as Ctrl-C does."""
    try:
        return asyncio.run(_endable(work))
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


async def _endable(work: Coroutine[Any, Any, T]) -> T:
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None

    def end() -> None:
        # What is being taken back already is not to be cut off.
        if not task.cancelling():
            task.cancel()

    for number in (signal.SIGTERM, signal.SIGHUP):
        # With nohup it is to outlive its terminal.
        if signal.getsignal(number) is not signal.SIG_IGN:
            loop.add_signal_handler(number, end)
    return await work


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """`rows` as a table with three blanks between columns, each line ended."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ("   ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
    return "".join(f"{line}\n" for line in lines)


def of_connection(session: Session) -> Folder:
    """The folder of the cluster that `session` speaks to. Raises ClickException when it is not one of this machine."""
    from pyk8s.wire import kubeconfig
    from pyk8s.wire.errors import KubeconfigInvalid

    server = session.connection.server
    for each in folder.every():
        with contextlib.suppress(OSError, KubeconfigInvalid):
            if kubeconfig.load(each.kubeconfig).server == server:
                return each
    raise click.ClickException(
        f"the cluster at {server} does not run on this machine: only where its nodes are can one look into them"
    )
