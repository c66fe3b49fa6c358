"""Carry one CNI call to the node's agent: `python3 -IS binary.pyc SOCKET STATE_FOLDER INTERPRETER ALONE`.

Starts for every sandbox, so it imports only what is built into the interpreter, and is compiled when it is installed.
Where no agent answers it becomes the program ALONE, run by INTERPRETER, which finds our packages.

On the socket: the CNI_ variables, each ended by a NUL, an empty one, and standard input; the pod's namespace travels
along as an open descriptor. Back comes one byte, the exit code, and what to print.
"""

import _socket
import posix
import sys

CHUNK = 65536
PATIENCE = 60.0
"""Seconds that the agent may take."""

TOO_SLOW = b'{"cniVersion":"1.0.0","code":11,"msg":"the network agent of this node did not answer in time"}\n'
"""Try again later, says the specification's code: the agent may still be at it, so nobody else must do it too."""


def read_all(descriptor):
    """Every byte that comes from `descriptor` until its end."""
    parts = []
    while part := posix.read(descriptor, CHUNK):
        parts.append(part)
    return b"".join(parts)


class Unheard(Exception):
    """No agent has heard the call."""


def carry(path, environment, document):
    """The agent's answer: exit code and output. Raises Unheard, or OSError when it ended over the call."""
    calls = [name + b"=" + value + b"\0" for name, value in environment.items() if name.startswith(b"CNI_")]
    rights = []
    try:
        namespace = posix.open(environment.get(b"CNI_NETNS") or b"", posix.O_RDONLY | posix.O_CLOEXEC)
        rights.append((_socket.SOL_SOCKET, _socket.SCM_RIGHTS, namespace.to_bytes(4, sys.byteorder)))
    except OSError:
        pass  # DEL must work when the namespace is gone; for the others the agent says what is wrong
    agent = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    agent.settimeout(PATIENCE)
    try:
        agent.connect(path)
    except OSError as why:
        raise Unheard from why
    message = memoryview(b"".join(calls) + b"\0" + document)
    sent = agent.sendmsg([message[:CHUNK]], rights)
    while sent < len(message):
        sent += agent.send(message[sent:])
    agent.shutdown(_socket.SHUT_WR)
    parts = []
    while part := agent.recv(CHUNK):
        parts.append(part)
    answer = b"".join(parts)
    if not answer:
        raise OSError("the agent hung up")
    return answer[0], answer[1:]


def stay_alone(document, *again):
    """Become the program that needs no agent, with `document` as its standard input again."""
    copy = posix.memfd_create("cni-stdin", 0)
    while document:
        document = document[posix.write(copy, document) :]
    posix.lseek(copy, 0, 0)
    posix.dup2(copy, 0)
    _, _, state, interpreter, alone = sys.argv
    posix.execve(interpreter, [interpreter, "-I", alone, *again, state], posix.environ)


def main():
    """Answer the call, by the agent or alone."""
    if not posix.environ.get(b"CNI_COMMAND"):
        stay_alone(b"")  # somebody at a terminal: it says what it is
    document = read_all(0)
    try:
        code, output = carry(sys.argv[1], posix.environ, document)
    except Unheard:
        stay_alone(document)
    except TimeoutError:
        code, output = 1, TOO_SLOW
    except OSError:
        stay_alone(document, "--again")
    while output:
        output = output[posix.write(1, output) :]
    posix._exit(code)


if __name__ == "__main__":
    main()
