"""CHECK and STATUS: whether an attachment is as ADD left it, and whether another could be made."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress

from pyk8s.kernel.errors import Absent, KernelError
from pyk8s.kernel.link.values import Link
from pyk8s.kernel.qdisc.values import Bucket, Qdisc, Redirect
from pyk8s.network import addresses
from pyk8s.network.attach import check_namespace, read_previous
from pyk8s.network.calls import Call
from pyk8s.network.conf import NetConf
from pyk8s.network.errors import CniError, Code
from pyk8s.network.interface import Answer, Hands
from pyk8s.network.plan import host_link, plan_routes, shaper_link
from pyk8s.network.results import Interface, Result, part_of


def check(call: Call, conf: NetConf, hands: Hands) -> Answer:
    """Raise CniError, which says what, when the attachment is not as ADD left it and `prevResult` tells."""
    if conf.previous is None:
        raise CniError(Code.INVALID_CONFIG, "prevResult is missing", "CHECK compares with what ADD answered")
    expected = part_of(read_previous(conf), call.link, call.netns_name)
    check_namespace(call, hands, free=False)
    held = addresses.look_after(call, conf, hands.programs)
    for wrong in _differences(call, conf, hands, expected, held):
        raise CniError(Code.INTERNAL, f"{call.container}/{call.link} is not as it was made", wrong)
    return None


def _differences(
    call: Call, conf: NetConf, hands: Hands, expected: Result, held: Collection[str] | None
) -> Iterator[str]:
    if held is not None and not held:
        yield "no address is reserved for it"
    missing = [each.address for each in expected.ips if held is not None and each.address.split("/")[0] not in held]
    if missing:
        yield f"{', '.join(missing)} is not reserved for it"
    host = hands.links.observe()
    yield from _pod_side(call, hands, expected)
    yield from _bridge_side(call, conf, host, expected)
    yield from _shaping(call, conf, hands)
    if conf.check_mac and host_link(*call.owner) not in hands.guards.observe():
        yield "it may send under any MAC"
    if conf.host_ports and not hands.ports.has("/".join(call.owner)):
        yield "its host ports do not lead to it"
    if conf.masquerade and not hands.networks.has(conf.name):
        yield "what it sends to the world is not masqueraded"


def _bridge_side(call: Call, conf: NetConf, links: Mapping[str, Link], expected: Result) -> Iterator[str]:
    bridge = links.get(conf.bridge)
    if bridge is None or bridge.kind != "bridge":
        yield f"the bridge {conf.bridge} is missing"
        return
    if conf.promiscuous and not bridge.promiscuous:
        yield f"{conf.bridge} is not promiscuous"
    own = host_link(*call.owner)
    hosts = [each.name for each in expected.interfaces if not each.sandbox and each.name != conf.bridge]
    name = own if own in hosts or not hosts else hosts[0]
    port = links.get(name)
    if port is None or port.master != conf.bridge:
        yield f"the host's end of the pair is {'missing' if port is None else f'not on {conf.bridge}'}"
        return
    for told in expected.interfaces:
        seen = links.get(told.name)
        if not told.sandbox and seen is not None and told.mac not in ("", seen.mac):
            yield f"{told.name} has the MAC {seen.mac}, not {told.mac}"


def _pod_side(call: Call, hands: Hands, expected: Result) -> Iterator[str]:
    told = next((each for each in expected.interfaces if each.sandbox and each.name == call.link), Interface())
    if expected.interfaces and told.sandbox != call.netns_name:
        yield f"prevResult has no {call.link} in {call.netns_name}"
    try:
        with hands.inside(call.netns):
            pod = hands.links.observe(call.netns).get(call.link)
            routes = {route.destination for route in hands.routes.observe(call.netns)}
    except Absent as why:
        yield str(why)
        return
    if pod is None or not pod.up:
        yield f"{call.link} is {'missing' if pod is None else 'down'} in its namespace"
        return
    if told.mac not in ("", pod.mac):
        yield f"{call.link} has the MAC {pod.mac}, not {told.mac}"
    if absent := {each.address for each in expected.ips} - set(pod.addresses):
        yield f"{call.link} lacks {', '.join(sorted(absent))}"
    for route in plan_routes(call, expected):
        if route.table == 254 and route.destination not in routes:
            yield f"the route to {route.destination} is missing"


def _shaping(call: Call, conf: NetConf, hands: Hands) -> Iterator[str]:
    host, shaper = host_link(*call.owner), shaper_link(*call.owner)
    wanted: list[tuple[str, type[Qdisc]]] = [(host, Bucket)] if conf.ingress else []
    wanted += [(shaper, Bucket), (host, Redirect)] if conf.egress else []
    for link, kind in wanted:
        held: tuple[object, ...] = ()
        with suppress(Absent):
            held = hands.qdiscs.observe(link)
        if not any(isinstance(each, kind) for each in held):
            yield f"its bandwidth is not limited: {link} has no {kind.__name__.lower()}"


def status(call: Call, conf: NetConf, hands: Hands) -> Answer:
    """STATUS: raise CniError 50 when an ADD could not succeed, 51 when pods that are there may be cut off as well."""
    addresses.check_ready(call, conf, hands.programs)
    try:
        bridge = hands.links.observe().get(conf.bridge)
    except KernelError as why:
        raise CniError(Code.UNAVAILABLE, "the kernel cannot be asked", str(why)) from why
    if bridge is None:
        if addresses.owners(conf):
            raise CniError(Code.LIMITED, "pods have addresses and no bridge", f"{conf.bridge} is gone")
        return None
    if bridge.kind != "bridge":
        details = f"{conf.bridge} is a link of kind {bridge.kind or 'hardware or loopback'}"
        raise CniError(Code.UNAVAILABLE, "the bridge's name is taken", details)
    if not bridge.up:
        raise CniError(Code.LIMITED, "the bridge is down", conf.bridge)
    return None
