"""Addresses from another IPAM plugin: a program that is found in CNI_PATH and run with the call's own environment.

Source: CNI specification, "Section 4: Plugin Delegation".
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from pyk8s.network.calls import Call
from pyk8s.network.conf import NetConf
from pyk8s.network.errors import CniError, Code
from pyk8s.network.interface import Programs
from pyk8s.network.plan import check_ip
from pyk8s.network.results import Result, ResultInvalid, read_result


def ask(command: str, call: Call, conf: NetConf, programs: Programs) -> Result | None:
    """What the plugin `conf.ipam.type` answers to `command`: a result for ADD, else None.

    Raises CniError: the plugin's own where it told one, 6 for an answer that makes no sense.
    """
    program = find(conf.ipam.type, call.environment.get("CNI_PATH", ""))
    environment = {**call.environment, "CNI_COMMAND": command}
    code, output = programs(program, environment, orjson.dumps(conf.document))
    if code != 0:
        raise _told_error(conf.ipam.type, code, output)
    return _told_result(conf.ipam.type, output) if command == "ADD" else None


def find(name: str, path: str) -> str:
    """The program `name` in the folders of `path`. Raises CniError."""
    for folder in filter(None, path.split(os.pathsep)):
        file = Path(folder) / name
        if file.is_file() and os.access(file, os.X_OK):
            return str(file)
    raise CniError(Code.INTERNAL, f"the IPAM plugin {name} is not installed", f"CNI_PATH is {path!r}")


def _told_error(name: str, code: int, output: bytes) -> CniError:
    told = _decode(output)
    if isinstance(told, Mapping) and isinstance(told.get("code"), int) and told["code"]:
        return CniError(told["code"], str(told.get("msg") or ""), str(told.get("details") or ""))
    said = output[:400].decode(errors="replace")
    return CniError(Code.INTERNAL, f"the IPAM plugin {name} failed", f"exit code {code}, it said {said!r}")


def _told_result(name: str, output: bytes) -> Result:
    try:
        result = read_result(_decode(output))
        for each in result.ips:
            check_ip(each)
    except (ResultInvalid, ValueError) as why:
        raise CniError(Code.UNDECODABLE, f"the IPAM plugin {name} gave no result", str(why)) from why
    if not result.ips:
        raise CniError(Code.INTERNAL, f"the IPAM plugin {name} gave no address")
    return result


def _decode(output: bytes) -> Any:
    try:
        return orjson.loads(output)
    except orjson.JSONDecodeError:
        return None
