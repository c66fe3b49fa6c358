"""Talking to a supervisor: one JSON object a line over a unix socket that only the owner may open.

    {"do": "list"}                       -> {"pid": 12, "reports": [...]}
    {"do": "watch"}                      -> one report a line, until the caller hangs up
    {"do": "apply", "grace": 0}          -> {}      once what is gone has stopped and what is new is on its way
    {"do": "restart", "unit": "etcd"}    -> {}
    {"do": "shutdown", "grace": 5}       -> {}      once everything has stopped; the supervisor ends after it

An answer {"error": "…"} says what was wrong with the question.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec

from pyk8s.cluster.errors import SupervisorGone
from pyk8s.cluster.supervisor.core import Supervisor
from pyk8s.cluster.supervisor.unit import Report

LONGEST_LINE = 1 << 20


class Question(msgspec.Struct, frozen=True):
    """What is asked of a supervisor."""

    do: str
    unit: str = ""
    grace: float = 0.0


class Server:
    """The supervisor's side."""

    def __init__(self, supervisor: Supervisor, path: Path) -> None:
        self._supervisor = supervisor
        self._path = path
        self.over = asyncio.Event()
        """Set once somebody has asked for the end and everything has stopped."""

    async def open(self) -> asyncio.Server:
        """Listen; a socket file of a dead supervisor is replaced."""
        self._path.unlink(missing_ok=True)
        before = os.umask(0o177)
        try:
            return await asyncio.start_unix_server(self._serve, self._path, limit=LONGEST_LINE)
        finally:
            os.umask(before)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, ValueError):
            while line := await reader.readline():
                try:
                    question = msgspec.json.decode(line, type=Question)
                    await self._answer(question, writer)
                except (msgspec.MsgspecError, KeyError, ValueError, OSError) as why:
                    if isinstance(why, ConnectionError):
                        raise
                    _send(writer, {"error": f"{type(why).__name__}: {why}"})
                await writer.drain()
        writer.close()

    async def _answer(self, question: Question, writer: asyncio.StreamWriter) -> None:
        match question.do:
            case "list":
                _send(writer, {"pid": os.getpid(), "reports": self._supervisor.reports()})
            case "watch":
                await self._watch(writer)
            case "apply":
                await self._supervisor.apply(question.grace)
                _send(writer, {})
            case "restart":
                await self._supervisor.restart(question.unit)
                _send(writer, {})
            case "shutdown":
                await self._supervisor.stop(question.grace)
                _send(writer, {})
                await writer.drain()
                self.over.set()
            case other:
                raise ValueError(f"unknown question {other!r}")

    async def _watch(self, writer: asyncio.StreamWriter) -> None:
        with self._supervisor.watching() as queue:
            while (report := await queue.get()) is not None:
                _send(writer, report)
                await writer.drain()


def _send(writer: asyncio.StreamWriter, message: object) -> None:
    writer.write(msgspec.json.encode(message) + b"\n")


async def ask(path: Path, do: str, *, unit: str = "", grace: float = 0.0, timeout: float = 60.0) -> dict[str, Any]:
    """One question to the supervisor at `path`, and its answer. Raises SupervisorGone."""
    try:
        async with asyncio.timeout(timeout):
            reader, writer = await asyncio.open_unix_connection(path, limit=LONGEST_LINE)
            try:
                _send(writer, Question(do, unit, grace))
                line = await reader.readline()
            finally:
                writer.close()
    except (OSError, TimeoutError) as why:
        raise SupervisorGone(f"the supervisor at {path} does not answer ({why or 'timed out'})") from why
    if not line:
        raise SupervisorGone(f"the supervisor at {path} hung up")
    answer: dict[str, Any] = msgspec.json.decode(line)
    if "error" in answer:
        raise SupervisorGone(f"the supervisor refused {do!r}: {answer['error']}")
    return answer


async def list_reports(path: Path) -> tuple[int, list[Report]]:
    """The supervisor's pid and what it says of every process. Raises SupervisorGone."""
    answer = await ask(path, "list", timeout=10.0)
    return answer["pid"], msgspec.convert(answer["reports"], list[Report])


async def watch(path: Path) -> AsyncIterator[Report]:
    """Reports as they come: first all there are, then each change. Ends with the supervisor; raises SupervisorGone."""
    try:
        reader, writer = await asyncio.open_unix_connection(path, limit=LONGEST_LINE)
    except OSError as why:
        raise SupervisorGone(f"the supervisor at {path} does not answer ({why})") from why
    try:
        _send(writer, Question("watch"))
        while line := await reader.readline():
            yield msgspec.json.decode(line, type=Report)
    finally:
        writer.close()
