"""A resolver's configuration file as the DNS part of a result. Pure. Source: resolv.conf(5)."""

from __future__ import annotations

from pyk8s.network.results import Dns


def read_resolv_conf(text: str) -> Dns:
    """What `text` says: name servers in order, the last `domain`, all of `search` and `options`."""
    nameservers: list[str] = []
    search: list[str] = []
    options: list[str] = []
    domain = ""
    for line in text.splitlines():
        if line.lstrip().startswith(("#", ";")):
            continue
        word, *rest = line.split() or [""]
        if not rest:
            continue
        match word:
            case "nameserver":
                nameservers.append(rest[0])
            case "domain":
                domain = rest[0]
            case "search":
                search += rest
            case "options":
                options += rest
    return Dns(tuple(nameservers), domain, tuple(search), tuple(options))
