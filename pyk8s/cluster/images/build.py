"""Building an image from a folder: its Dockerfile, its image.yaml, or simply what is in it.

The files that come in are one new layer, with the same digest for the same files; each RUN makes a layer of its own.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from pyk8s.cluster.errors import ImageInvalid
from pyk8s.cluster.images import builtin, dockerfile, layer, runstep
from pyk8s.cluster.images.basetree import BaseTree
from pyk8s.cluster.images.compose import Config, base_config, compose
from pyk8s.cluster.images.dockerfile import Instruction
from pyk8s.cluster.images.layer import Entry
from pyk8s.cluster.images.reference import normalize
from pyk8s.cluster.images.store import Image, Store

Say = Callable[[str], None]

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(slots=True)
class Build:
    """A build under way: the folder it may copy from, what the image has become so far."""

    context: Path
    store: Store
    base: Image | None
    config: Config
    tree: BaseTree
    entries: list[Entry] = field(default_factory=list)
    """What the layer being made holds so far."""
    layers: list[list[Entry]] = field(default_factory=list)
    steps: runstep.Steps | None = None
    cmd_set: bool = False


def build(
    store: Store, folder: Path, name: str, *, arguments: Mapping[str, str] | None = None, file: Path | None = None,
    say: Say = lambda line: None,
) -> Image:  # fmt: skip
    """Build the image `name` from `folder`; `file` is the Dockerfile when it is not the folder's own.

    Raises ImageInvalid, naming file and line, and leaves the store as it was.
    """
    if not folder.is_dir():
        raise ImageInvalid(f"{folder} is no folder")
    text = file or next((folder / each for each in ("Dockerfile", "Containerfile") if (folder / each).is_file()), None)
    full = normalize(name)
    if text is None and (folder / "image.yaml").is_file():
        return _from_yaml(store, folder, full)
    if text is None:
        return compose(store, full, [layer.tree(folder, "")], Config())
    try:
        instructions = dockerfile.parse(text.read_text(), arguments)
        return _from_instructions(store, folder, full, instructions, say)
    except (ImageInvalid, OSError, UnicodeDecodeError) as why:
        raise ImageInvalid(f"{text}: {why}") from why


def _from_yaml(store: Store, folder: Path, name: str) -> Image:
    """image.yaml: from, files (from: to), env, cmd, entrypoint, workdir, user, expose, labels."""
    path = folder / "image.yaml"
    try:
        described = yaml.safe_load(path.read_text()) or {}
    except yaml.YAMLError as why:
        raise ImageInvalid(f"{path}: {why}") from why
    known = {"from", "files", "env", "cmd", "entrypoint", "workdir", "user", "expose", "labels"}
    if not isinstance(described, dict) or set(described) - known:
        wrong = ", ".join(sorted(set(described) - known)) if isinstance(described, dict) else "what it holds"
        raise ImageInvalid(f"{path}: {wrong} is not understood; fields are {', '.join(sorted(known))}")
    under = _begin(store, folder, str(described.get("from") or "scratch"))
    for source, target in (described.get("files") or {"rootfs": "/"}).items():
        _copy(under, [source], target, {}, as_folder=target.endswith("/"))
    config = under.config
    config.env |= {key: str(value) for key, value in (described.get("env") or {}).items()}
    config.cmd = described.get("cmd", config.cmd)
    config.entrypoint = described.get("entrypoint", config.entrypoint)
    config.workdir = described.get("workdir", config.workdir)
    config.user = str(described.get("user", config.user))
    config.exposed += [_port(str(port)) for port in described.get("expose") or ()]
    config.labels |= {key: str(value) for key, value in (described.get("labels") or {}).items()}
    return compose(store, name, [under.entries], config, base=under.base)


def _from_instructions(store: Store, folder: Path, name: str, instructions: list[Instruction], say: Say) -> Image:
    under = _begin(store, folder, instructions[0].arguments[0])
    with runstep.Steps(store, under.base) as steps:
        under.steps = steps
        for number, each in enumerate(instructions, 1):
            say(f"step {number}/{len(instructions)}: {each.word} {each.text}")
            try:
                STEPS[each.word](under, each)
            except ImageInvalid as why:
                raise ImageInvalid(f"line {each.line}: {why}") from why
        return compose(store, name, [*under.layers, under.entries], under.config, base=under.base)


def _begin(store: Store, context: Path, base: str) -> Build:
    if base == "scratch":
        return Build(context, store, None, Config(), BaseTree())
    full = normalize(base)
    image = store.find(full) or builtin.ensure(store, full)
    if image is None:
        raise ImageInvalid(f"there is no image {base} on this machine: load or build it first (see `pyk8s image list`)")
    config = Config.of(base_config(store, image))
    tree = BaseTree.read(store.blobs / each.hex for each in image.manifest.layers)
    return Build(context, store, image, config, tree)


def _from(under: Build, step: Instruction) -> None:
    if len(step.arguments) not in (1, 3) or (len(step.arguments) == 3 and step.arguments[1].upper() != "AS"):
        raise ImageInvalid("FROM takes one image: FROM NAME:TAG")


def _add(under: Build, step: Instruction) -> None:
    if len(step.arguments) < 2:
        raise ImageInvalid(f"{step.word} takes what to copy and where to: {step.word} FROM… TO")
    *sources, target = step.arguments
    for source in sources:
        if "://" in source:
            raise ImageInvalid(f"{source}: nothing is downloaded in a build; put the file into the folder")
        if step.word == "ADD" and source.endswith((".tar", ".tgz", ".tar.gz", ".tar.xz", ".tar.bz2")):
            raise ImageInvalid(f"{source}: ADD does not unpack archives here; unpack it into the folder and COPY that")
    _copy(under, sources, target, step.flags, as_folder=target.endswith("/") or len(sources) > 1)


def _copy(under: Build, sources: list[str], target: str, flags: Mapping[str, str], *, as_folder: bool) -> None:
    """Add entries for `sources` (in the context) at `target` (in the image)."""
    place = layer.check_path(posixpath.join("/", under.config.workdir, target))
    owner = _owner(flags.get("chown", ""))
    mode = _mode(flags.get("chmod", ""))
    for pattern in sources:
        found = _matches(under.context, pattern)
        into = as_folder or len(found) > 1 or under.tree.is_folder(place) or place == ""
        for path in found:
            if path.is_dir() and not path.is_symlink():
                entries = [*layer.tree(path, place, owner=owner)]
                if place and not under.tree.is_folder(place):
                    entries.insert(0, Entry(place, 0o755, uid=owner[0], gid=owner[1]))
            else:
                inside = f"{place}/{path.name}" if into else place
                made = layer.entry_of(path, layer.check_path(inside), owner)
                if made is None:
                    raise ImageInvalid(f"{path} is neither a file nor a folder nor a link")
                entries = [made]
            for entry in entries:
                _put(under, entry, mode)


def _put(under: Build, entry: Entry, mode: int | None) -> None:
    """Add one entry where the base's links lead; a folder that the base has is left as it is."""
    path = under.tree.resolve(entry.path)
    is_folder = entry.link is None and entry.content is None and entry.source is None
    if is_folder and (path in under.tree.folders or under.tree.is_folder(path)):
        return
    permissions = entry.mode if mode is None or is_folder or entry.link is not None else mode
    under.entries.append(Entry(path, permissions, entry.content, entry.source, entry.link, entry.uid, entry.gid))
    if is_folder:
        under.tree.folders.add(path)


