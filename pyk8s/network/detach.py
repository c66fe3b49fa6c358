"""DEL and GC: take an attachment away, whatever is left of it. What is not there is no error."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from pyk8s.kernel.errors import Absent, Refused, Unsupported
from pyk8s.kernel.link.values import Remove
from pyk8s.kernel.portguard.values import Release
from pyk8s.network import addresses
from pyk8s.network.attach import remove_link
from pyk8s.network.calls import Call
from pyk8s.network.conf import NetConf
from pyk8s.network.errors import CniError, Code
from pyk8s.network.interface import Answer, Hands
from pyk8s.network.plan import host_link, read_alias, shaper_link


def delete(call: Call, conf: NetConf, hands: Hands) -> Answer:
    """Detach the pod: the link, then the rules, then the address, which nobody gets before the link is gone."""
    take_down(call, conf, hands)
    addresses.give_back(call, conf, hands.programs)
    return None


def take_down(call: Call, conf: NetConf, hands: Hands) -> None:
    """Everything of the attachment but its addresses."""
    host, shaper = host_link(*call.owner), shaper_link(*call.owner)
    if hands.links.index(host):
        remove_link(hands, host)
    elif call.netns:
        _remove_inside(call, hands)
    if hands.links.index(shaper):
        remove_link(hands, shaper)
    if conf.check_mac:
        with suppress(Unsupported):  # then there never was a guard
            hands.guards.run((Release(host),))
    hands.ports.drop("/".join(call.owner))
    hands.networks.leave(conf.name, call.owner)


def _remove_inside(call: Call, hands: Hands) -> None:
    """Remove the pod's end of a pair that another plugin made, as when a node changes its plugin under running pods."""
    if hands.own(call.netns):
        return
    with suppress(Absent, Refused), hands.inside(call.netns):
        seen = hands.links.observe(call.netns).get(call.link)
        if seen is not None and seen.kind == "veth":
            hands.links.run((Remove(call.link),), call.netns)


def collect(call: Call, conf: NetConf, hands: Hands) -> Answer:
    """GC: let go of everything of this network whose attachment the runtime no longer knows.

    As much as possible: raises what went wrong first only when all have been tried.
    """
    if conf.valid is None:
        raise CniError(Code.INVALID_CONFIG, "cni.dev/valid-attachments is missing", "GC needs the list of attachments")
    valid = set(conf.valid)
    failures: list[Exception] = []
    for owner in sorted((addresses.owners(conf) | _attached(conf, hands)) - valid):
        gone = replace(call, command="DEL", container=owner[0], link=owner[1], netns="", netns_name="")
        try:
            take_down(gone, conf, hands)
        except Exception as why:
            failures.append(why)
            valid.add(owner)  # its address is not free while its link may stand
    hands.ports.keep(["/".join(owner) for owner in valid], older_than=float("inf"), network=conf.name)
    hands.networks.keep(conf.name, valid)
    addresses.collect(call, conf, valid, hands.programs)
    if failures:
        raise failures[0]
    return None


def _attached(conf: NetConf, hands: Hands) -> set[tuple[str, str]]:
    """The attachments of this network whose links say so."""
    named = (read_alias(link.alias) for link in hands.links.observe().values() if link.alias)
    return {each[1] for each in named if each is not None and each[0] == conf.name}
