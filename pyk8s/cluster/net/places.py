"""Who sends to whom: the words FROM and TO[:PORT], read, and found among the objects of a cluster. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from pyk8s.cluster.errors import SettingInvalid
from pyk8s.proxy.packet import Packet

Object = Mapping[str, Any]

KINDS = {
    "pod": "pods", "pods": "pods", "po": "pods",
    "service": "services", "services": "services", "svc": "services",
    "node": "nodes", "nodes": "nodes", "no": "nodes",
}  # fmt: skip

PROTOCOLS = ("tcp", "udp", "sctp")


@dataclass(frozen=True, slots=True)
class Word:
    """What was typed: the plural of a `kind` and a `name`, or ("" and) an address; and a `port`, "" for none."""

    kind: str
    name: str
    port: str = ""

    def __str__(self) -> str:
        text = f"{self.kind.removesuffix('s')}/{self.name}" if self.kind else self.name
        return text if not self.port else f"[{text}]:{self.port}" if ":" in text else f"{text}:{self.port}"


class NothingThere(SettingInvalid):
    """What was named is there, but nothing can be sent to it, or from it."""

    exit_code = 1


def read_from(text: str) -> Word:
    """Who sends: pod/NAME, node/NAME or an address. Raises SettingInvalid."""
    word = read_to(text)
    if word.port or word.kind == "services":
        raise SettingInvalid(f"{text!r} cannot send: write pod/NAME, node/NAME or an address outside, without a port")
    return word


def read_to(text: str) -> Word:
    """Who is meant: pod/NAME, service/NAME, node/NAME or an address, and :PORT behind it. Raises SettingInvalid."""
    kind, slash, rest = text.partition("/")
    if slash:
        name, colon, port = rest.partition(":")
        if kind not in KINDS or not name or "/" in name or (colon and not port):
            raise SettingInvalid(f"{text!r} is nobody: write pod/NAME, service/NAME, node/NAME or an address, :PORT")
        return Word(KINDS[kind], name, port)
    address, port = _split(text)
    try:
        return Word("", str(ip_address(address)), port)
    except ValueError:
        raise SettingInvalid(f"{text!r} is neither an address nor pod/NAME, service/NAME or node/NAME") from None


def _split(text: str) -> tuple[str, str]:
    if text.startswith("["):
        address, _, port = text[1:].partition("]")
        return address, port.removeprefix(":")
    if text.count(":") > 1:
        return text, ""
    address, _, port = text.partition(":")
    return address, port


@dataclass(frozen=True, slots=True)
class End:
    """Who sends, or who is meant: the addresses (the first of the wanted family counts), the node it is on ("" when it
    is on none), and the pod's `uid` when it has a network of its own."""

    label: str
    addresses: tuple[str, ...]
    node: str = ""
    uid: str = ""
    pod: str = ""


def end_of(word: Word, found: Object | None, nodes: Iterable[Object]) -> End:
    """The end that a word means, `found` in the API when it names an object. Raises NothingThere."""
    if not word.kind:
        return End(word.name, (word.name,), _node_at(word.name, nodes))
    assert found is not None
    status = found.get("status") or {}
    if word.kind == "nodes":
        addresses = tuple(each["address"] for each in status.get("addresses") or () if each["type"] == "InternalIP")
        return _placed(End(f"node/{word.name}", addresses, word.name), "it has told no address yet")
    if word.kind == "pods":
        return _pod(word, found)
    spec = found["spec"]
    listed = spec.get("clusterIPs") or [spec.get("clusterIP", "")]
    why = "it is headless, its packets go straight to its pods: name one of them with pod/NAME"
    if spec.get("type") == "ExternalName":
        why = f"it is a name for {spec.get('externalName')}"
    return _placed(End(f"service/{word.name}", tuple(each for each in listed if each not in ("", "None"))), why)


def _pod(word: Word, found: Object) -> End:
    status, spec = found.get("status") or {}, found["spec"]
    addresses = tuple(each["ip"] for each in status.get("podIPs") or ()) or tuple(filter(None, [status.get("podIP")]))
    uid = "" if spec.get("hostNetwork") else found["metadata"]["uid"]
    end = End(f"pod/{word.name}", addresses, spec.get("nodeName", ""), uid, word.name)
    if status.get("phase") in ("Succeeded", "Failed"):
        raise NothingThere(f"{end.label} has ended ({status['phase']}): it has no network any more")
    return _placed(end, f"it has no address yet: it is {status.get('phase', 'Pending')}")


def _placed(end: End, why: str) -> End:
    if not end.addresses:
        raise NothingThere(f"nothing can be sent to or from {end.label}: {why}")
    return end


def _node_at(address: str, nodes: Iterable[Object]) -> str:
    for node in nodes:
        if any(each["address"] == address for each in (node.get("status") or {}).get("addresses") or ()):
            return str(node["metadata"]["name"])
    return ""


def packet(source: End, target: End, port: int, protocol: str) -> Packet:
    """The first packet: of the first family that both have. Raises NothingThere."""
    for address in target.addresses:
        for own in source.addresses:
            if (":" in own) == (":" in address):
                return Packet(own, address, port, protocol)
    raise NothingThere(
        f"{source.label} ({', '.join(source.addresses)}) and {target.label} ({', '.join(target.addresses)}) have no "
        "address family in common"
    )


def port_of(word: Word, found: Object | None, protocol: str) -> int:
    """The number of the port that is meant. Raises SettingInvalid, which names those there are."""
    if word.kind == "services" and found is not None:
        return _choose(word, [_served(each) for each in found["spec"].get("ports") or ()], protocol, strict=True)
    if word.kind == "pods" and found is not None:
        ports = [each for one in found["spec"].get("containers") or () for each in one.get("ports") or ()]
        named = [(each.get("name", ""), each["containerPort"], _protocol(each)) for each in ports]
        return _choose(word, named, protocol)
    return _choose(word, [], protocol)


def _served(port: Object) -> tuple[str, int, str]:
    return port.get("name", ""), port["port"], _protocol(port)


def _protocol(port: Object) -> str:
    return str(port.get("protocol") or "TCP").lower()


def _choose(word: Word, ports: Sequence[tuple[str, int, str]], protocol: str, *, strict: bool = False) -> int:
    """The port that `word` names among `ports`; any number when they are not all there are (`strict`)."""
    fitting = [each for each in ports if each[2] == protocol]
    if not word.port and len(fitting) == 1:
        return fitting[0][1]
    for name, number, _ in fitting:
        if word.port and word.port in (name, str(number)):
            return number
    if not strict and word.port.isdecimal() and 0 < int(word.port) < 65536:
        return int(word.port)
    there = ", ".join(f"{name + ' ' if name else ''}{number}/{of}" for name, number, of in ports)
    whole = str(Word(word.kind, word.name))
    what = f"{whole} has no port {word.port} of {protocol}" if word.port else f"say which port: {whole}:PORT"
    raise SettingInvalid(f"{what}; it has {there}" if there else what)
