"""A call of the CNI program: its environment as a typed value.

Source: CNI specification 0.4.0, 1.0.0 and 1.1.0, "Parameters"; CNI's CONVENTIONS for what CNI_ARGS may hold.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from pyk8s.network.errors import CniError, Code
from pyk8s.network.results import VERSIONS

COMMANDS = ("ADD", "DEL", "CHECK", "GC", "STATUS", "VERSION")

SINCE = {"CHECK": "0.4.0", "GC": "1.1.0", "STATUS": "1.1.0"}
"""The version of the specification that a command came with."""

ARGUMENTS = frozenset({"IgnoreUnknown", "IP", "MAC"})
"""What is understood of CNI_ARGS; the rest is refused, unless IgnoreUnknown says otherwise."""

_OF_ATTACHMENTS = ("ADD", "DEL", "CHECK")
_CONTAINER_ID = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.\-]*")
_LINK_NAME = re.compile(r"[^/:\s]{1,15}")
_TRUE, _FALSE = ("1", "true"), ("0", "false", "")


@dataclass(frozen=True, slots=True)
class Call:
    """What is asked: `netns` is a path this process can open, "" when the namespace is gone or was not given.

    `netns_name` is that path as the caller knows it; `environment` all CNI_ variables, for a plugin that is run.
    """

    command: str
    container: str = ""
    netns: str = ""
    netns_name: str = ""
    link: str = "eth0"
    args: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def owner(self) -> tuple[str, str]:
        """What names the attachment within its network."""
        return self.container, self.link


def read_call(environment: Mapping[str, str], netns: str | None = None) -> Call:
    """The call that the CNI_ variables describe; `netns` replaces CNI_NETNS when the namespace came as a descriptor.

    Raises CniError 4 for a variable that is missing or wrong.
    """
    command = environment.get("CNI_COMMAND", "")
    if command not in COMMANDS:
        raise _bad_environment(f"CNI_COMMAND is {command!r}: use one of {', '.join(COMMANDS)}")
    named = environment.get("CNI_NETNS", "")
    call = Call(
        command,
        environment.get("CNI_CONTAINERID", ""),
        named if netns is None else netns,
        named,
        environment.get("CNI_IFNAME", ""),
        _read_args(environment.get("CNI_ARGS", "")) if command in _OF_ATTACHMENTS else {},
        {name: value for name, value in environment.items() if name.startswith("CNI_")},
    )
    if command in _OF_ATTACHMENTS:
        _check_attachment(call)
    if command != "VERSION" and "CNI_PATH" not in environment:
        raise _bad_environment("CNI_PATH is missing: the folders of the other plugins")
    return call


def check_version(command: str, version: str) -> None:
    """Raise CniError 1 when `version` has no such command."""
    since = SINCE.get(command, VERSIONS[0])
    if version in VERSIONS and VERSIONS.index(version) < VERSIONS.index(since):
        details = f"{command} came with {since}, the configuration is {version}"
        raise CniError(Code.INCOMPATIBLE_VERSION, f"the configuration's version does not allow {command}", details)


def _check_attachment(call: Call) -> None:
    if not _CONTAINER_ID.fullmatch(call.container):
        raise _bad_environment(f"CNI_CONTAINERID is {call.container!r}: letters, digits, '.', '_' and '-' only")
    if not _LINK_NAME.fullmatch(call.link) or call.link in (".", ".."):
        raise _bad_environment(f"CNI_IFNAME is {call.link!r}: 1 to 15 characters, no '/', ':' or space")
    if call.command != "DEL" and not call.netns_name:
        raise _bad_environment("CNI_NETNS is missing")


def _read_args(text: str) -> dict[str, str]:
    """CNI_ARGS, "KEY=VALUE;KEY=VALUE"."""
    found = {}
    for part in filter(None, text.split(";")):
        key, separator, value = part.partition("=")
        if not separator:
            raise _bad_environment(f"CNI_ARGS has {part!r}: KEY=VALUE is needed")
        found[key] = value
    ignoring = found.get("IgnoreUnknown", "").lower()
    if ignoring not in (*_TRUE, *_FALSE):
        raise _bad_environment(f"CNI_ARGS has IgnoreUnknown={found['IgnoreUnknown']!r}: use 1, true, 0 or false")
    unknown = sorted(found.keys() - ARGUMENTS)
    if unknown and ignoring in _FALSE:
        raise _bad_environment(f"CNI_ARGS has {', '.join(unknown)}, unknown here: IgnoreUnknown=1 lets it pass")
    return found


def _bad_environment(message: str) -> CniError:
    return CniError(Code.INVALID_ENVIRONMENT, "invalid environment", message)
