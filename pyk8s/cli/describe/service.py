"""A service: its addresses, its ports and the endpoints behind each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pyk8s.cli.describe.layout import Object, Page, Related, events, head, labels


def describe_service(value: Object, related: Related, now: datetime) -> str:
    """The service; `related.objects` are its endpoint slices."""
    page, spec = Page(), value["spec"]
    head(page, value)
    labels(page, value)
    page.add("Selector", ",".join(f"{key}={text}" for key, text in sorted((spec.get("selector") or {}).items())))
    page.add("Type", spec.get("type", "ClusterIP"))
    for field, name in (
        ("ipFamilyPolicy", "IP Family Policy"),
        ("clusterIP", "IP"),
        ("externalName", "External Name"),
    ):
        if spec.get(field):
            page.add(name, spec[field])
    for field, name in (("ipFamilies", "IP Families"), ("clusterIPs", "IPs"), ("externalIPs", "External IPs")):
        if spec.get(field):
            page.add(name, ",".join(spec[field]))
    ingress = ((value.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
    if ingress:
        page.add("LoadBalancer Ingress", ", ".join(each.get("ip") or each.get("hostname", "") for each in ingress))
    for port in spec.get("ports") or ():
        _port(page, port, related.objects)
    page.add("Session Affinity", spec.get("sessionAffinity", "None"))
    if spec.get("externalTrafficPolicy"):
        page.add("External Traffic Policy", spec["externalTrafficPolicy"])
    if spec.get("internalTrafficPolicy"):
        page.add("Internal Traffic Policy", spec["internalTrafficPolicy"])
    events(page, related.events, now)
    return page.text()


def _port(page: Page, port: Object, slices: Sequence[Object]) -> None:
    name = port.get("name") or "<unset>"
    page.add("Port", f"{name}  {port['port']}/{port.get('protocol', 'TCP')}")
    page.add("TargetPort", f"{port.get('targetPort', port['port'])}/{port.get('protocol', 'TCP')}")
    if port.get("nodePort"):
        page.add("NodePort", f"{name}  {port['nodePort']}/{port.get('protocol', 'TCP')}")
    page.add("Endpoints", endpoints_text(port, slices))


def endpoints_text(port: Object, slices: Sequence[Object], limit: int = 3) -> str:
    """`10.244.1.2:80,10.244.2.3:80 + 4 more...`: the ready endpoints of one service port."""
    found = []
    for each in slices:
        for served in each.get("ports") or ():
            if (served.get("name") or "") != (port.get("name") or ""):
                continue
            for endpoint in each.get("endpoints") or ():
                if (endpoint.get("conditions") or {}).get("ready", True):
                    found += [f"{address}:{served.get('port')}" for address in endpoint["addresses"]]
    more = f" + {len(found) - limit} more..." if len(found) > limit else ""
    return ",".join(found[:limit]) + more
