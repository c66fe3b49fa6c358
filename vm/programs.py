"""Runs the machine's own programs, bounded in time, ended with this process."""

from __future__ import annotations

import subprocess
from collections.abc import Container, Mapping
from pathlib import Path

from vm.errors import Unable


def call(
    command: tuple[str, ...],
    seconds: float,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    fine: Container[int] = (0,),
) -> str:
    """What `command` prints. Raises Unable with its last words when it ends with a code that is not `fine`,
    is missing or takes too long.
    """
    words = ("setpriv", "--pdeathsig", "TERM", *command)
    try:
        done = subprocess.run(
            words,
            env=env,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
    except FileNotFoundError as why:
        raise Unable("setpriv is not installed: it is in Debian's package util-linux") from why
    except subprocess.TimeoutExpired as why:
        raise Unable(f"{command[0]} took longer than {seconds:.0f} s") from why
    if done.returncode not in fine:
        raise Unable(f"{command[0]} failed ({done.returncode}): {_last(done.stderr or done.stdout)}")
    return done.stdout


def _last(text: str) -> str:
    return "\n".join(text.strip().splitlines()[-12:])
