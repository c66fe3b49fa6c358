"""Services and EndpointSlices for tests, as the proxy reads them, and their JSON."""

import orjson

from pyk8s.proxy.objects import decode_service, decode_slice


def service_body(name="web", ip="10.96.0.20", port=80, *, node_port=0, status=None, labels=None, ports=None, **spec):
    """A Service of namespace "shop" with one port; `spec` in the API's own words."""
    held = ports or [{"port": port, "protocol": "TCP"} | ({"nodePort": node_port} if node_port else {})]
    kind = spec.pop("type", "NodePort" if node_port else "ClusterIP")
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"namespace": "shop", "name": name, "labels": labels or {}},
        "spec": {"type": kind, "clusterIP": ip, "clusterIPs": [ip], "ports": held} | spec,
        "status": status or {},
    }


def slice_body(service="web", *endpoints, port=8080, name="", family="IPv4", ports=None):
    """A slice of a Service of namespace "shop"; endpoints as made by `at`."""
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "namespace": "shop",
            "name": name or f"{service}-1",
            "labels": {"kubernetes.io/service-name": service},
        },
        "addressType": family,
        "ports": ports or [{"name": "", "port": port, "protocol": "TCP"}],
        "endpoints": list(endpoints),
    }


def at(address, node="here", **conditions):
    """An endpoint on a node; ready unless `conditions` say otherwise."""
    return {"addresses": [address], "nodeName": node, "conditions": {"ready": True} | conditions}


def service(*args, **kwargs):
    """The Service as the proxy reads it."""
    return decode_service(orjson.dumps(service_body(*args, **kwargs)))


def endpoint_slice(*args, **kwargs):
    """The slice as the proxy reads it."""
    return decode_slice(orjson.dumps(slice_body(*args, **kwargs)))
