"""What the proxy counts, in kube-proxy's names. Source: Kubernetes, "Kubernetes Metrics Reference"."""

from __future__ import annotations

from pyk8s.observe import metrics

FAMILY = "ip_family"
NAMES = {4: "IPv4", 6: "IPv6"}
"""What the label says of a family."""

_STEPS = tuple(0.001 * 2**step for step in range(15))
_PROGRAMMING = (0.25, 0.5, *(float(each) for each in range(1, 60)), *(float(each) for each in range(60, 120, 5)))

SECONDS = metrics.histogram(
    "kubeproxy_sync_proxy_rules_duration_seconds", "How long a change of the rules took.", FAMILY, buckets=_STEPS
)
FULL_SECONDS = metrics.histogram(
    "kubeproxy_sync_full_proxy_rules_duration_seconds", "How long writing all rules took.", FAMILY, buckets=_STEPS
)
PARTIAL_SECONDS = metrics.histogram(
    "kubeproxy_sync_partial_proxy_rules_duration_seconds",
    "How long writing the rules that changed took.",
    FAMILY,
    buckets=_STEPS,
)
PROGRAMMING = metrics.histogram(
    "kubeproxy_network_programming_duration_seconds",
    "From the change of what a slice follows, or from when it was heard of, to the rules of it in the kernel.",
    FAMILY,
    buckets=_PROGRAMMING,
)
SYNCED = metrics.gauge("kubeproxy_sync_proxy_rules_last_timestamp_seconds", "When the rules were last right.", FAMILY)
QUEUED = metrics.gauge(
    "kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds", "When a change of the rules was last asked for.", FAMILY
)
SERVICES_TOTAL = metrics.counter("kubeproxy_sync_proxy_rules_service_changes", "Changes of Services.")
SERVICES_PENDING = metrics.gauge(
    "kubeproxy_sync_proxy_rules_service_changes_pending", "Changes of Services that are not in the kernel yet."
)
ENDPOINTS_TOTAL = metrics.counter("kubeproxy_sync_proxy_rules_endpoint_changes", "Changes of EndpointSlices.")
ENDPOINTS_PENDING = metrics.gauge(
    "kubeproxy_sync_proxy_rules_endpoint_changes_pending",
    "Changes of EndpointSlices that are not in the kernel yet.",
)
FAILURES = {
    "iptables": metrics.counter(
        "kubeproxy_sync_proxy_rules_iptables_restore_failures", "Changes that the kernel refused.", FAMILY
    ),
    "nftables": metrics.counter(
        "kubeproxy_sync_proxy_rules_nftables_sync_failures", "Changes that the kernel refused.", FAMILY
    ),
    "ipvs": metrics.counter(
        "kubeproxy_sync_proxy_rules_ipvs_sync_failures", "Changes that the kernel refused.", FAMILY
    ),
}
CLEANUP_FAILURES = metrics.counter(
    "kubeproxy_sync_proxy_rules_nftables_cleanup_failures", "Removals of stale rules that the kernel refused.", FAMILY
)
PARTIAL_FAILURES = metrics.counter(
    "kubeproxy_sync_proxy_rules_iptables_partial_restore_failures",
    "Changes of some rules that the kernel refused: all were written then.",
    FAMILY,
)
INVALID_DROPPED = metrics.counter(
    "kubeproxy_iptables_ct_state_invalid_dropped_packets",
    "Packets that fit no connection, and were dropped in the mode iptables; as of the last look at the rules.",
)
RULES = metrics.gauge(
    "kubeproxy_sync_proxy_rules_iptables_total", "The proxy's iptables rules, as last counted.", FAMILY, "table"
)
RULES_LAST = metrics.gauge(
    "kubeproxy_sync_proxy_rules_iptables_last", "The iptables rules that were last written.", FAMILY, "table"
)
NO_LOCAL = metrics.gauge(
    "kubeproxy_sync_proxy_rules_no_local_endpoints_total",
    "Service ports with a Local traffic policy and no endpoint on this node.",
    FAMILY,
    "traffic_policy",
)
FORGOTTEN = metrics.counter(
    "kubeproxy_conntrack_reconciler_deleted_entries", "Stale connections that were forgotten.", FAMILY
)
FORGETTING = metrics.histogram(
    "kubeproxy_conntrack_reconciler_sync_duration_seconds", "How long looking for stale connections took.", FAMILY
)
HEALTHZ = metrics.counter("kubeproxy_proxy_healthz", "Answers at /healthz, by status.", "code")
LIVEZ = metrics.counter("kubeproxy_proxy_livez", "Answers at /livez, by status.", "code")
