"""Exec and attach inside WebSocket messages: the first byte of a message is its channel.

Source: Kubernetes, "remotecommand" subprotocols v4.channel.k8s.io and v5.channel.k8s.io (KEP-4006).
"""

from __future__ import annotations

from typing import Any

import orjson

from pyk8s.gen.pyk8s.v1 import streams_pb2 as pb

STDIN, STDOUT, STDERR, ERROR, RESIZE, CLOSE = 0, 1, 2, 3, 4, 255

V5, V4 = "v5.channel.k8s.io", "v4.channel.k8s.io"
PROTOCOLS = (V5, V4)
"""What is spoken, the better first: v5 adds the signal that a client's standard input has ended."""


def frame_of(message: bytes) -> pb.StreamFrame | None:
    """The frame a client's message means; None for one that means nothing (an unknown or empty channel)."""
    if not message:
        return None
    channel, content = message[0], message[1:]
    match channel:
        case 0:
            return pb.StreamFrame(stdin=content) if content else None
        case 4:
            return _resize(content)
        case 255 if content[:1] == bytes([STDIN]):
            return pb.StreamFrame(stdin_closed=True)
    return None


def message_of(frame: pb.StreamFrame) -> bytes:
    """The message that tells a client of `frame`; b"" for one it is not told of."""
    match frame.WhichOneof("frame"):
        case "stdout":
            return b"\x01" + frame.stdout
        case "stderr":
            return b"\x02" + frame.stderr
        case "result":
            return b"\x03" + orjson.dumps(status_of(frame.result))
    return b""


def status_of(result: pb.Result) -> dict[str, Any]:
    """How a program ended, as the Status that ends a stream."""
    if result.status:
        status: dict[str, Any] = orjson.loads(result.status)
        return status
    if result.exit_code == 0:
        return {"metadata": {}, "status": "Success"}
    return {
        "metadata": {},
        "status": "Failure",
        "message": f"command terminated with non-zero exit code: exit status {result.exit_code}",
        "reason": "NonZeroExitCode",
        "details": {"causes": [{"reason": "ExitCode", "message": str(result.exit_code)}]},
    }


def failure_message(status: dict[str, Any]) -> bytes:
    """The message that ends a stream which failed for another reason than the program."""
    return b"\x03" + orjson.dumps(status)


def _resize(content: bytes) -> pb.StreamFrame | None:
    try:
        size = orjson.loads(content)
        return pb.StreamFrame(resize=pb.Resize(width=int(size["Width"]), height=int(size["Height"])))
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        return None
