"""A running virtual machine: boots, runs commands, dies with us."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from vm import frames
from vm.errors import MachineLost, TookTooLong
from vm.qemu import Machine

BOOT_SECONDS = 180.0
CONSOLE_KEPT = 32 * 1024
CHUNK = 256 * 1024

Sink = Callable[[int, bytes], None]
"""Takes output as it comes: 1 or 2 for standard output or errors, and the bytes."""


@dataclass(slots=True)
class Command:
    """A command in a machine, on its way."""

    machine: Running
    number: int
    sink: Sink
    ended: asyncio.Future[int] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def write(self, data: bytes) -> None:
        """Give it input."""
        for start in range(0, len(data), CHUNK):
            self.machine.say(frames.INPUT, self.number, data[start : start + CHUNK])

    def end_input(self) -> None:
        """It reads no more after what it was given."""
        self.machine.say(frames.INPUT_END, self.number)

    def kill(self) -> None:
        """SIGKILL to it and the processes of its session."""
        self.machine.say(frames.KILL, self.number)

    async def wait(self, seconds: float) -> int:
        """Its exit code. Raises TookTooLong (it is killed then) or MachineLost."""
        try:
            return await asyncio.wait_for(asyncio.shield(self.ended), seconds)
        except TimeoutError:
            self.kill()
            raise TookTooLong(f"{self.machine.value.name}: the command did not end within {seconds:.0f} s") from None


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended."""

    code: int
    output: str
    errors: str


class Running:
    """A machine that was started."""

    def __init__(self, value: Machine) -> None:
        self.value = value
        self.ready: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._console = bytearray()
        self._commands: dict[int, Command] = {}
        self._last = 0
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Start QEMU; `ready` comes true when the agent inside answers."""
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = await asyncio.create_subprocess_exec(
                *self.value.command(theirs.fileno()),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                pass_fds=(theirs.fileno(),),
            )
        self._incoming, self._outgoing = await asyncio.open_unix_connection(sock=ours)
        self._tasks = [asyncio.create_task(self._watch_console()), asyncio.create_task(self._listen())]

    async def booted(self, seconds: float = BOOT_SECONDS) -> dict[str, Any]:
        """What the agent says of the machine once it is up. Raises MachineLost with the console's end."""
        try:
            return await asyncio.wait_for(asyncio.shield(self.ready), seconds)
        except TimeoutError:
            raise self._lost(f"did not come up within {seconds:.0f} s") from None

    def spawn(self, argv: Sequence[str], sink: Sink, env: dict[str, str] | None = None, cwd: str = "/root") -> Command:
        """Start a command inside; its output goes to `sink` as it comes."""
        self._last += 1
        command = self._commands[self._last] = Command(self, self._last, sink)
        wish = {"argv": list(argv), "env": env or {}, "cwd": cwd}
        if not self._tasks[1].done():
            self.say(frames.START, command.number, json.dumps(wish).encode())
        else:
            command.ended.set_exception(self._lost("is gone"))
        return command

    async def run(
        self, *argv: str, seconds: float = 120.0, given: bytes = b"", env: dict[str, str] | None = None
    ) -> Done:
        """Run a command to its end and keep what it says. Raises TookTooLong or MachineLost."""
        heard: dict[int, bytearray] = {1: bytearray(), 2: bytearray()}
        command = self.spawn(argv, lambda stream, data: heard[stream].extend(data), env)
        command.write(given)
        command.end_input()
        code = await command.wait(seconds)
        return Done(code, heard[1].decode(errors="replace"), heard[2].decode(errors="replace"))

    def say(self, kind: int, command: int, data: bytes = b"") -> None:
        """Send one frame; nobody hears it when the machine is gone."""
        with contextlib.suppress(OSError, RuntimeError):
            self._outgoing.write(frames.pack(kind, command, data))

    def console(self) -> str:
        """The last of what the machine printed on its console."""
        return self._console.decode(errors="replace")

    async def close(self) -> None:
        """Power off, as if by pulling the plug."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._outgoing.close()

    async def _watch_console(self) -> None:
        assert self._process.stdout is not None
        while data := await self._process.stdout.read(4096):
            self._console += data
            del self._console[:-CONSOLE_KEPT]
            if os.environ.get("PYK8S_VM_CONSOLE"):
                os.write(2, data)

    async def _listen(self) -> None:
        reader = frames.Reader()
        try:
            while data := await self._incoming.read(CHUNK):
                for kind, number, body in reader.feed(data):
                    self._take(kind, number, body)
        except (OSError, frames.BadFrame):
            self._process.kill()
        await self._tasks[0]
        unanswered: list[asyncio.Future[Any]] = [self.ready]
        unanswered += [command.ended for command in self._commands.values()]
        for waiting in unanswered:
            if not waiting.done():
                waiting.set_exception(self._lost("ended"))
                waiting.exception()  # looked at: nobody may be waiting for it

    def _take(self, kind: int, number: int, body: bytes) -> None:
        if kind == frames.READY:
            if not self.ready.done():
                self.ready.set_result(json.loads(body))
        elif number in self._commands:
            command = self._commands[number]
            if kind == frames.EXIT:
                del self._commands[number]
                if not command.ended.done():
                    command.ended.set_result(int(body))
            else:
                command.sink(1 if kind == frames.OUTPUT else 2, body)

    def _lost(self, what: str) -> MachineLost:
        end = "\n".join(self.console().strip().splitlines()[-15:])
        return MachineLost(f"the virtual machine {self.value.name} {what}; its console's last lines:\n{end}")


@asynccontextmanager
async def booted(machines: Sequence[Machine], seconds: float = BOOT_SECONDS) -> AsyncIterator[list[Running]]:
    """These machines, started together and up; gone afterwards."""
    running = [Running(machine) for machine in machines]
    started: list[Running] = []
    try:
        for machine in running:
            await machine.start()
            started.append(machine)
        await asyncio.gather(*(machine.booted(seconds) for machine in running))
        yield running
    finally:
        await asyncio.gather(*(machine.close() for machine in started))