def _matches(context: Path, pattern: str) -> list[Path]:
    """The paths in `context` that a COPY names. Raises ImageInvalid for none, and for one that leads out of it."""
    plain = posixpath.normpath(pattern.lstrip("/") or ".")
    if plain == ".." or plain.startswith("../"):
        raise ImageInvalid(f"{pattern} leads out of {context}: only what is in that folder can be copied")
    found = sorted(context.glob(plain)) if any(c in plain for c in "*?[") else [context / plain]
    found = [path for path in found if path.exists() or path.is_symlink()]
    if not found:
        raise ImageInvalid(f"{pattern} is not in {context}")
    top = context.resolve()
    for path in found:
        if not path.parent.resolve().is_relative_to(top) and path != context:
            raise ImageInvalid(f"{pattern} leads out of {context} through a link")
        if path.is_symlink() and not path.resolve().is_relative_to(top):
            raise ImageInvalid(f"{path} is a link that leads out of {context}: copy what it points to into the folder")
    return found


def _owner(text: str) -> tuple[int, int]:
    if not text:
        return (0, 0)
    user, _, group = text.partition(":")
    if not user.isdigit() or (group and not group.isdigit()):
        raise ImageInvalid(f"--chown={text}: only numbers are understood here, as --chown=1000:1000")
    return int(user), int(group or user)


