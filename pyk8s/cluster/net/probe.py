"""One real packet, sent from where a pod, a node or this machine is."""

from __future__ import annotations

import socket
from contextlib import nullcontext

from pyk8s.kernel.errors import Unsupported
from pyk8s.kernel.netns.run import entered
from pyk8s.proxy.packet import Packet

SECONDS = 2.0
"""How long an answer is waited for."""

_RECEIVE_ERRORS = {4: (socket.IPPROTO_IP, 11), 6: (socket.IPPROTO_IPV6, 25)}
"""IP_RECVERR, IPV6_RECVERR. Source: ip(7)."""

_KINDS = {
    "tcp": (socket.SOCK_STREAM, socket.IPPROTO_TCP),
    "udp": (socket.SOCK_DGRAM, socket.IPPROTO_UDP),
    "sctp": (socket.SOCK_STREAM, socket.IPPROTO_SCTP),
}


def send(packet: Packet, netns: str = "") -> str:
    """Open the connection that `packet` begins, from the namespace at path `netns` ("" is this one), and say what came
    of it: "answered", "refused", "no answer"… Blocks up to SECONDS; raises Unsupported when this kernel does not speak
    the protocol, KernelError when there is no such namespace."""
    family = socket.AF_INET if packet.family == 4 else socket.AF_INET6
    with entered(netns) if netns else nullcontext():
        try:
            caller = socket.socket(family, *_KINDS[packet.protocol])
        except OSError as why:
            raise Unsupported(f"this kernel speaks no {packet.protocol}: {why.strerror}") from why
    with caller:
        caller.settimeout(SECONDS)
        if packet.protocol == "sctp":  # or it would not hear of a refusal, which comes by ICMP
            caller.setsockopt(*_RECEIVE_ERRORS[packet.family], 1)
        return _send(caller, packet)


def _send(caller: socket.socket, packet: Packet) -> str:
    try:
        caller.bind((packet.source, 0))
        caller.connect((packet.destination, packet.port))
        if packet.protocol == "udp":
            caller.send(b"pyk8s net path --probe\n")
            caller.recv(1)
    except ConnectionRefusedError:
        return "refused"
    except TimeoutError:
        return "sent; nobody answered, as UDP need not" if packet.protocol == "udp" else "no answer"
    except OSError as why:
        return f"not sent: {why.strerror}"
    return "answered"
