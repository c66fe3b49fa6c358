"""Put the CNI program where containerd looks for it, and the configuration that tells containerd to run it.

A program is two lines: installers' own scripts lose the interpreter's flags, which make it start fast. What they run is
compiled here, by the interpreter that will run it, and lies beside them: a script is compiled at every start.
"""

from __future__ import annotations

import os
import py_compile
import shlex
import sys
import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import orjson

PROGRAMS = ("pyk8s-cni", "loopback")
"""containerd 1.6 runs a plugin named loopback by itself for every sandbox: it is the same program."""

COMPILED = ".pyk8s-cni.pyc"
"""What both run; runtimes take no file with a dot in front for a plugin."""

_FIRST_LINE = 250
"""Characters that the kernel reads of a script's first line, a few left over."""

CONFIGURATION = "10-pyk8s.conflist"

NETWORK = "pyk8s"
"""The network's name, and so that of its folder of addresses."""

VERSION = "1.0.0"
"""The newest version of the specification that containerd 1.6 speaks; 2.x speaks it too."""


def install_programs(
    folder: str | Path, socket: str, state_folder: str, *, names: Sequence[str] = PROGRAMS
) -> list[Path]:
    """Write the programs into `folder`, when they differ from what is there; which files they are."""
    package = _package()
    compiled = _write(Path(folder).absolute() / COMPILED, _compile(package / "binary.py"), 0o644)
    # The interpreter itself starts faster than a virtual environment's link to it; only what runs alone needs packages.
    bare = os.path.realpath(sys.executable)
    words = [bare, "-IS", str(compiled), socket, state_folder, sys.executable, str(package / "alone.py")]
    return [_write(Path(folder) / name, _script(words).encode(), 0o755) for name in names]


def _script(words: Sequence[str]) -> str:
    """A program that is `words`: an interpreter, its flags, a compiled file, and what follows in `sys.argv`.

    The kernel starts the interpreter by itself; a shell in between costs a millisecond, and is there for a path that
    the first line of a script cannot hold. Source: execve(2).
    """
    interpreter, flags, compiled, *arguments = words
    first = f"#!{interpreter} {flags}"
    if len(first) > _FIRST_LINE or any(each.isspace() for each in interpreter):
        return f"#!/bin/sh\nexec {shlex.join(words)}\n"
    header = 16  # of a compiled file: its magic number, flags, and hash
    load = f"marshal.loads(posix.read(posix.open({compiled!r}, posix.O_RDONLY), 1 << 20)[{header}:])"
    return f"{first}\nimport marshal, posix, sys; sys.argv[1:] = {arguments!r}; exec({load})\n"


def install_configuration(folder: str | Path, conflist: dict[str, Any]) -> Path:
    """Write the configuration into `folder`; containerd watches it. An equal one is left alone."""
    text = orjson.dumps(conflist, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    return _write(Path(folder) / CONFIGURATION, text, 0o600)


def conflist(ranges: Sequence[str], *, mtu: int, data_folder: str, bridge: str = "cni0") -> dict[str, Any]:
    """The CNI configuration of a node whose pods have addresses of `ranges`, one of each ("10.244.1.0/24").

    `ipMasq` is off: the agent masquerades for the node, knowing the cluster's other nodes.
    """
    routes = [{"dst": "::/0" if ":" in each else "0.0.0.0/0"} for each in ranges]
    plugin = {
        "type": PROGRAMS[0],
        "bridge": bridge,
        "mtu": mtu,
        "isGateway": True,
        "hairpinMode": True,
        "ipMasq": False,
        "capabilities": {"portMappings": True, "bandwidth": True},
        "ipam": {
            "type": "host-local",
            "ranges": [[{"subnet": each}] for each in ranges],
            "routes": routes,
            "dataDir": data_folder,
        },
    }
    return {"cniVersion": VERSION, "name": NETWORK, "plugins": [plugin]}


def _package() -> Path:
    """The folder of the program's package, which is found by name, as nothing here may import it."""
    spec = find_spec("cni")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("the package cni is not installed beside pyk8s")
    return Path(spec.submodule_search_locations[0])


def _compile(source: Path) -> bytes:
    """`source` compiled, in a form that is not compared with it at each start: it is installed anew when it changes."""
    with tempfile.TemporaryDirectory(prefix="pyk8s-cni") as folder:
        made = py_compile.compile(
            str(source),
            str(Path(folder) / COMPILED),
            dfile=source.name,
            doraise=True,
            optimize=2,
            invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        )
        return Path(str(made)).read_bytes()


def _write(file: Path, content: bytes, mode: int) -> Path:
    """Make `file` hold `content`, at once for whoever reads it; an equal one keeps its time."""
    file.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    if file.is_file() and not file.is_symlink() and file.read_bytes() == content:
        file.chmod(mode)
        return file
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    fresh.write_bytes(content)
    fresh.chmod(mode)
    fresh.replace(file)
    return file
