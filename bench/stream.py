"""`python -m bench.stream take ADDRESS PORT` and `… give ADDRESS PORT SECONDS`: TCP bytes as fast as they go, one way.

`take` says "ready", takes one connection after another, and prints for each the bytes and the seconds it took; it ends
with its standard input. `give` sends for so many seconds.
"""

from __future__ import annotations

import socket
import sys
import threading
import time

BLOCK = 1 << 18


def take(address: str, port: int) -> None:
    """Take connections until standard input ends."""
    listener = socket.create_server((address, port))
    threading.Thread(target=_serve, args=(listener,), daemon=True).start()
    print("ready", flush=True)
    sys.stdin.read()


def _serve(listener: socket.socket) -> None:
    block = bytearray(BLOCK)
    while True:
        caller, _ = listener.accept()
        taken, start = 0, time.perf_counter()
        with caller:
            while count := caller.recv_into(block):
                taken += count
        print(taken, time.perf_counter() - start, flush=True)


def give(address: str, port: int, seconds: float) -> None:
    """Send for so long."""
    block = bytes(BLOCK)
    with socket.create_connection((address, port), timeout=10) as caller:
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            caller.sendall(block)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["take", address, port]:
            take(address, int(port))
        case ["give", address, port, seconds]:
            give(address, int(port), float(seconds))
        case _:
            sys.exit(__doc__)