def _mode(text: str) -> int | None:
    if not text:
        return None
    try:
        return int(text, 8) & 0o7777
    except ValueError:
        raise ImageInvalid(f"--chmod={text}: only octal numbers are understood here, as --chmod=755") from None


def _run(under: Build, step: Instruction) -> None:
    assert under.steps is not None
    if under.base is None and not under.entries and not under.layers:
        raise ImageInvalid("RUN needs a program in the image: nothing is in it yet")
    env = {"PATH": DEFAULT_PATH, **under.config.env}
    if under.entries:
        under.layers.append(under.entries)
        under.steps.add_entries(under.entries)
        under.entries = []
    made = under.steps.run(step.arguments, env, under.config.workdir or "/", under.config.user)
    if made:
        under.layers.append(made)
        for entry in made:
            if entry.link is not None:
                under.tree.links[entry.path] = entry.link
            elif entry.content is None and entry.source is None:
                under.tree.folders.add(entry.path)


def _env(under: Build, step: Instruction) -> None:
    pairs = iter(step.arguments)
    under.config.env |= dict(zip(pairs, pairs, strict=True))


def _label(under: Build, step: Instruction) -> None:
    pairs = iter(step.arguments)
    under.config.labels |= dict(zip(pairs, pairs, strict=True))


def _cmd(under: Build, step: Instruction) -> None:
    under.config.cmd = list(step.arguments)
    under.cmd_set = True


def _entrypoint(under: Build, step: Instruction) -> None:
    under.config.entrypoint = list(step.arguments)
    if not under.cmd_set:
        # The base's arguments were meant for the base's program.
        under.config.cmd = None


def _workdir(under: Build, step: Instruction) -> None:
    under.config.workdir = posixpath.normpath(posixpath.join("/", under.config.workdir, step.arguments[0]))
    inside = layer.check_path(under.config.workdir)
    if inside:
        _put(under, Entry(inside, 0o755), None)


def _user(under: Build, step: Instruction) -> None:
    under.config.user = step.arguments[0]


def _expose(under: Build, step: Instruction) -> None:
    under.config.exposed += [_port(each) for each in step.arguments if _port(each) not in under.config.exposed]


def _port(text: str) -> str:
    number, _, protocol = text.partition("/")
    if not number.isdigit() or not 0 < int(number) < 65536 or protocol not in ("", "tcp", "udp", "sctp"):
        raise ImageInvalid(f"{text!r} is no port: write 80 or 53/udp")
    return f"{number}/{protocol or 'tcp'}"


def _volume(under: Build, step: Instruction) -> None:
    under.config.volumes += [each for each in step.arguments if each not in under.config.volumes]


def _stop_signal(under: Build, step: Instruction) -> None:
    under.config.stop_signal = step.arguments[0]


STEPS: Mapping[str, Callable[[Build, Instruction], None]] = {
    "FROM": _from,
    "COPY": _add,
    "ADD": _add,
    "RUN": _run,
    "ENV": _env,
    "LABEL": _label,
    "CMD": _cmd,
    "ENTRYPOINT": _entrypoint,
    "WORKDIR": _workdir,
    "USER": _user,
    "EXPOSE": _expose,
    "VOLUME": _volume,
    "STOPSIGNAL": _stop_signal,
}
"""What each instruction does."""
