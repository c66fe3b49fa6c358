"""Services and pods as those who write endpoints see them."""

from pyk8s.reconcile.objects import Pod, Service, parse


def service(*ports, selector=None, cluster_ip="10.96.0.9", name="web", labels=None, annotations=None, **spec):
    labels, annotations = labels or {}, annotations or {}
    metadata = {"name": name, "namespace": "shop", "uid": "s", "labels": labels, "annotations": annotations}
    selector = {"app": "web"} if selector is None else selector
    rows = [{"port": 80, "targetPort": 8080, "protocol": "TCP"}] if not ports else [one for one in ports if one]
    return parse(
        Service,
        {"metadata": metadata, "spec": {"selector": selector, "clusterIP": cluster_ip, "ports": rows, **spec}},
    )


def pod(number=1, *, ready=True, leaving=False, phase="Running", ip=None, node="node-1", ports=(), labels=None, **spec):
    """Pod number n has the name pod-n and the address 10.244.0.n; `ip` may name several, or "" none."""
    metadata = {
        "name": f"pod-{number:04}",
        "namespace": "shop",
        "uid": f"u{number}",
        "labels": labels or {"app": "web"},
        **({"deletionTimestamp": "2026-01-01T12:00:00Z"} if leaving else {}),
    }
    addresses = [f"10.244.{number // 250}.{number % 250}"] if ip is None else ip.split()
    status = {
        "phase": phase,
        "conditions": [{"type": "Ready", "status": "True" if ready else "False"}],
        "podIPs": [{"ip": address} for address in addresses],
    }
    containers = [{"name": "main", "ports": list(ports)}]
    return parse(
        Pod, {"metadata": metadata, "spec": {"nodeName": node, "containers": containers, **spec}, "status": status}
    )
