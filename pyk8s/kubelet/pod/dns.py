"""What a pod calls itself and whom it asks for names: host name, /etc/hosts, resolv.conf. Pure.

Source: Kubernetes documentation, "DNS for Services and Pods", "Adding entries to Pod /etc/hosts"; resolv.conf(5).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pyk8s.gen.cri.v1 import runtime_pb2 as cri
from pyk8s.kubelet.spec import Pod

MOST_SERVERS, MOST_SEARCHES, LONGEST_SEARCH_LIST = 3, 32, 2048
LONGEST_HOSTNAME = 63
LOOPBACK_LINES = (
    "127.0.0.1\tlocalhost",
    "::1\tlocalhost ip6-localhost ip6-loopback",
    "fe00::0\tip6-localnet",
    "fe00::0\tip6-mcastprefix",
    "fe00::1\tip6-allnodes",
    "fe00::2\tip6-allrouters",
)


@dataclass(frozen=True, slots=True)
class Resolver:
    """A resolver's configuration, as resolv.conf has it."""

    servers: tuple[str, ...] = ()
    searches: tuple[str, ...] = ()
    options: tuple[str, ...] = ()


def parse_resolv_conf(text: str) -> Resolver:
    """The content of a resolv.conf file; the last search line wins, what is unknown is left out."""
    servers: list[str] = []
    searches: tuple[str, ...] = ()
    options: list[str] = []
    for line in text.splitlines():
        word, *rest = line.split("#")[0].split(";")[0].split() or [""]
        if word == "nameserver" and rest:
            servers.append(rest[0])
        elif word in ("search", "domain"):
            searches = tuple(rest)
        elif word == "options":
            options += rest
    return Resolver(tuple(servers), searches, tuple(options))


def resolver(pod: Pod, node: Resolver, cluster_servers: Iterable[str], cluster_domain: str) -> cri.DNSConfig:
    """The resolver's configuration of a pod, by its dnsPolicy and dnsConfig; what exceeds the limits is cut off."""
    spec, config = pod.spec, pod.spec.dns_config
    servers = tuple(cluster_servers)
    in_cluster = spec.dns_policy == "ClusterFirstWithHostNet" or (
        spec.dns_policy == "ClusterFirst" and not spec.host_network
    )
    if spec.dns_policy == "None":
        base = Resolver()
    elif in_cluster and servers:
        namespace = pod.metadata.namespace
        searches = (f"{namespace}.svc.{cluster_domain}", f"svc.{cluster_domain}", cluster_domain)
        base = Resolver(servers, (*searches, *node.searches), ("ndots:5",))
    else:
        base = node
    options = {each.partition(":")[0]: each for each in base.options}
    for option in config.options:
        options[option.name] = option.name if option.value is None else f"{option.name}:{option.value}"
    return cri.DNSConfig(
        servers=_unique((*base.servers, *config.nameservers))[:MOST_SERVERS],
        searches=_bounded(_unique((*base.searches, *config.searches))),
        options=list(options.values()),
    )


def _unique(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))


def _bounded(searches: list[str]) -> list[str]:
    kept = searches[:MOST_SEARCHES]
    while len(" ".join(kept)) > LONGEST_SEARCH_LIST:
        kept.pop()
    return kept


def hostname(pod: Pod, node_name: str, cluster_domain: str) -> str:
    """What `hostname` prints in the pod; a pod in the node's network has the node's name."""
    if pod.spec.host_network:
        return node_name
    full = fqdn(pod, cluster_domain)
    if pod.spec.set_hostname_as_fqdn and full:
        return full
    return short_name(pod)


def short_name(pod: Pod) -> str:
    """The first label of the pod's host name, cut to the 63 characters Linux and DNS allow."""
    return (pod.spec.hostname or pod.metadata.name)[:LONGEST_HOSTNAME].rstrip("-.")


def fqdn(pod: Pod, cluster_domain: str) -> str:
    """hostname.subdomain.namespace.svc.domain; "" without a subdomain."""
    if not pod.spec.subdomain:
        return ""
    return f"{short_name(pod)}.{pod.spec.subdomain}.{pod.metadata.namespace}.svc.{cluster_domain}"


def hosts_file(pod: Pod, ips: Iterable[str], node_hosts: str, cluster_domain: str) -> str:
    """The text of the pod's /etc/hosts; in the node's network it begins with `node_hosts`, the node's own file."""
    if pod.spec.host_network:
        lines = ["# Kubernetes-managed hosts file (host network).", *node_hosts.splitlines()]
    else:
        names = "\t".join(name for name in (fqdn(pod, cluster_domain), short_name(pod)) if name)
        lines = ["# Kubernetes-managed hosts file.", *LOOPBACK_LINES, *(f"{ip}\t{names}" for ip in ips)]
    if pod.spec.host_aliases:
        lines += ["", "# Entries added by HostAliases."]
        lines += ["\t".join((alias.ip, *alias.hostnames)) for alias in pod.spec.host_aliases]
    return "\n".join(lines) + "\n"
