"""Guard bridge ports with nft."""

from __future__ import annotations

import errno
import json
import shutil
import subprocess
from typing import Any

from pyk8s.kernel.errors import Refused, Unsupported
from pyk8s.kernel.portguard.values import MAP, TABLE, Transaction, render

RUN_SECONDS = 30.0
"""How long one call may take."""


class PortGuards:
    """The guards on the bridge ports of the calling thread's network namespace."""

    def observe(self) -> dict[str, str]:
        """The guarded ports with their MACs."""
        listed = _nft("-j", "list", "table", "bridge", TABLE, absent=b'{"nftables": []}')
        parts: list[dict[str, Any]] = json.loads(listed)["nftables"]
        maps = [part["map"] for part in parts if part.get("map", {}).get("name") == MAP]
        guarded = {element[0] for each in maps for element in each.get("elem", ())}
        rules = [part["rule"] for part in parts if "rule" in part]
        return {rule["chain"]: _mac(rule) for rule in rules if rule["chain"] in guarded and _mac(rule)}

    def run(self, transaction: Transaction) -> None:
        """Carry out `transaction`, all of it or nothing; raises Refused, or Unsupported without nft."""
        text = render(transaction)
        if text:
            _nft("-f", "-", text=text.encode())


def _mac(rule: dict[str, Any]) -> str:
    return next((str(each["match"]["right"]) for each in rule["expr"] if "match" in each), "")


def _nft(*arguments: str, text: bytes = b"", absent: bytes | None = None) -> bytes:
    """What nft prints; `absent`, when given, for a table that is not there."""
    found = shutil.which("nft") or shutil.which("nft", path="/usr/sbin:/sbin")
    if found is None:
        raise Unsupported("nft is not installed: install the package nftables")
    try:
        done = subprocess.run([found, *arguments], input=text, capture_output=True, timeout=RUN_SECONDS, check=False)
    except subprocess.TimeoutExpired as why:
        raise Refused(found, errno.ETIMEDOUT, f"no answer within {RUN_SECONDS:.0f} s") from why
    if done.returncode == 0:
        return done.stdout
    said = done.stderr.decode(errors="replace").strip()
    if absent is not None and "No such file" in said:
        return absent
    if "Operation not supported" in said or "Protocol not supported" in said:
        raise Unsupported(f"this kernel has no nftables for bridges: {said}")
    raise Refused(" ".join((found, *arguments)), errno.EINVAL, said)
