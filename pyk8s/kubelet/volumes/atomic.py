"""Files changed all at once: a reader of the folder sees all of the old content or all of the new.

The files are in a hidden folder of their own, `..data` is a symbolic link to it, and each name in the volume is a link
through `..data`; changing `..data` by a rename changes everything. Source: the layout that Kubernetes documents for
config map volumes ("mounted ConfigMaps are updated automatically") and that programs watching `..data` rely on.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from pyk8s.kubelet.volumes.payload import File

LINK, NEXT_LINK, PREFIX = "..data", "..data_tmp", ".."


def write(folder: Path, files: Mapping[str, File], *, group: int | None = None) -> bool:
    """Let `folder` (which exists) hold exactly `files`; False when it did already. Raises OSError.

    With `group` the files belong to that group and it may read them. A crash in between leaves the old content.
    """
    current = folder / LINK
    old = current.resolve() if current.is_symlink() else None
    if old is not None and old.is_dir() and _holds(old, files, group):
        _link(folder, files)
        return False
    fresh = Path(tempfile.mkdtemp(prefix=PREFIX, dir=folder))
    fresh.chmod(0o755)
    _own(fresh, group)
    for path, file in files.items():
        _write_one(fresh, path, file, group)
    upcoming = folder / NEXT_LINK
    upcoming.unlink(missing_ok=True)
    upcoming.symlink_to(fresh.name)
    upcoming.rename(current)
    _link(folder, files)
    _sweep(folder, fresh.name)
    return True


def _write_one(fresh: Path, path: str, file: File, group: int | None) -> None:
    target = fresh / path
    for parent in reversed(target.relative_to(fresh).parents[:-1]):
        (fresh / parent).mkdir(exist_ok=True)
        (fresh / parent).chmod(0o755)
        _own(fresh / parent, group)
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with open(descriptor, "wb") as written:
        written.write(file.data)
    _own(target, group)
    target.chmod(_mode(file, group))


def _mode(file: File, group: int | None) -> int:
    return file.mode | 0o040 if group is not None else file.mode


def _own(path: Path, group: int | None) -> None:
    if group is not None:
        os.chown(path, -1, group)


def _holds(old: Path, files: Mapping[str, File], group: int | None) -> bool:
    there = {str(each.relative_to(old)) for each in old.rglob("*") if each.is_file()}
    if there != set(files):
        return False
    for path, file in files.items():
        held = old / path
        if held.stat().st_mode & 0o7777 != _mode(file, group) or held.read_bytes() != file.data:
            return False
    return True


def _link(folder: Path, files: Mapping[str, File]) -> None:
    """One visible link for each first name; links to what is gone go too."""
    names = {path.split("/", 1)[0] for path in files}
    for each in folder.iterdir():
        if each.is_symlink() and not each.name.startswith(PREFIX) and each.name not in names:
            each.unlink()
    for name in names:
        with contextlib.suppress(FileExistsError):
            (folder / name).symlink_to(f"{LINK}/{name}")


def _sweep(folder: Path, kept: str) -> None:
    """Remove the former content, and what a crash left behind."""
    for each in folder.iterdir():
        if each.name.startswith(PREFIX) and each.name not in (LINK, kept) and not each.is_symlink():
            shutil.rmtree(each)
