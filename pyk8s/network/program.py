"""The CNI program as a function: environment and standard input in, exit code and standard output out.

The agent runs it for whoever connects to its socket, `cni/alone` in its own process.
"""

from __future__ import annotations

import errno
from collections.abc import Mapping
from typing import Any

import orjson

from pyk8s.kernel.errors import KernelError, Refused
from pyk8s.network import commands
from pyk8s.network.calls import check_version, read_call
from pyk8s.network.conf import read_conf
from pyk8s.network.errors import CniError, Code, ReservationLost
from pyk8s.network.interface import Hands
from pyk8s.network.results import VERSIONS

LIMIT = 1 << 20
"""Bytes that a configuration may have."""


def answer(
    environment: Mapping[str, str], document: bytes, hands: Hands, netns: str | None = None
) -> tuple[int, bytes]:
    """The exit code and what to print. `netns` is the path of the pod's namespace when it is not CNI_NETNS itself."""
    version = VERSIONS[-1]
    try:
        decoded = _decode(document)
        version = _version(decoded) or version
        result = _run(environment, decoded, hands, netns)
    except CniError as why:
        return 1, _encode(why.value(version))
    except ReservationLost as why:
        return 1, _encode(CniError(Code.IO_FAILURE, "the folder of addresses failed", str(why)).value(version))
    except KernelError as why:
        return 1, _encode(_of_kernel(why).value(version))
    except OSError as why:
        return 1, _encode(CniError(Code.IO_FAILURE, "input or output failed", str(why)).value(version))
    return 0, b"" if result is None else _encode(result)


def _run(environment: Mapping[str, str], document: Any, hands: Hands, netns: str | None) -> dict[str, Any] | None:
    call = read_call(environment, netns)
    if call.command == "VERSION":
        return commands.versions(_version(document))
    conf = read_conf(document, call.args, call.command)
    check_version(call.command, conf.version)
    if conf.type == "loopback":
        return commands.loopback(call, conf, hands)
    return commands.COMMANDS[call.command](call, conf, hands)


def _of_kernel(why: KernelError) -> CniError:
    """What passes by itself is for trying again: another program's lock, a kernel that is busy."""
    passing = isinstance(why, Refused) and (why.number in (errno.EAGAIN, errno.EBUSY) or "xtables lock" in str(why))
    return CniError(Code.TRY_AGAIN if passing else Code.INTERNAL, "the kernel refused", str(why))


def _version(document: Any) -> str:
    held = document.get("cniVersion") if isinstance(document, dict) else None
    return held if isinstance(held, str) else ""


def _decode(document: bytes) -> Any:
    if len(document) > LIMIT:
        raise CniError(Code.UNDECODABLE, "the network configuration is too long", f"more than {LIMIT} bytes")
    try:
        return orjson.loads(document)
    except orjson.JSONDecodeError as why:
        raise CniError(Code.UNDECODABLE, "the network configuration is not JSON", str(why)) from why


def _encode(value: dict[str, Any]) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE)
