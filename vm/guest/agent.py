"""The host's hand in the guest: starts commands, carries their streams over the virtio port. Run by `python3 -IS`."""

from __future__ import annotations

import collections
import json
import os
import selectors
import signal
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import frames

TYPE_CHECKING = False  # typing takes a fifth of a second to import in an emulated machine
if TYPE_CHECKING:
    from typing import IO, Any

PORT = "pyk8s.agent"
CHUNK = 64 * 1024


def find_port() -> str:
    """The device of the virtio port named PORT. There is no udev in a fast guest to name it."""
    for folder in Path("/sys/class/virtio-ports").iterdir():
        if (folder / "name").read_text().strip() == PORT:
            return f"/dev/{folder.name}"
    raise SystemExit(f"no virtio port is named {PORT}")


class Command:
    """A program that the host asked for."""

    def __init__(self, number: int, wish: dict[str, Any]) -> None:
        self.number = number
        self.pending: collections.deque[bytes] = collections.deque()
        self.ends = False
        self.process = subprocess.Popen(
            wish["argv"],
            cwd=wish.get("cwd") or "/root",
            env={**os.environ, **wish.get("env", {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            bufsize=0,
        )
        assert self.process.stdin and self.process.stdout and self.process.stderr
        self.input: IO[bytes] = self.process.stdin
        self.outputs: dict[IO[bytes], int] = {
            self.process.stdout: frames.OUTPUT,
            self.process.stderr: frames.ERRORS,
        }
        for stream in (self.input, *self.outputs):
            os.set_blocking(stream.fileno(), False)
        self.death = os.pidfd_open(self.process.pid)


class Agent:
    """Serves one host until the port closes."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.commands: dict[int, Command] = {}
        self.reader = frames.Reader()
        self.selector = selectors.DefaultSelector()
        self.selector.register(port, selectors.EVENT_READ, self.listen)

    def serve(self) -> None:
        """Handle what comes, one event after the other."""
        self.say(frames.READY, 0, json.dumps({"kernel": os.uname().release, "name": os.uname().nodename}).encode())
        while True:
            for key, _ in self.selector.select():
                if self.watches(key.fileobj):
                    key.data()

    def watches(self, one: Any) -> bool:
        """Whether it is still waited for: what one event closed may have had an event of its own."""
        return not getattr(one, "closed", False) and one in self.selector.get_map()

    def say(self, kind: int, number: int, data: bytes = b"") -> None:
        rest = memoryview(frames.pack(kind, number, data))
        while rest:
            rest = rest[os.write(self.port, rest) :]

    def listen(self) -> None:
        data = os.read(self.port, CHUNK)
        if not data:
            raise SystemExit("the host closed the port")
        for kind, number, body in self.reader.feed(data):
            if kind == frames.START:
                self.start(number, json.loads(body))
            elif number in self.commands:
                self.obey(self.commands[number], kind, body)

    def start(self, number: int, wish: dict[str, Any]) -> None:
        try:
            command = self.commands[number] = Command(number, wish)
        except OSError as why:
            self.say(frames.ERRORS, number, f"{wish['argv'][0]}: {why.strerror}\n".encode())
            return self.say(frames.EXIT, number, b"127" if isinstance(why, FileNotFoundError) else b"126")
        for stream in command.outputs:
            self.selector.register(stream, selectors.EVENT_READ, lambda stream=stream: self.carry(command, stream))
        self.selector.register(command.death, selectors.EVENT_READ, lambda: self.bury(command))
        return None

    def obey(self, command: Command, kind: int, body: bytes) -> None:
        if kind == frames.INPUT:
            command.pending.append(body)
        elif kind == frames.INPUT_END:
            command.ends = True
        elif kind == frames.KILL:
            try:
                os.killpg(command.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        if kind != frames.KILL and not self.watches(command.input):
            self.feed(command)

    def feed(self, command: Command) -> None:
        """Give the program what it takes of its input; the rest when it has room."""
        stream = command.input
        if stream.closed:
            return
        try:
            while command.pending:
                count = os.write(stream.fileno(), command.pending[0])
                command.pending[0] = command.pending[0][count:]
                if not command.pending[0]:
                    command.pending.popleft()
        except BlockingIOError:
            if not self.watches(stream):
                self.selector.register(stream, selectors.EVENT_WRITE, lambda: self.feed(command))
            return
        except BrokenPipeError:
            command.pending.clear()
            command.ends = True
        if self.watches(stream):
            self.selector.unregister(stream)
        if command.ends:
            stream.close()

    def carry(self, command: Command, stream: IO[bytes]) -> bool:
        """Pass on one piece of output; False when there is none now."""
        try:
            data = os.read(stream.fileno(), CHUNK)
        except BlockingIOError:
            return False
        if data:
            self.say(command.outputs[stream], command.number, data)
        else:
            self.selector.unregister(stream)
            stream.close()
            del command.outputs[stream]
        return bool(data)

    def bury(self, command: Command) -> None:
        """The program ended: what it left in its pipes, then its code. Programs it started may hold the pipes on."""
        for stream in list(command.outputs):
            while self.carry(command, stream):
                pass
        code = command.process.wait()
        watched: list[int | IO[bytes]] = [command.death, command.input, *command.outputs]
        for one in watched:
            if self.watches(one):
                self.selector.unregister(one)
        os.close(command.death)
        for stream in (command.input, *command.outputs):
            stream.close()
        del self.commands[command.number]
        self.say(frames.EXIT, command.number, str(code if code >= 0 else 128 - code).encode())


if __name__ == "__main__":
    Agent(os.open(find_port(), os.O_RDWR)).serve()
