"""Answers and asks, over TCP and UDP, with what is built into Python alone: it starts in a tenth of a second.

`talk.py serve NAME PORT`        answer everybody with "NAME ADDRESS", the address one is seen at
`talk.py ask ADDRESS PORT COUNT PROTOCOL`    ask so often, each time anew; prints JSON {answer: how often}
"""

import json
import selectors
import socket
import sys

PATIENCE = 5.0


def serve(name, port):
    """Answer until killed. Prints a line once both protocols are open."""
    selector = selectors.DefaultSelector()
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        opened = socket.socket(socket.AF_INET6, kind)
        opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind(("::", port))
        if kind == socket.SOCK_STREAM:
            opened.listen(128)
        selector.register(opened, selectors.EVENT_READ, kind)
    print("open", flush=True)
    while True:
        for key, _ in selector.select():
            if key.data == socket.SOCK_STREAM:
                caller, address = key.fileobj.accept()
                with caller:
                    caller.sendall(_line(name, address))
            else:
                _, address = key.fileobj.recvfrom(64)
                key.fileobj.sendto(_line(name, address), address)


def _line(name, address):
    return f"{name} {address[0].removeprefix('::ffff:')}".encode()


def ask(address, port, protocol):
    """One answer, or the name of what went wrong."""
    kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, kind) as caller:
        caller.settimeout(PATIENCE)
        try:
            caller.connect((address, port))
            if protocol == "udp":
                caller.send(b"?")
            return caller.recv(100).decode()
        except OSError as why:
            return type(why).__name__


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(sys.argv[2], int(sys.argv[3]))
    else:
        counted = {}
        for _ in range(int(sys.argv[4])):
            answer = ask(sys.argv[2], int(sys.argv[3]), sys.argv[5])
            counted[answer] = counted.get(answer, 0) + 1
        print(json.dumps(counted))
