"""Discovery: which groups, versions and resources there are, one by one and all at once.

Source: Kubernetes API concepts, "API discovery" (apidiscovery.k8s.io/v2 for the aggregated form).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pyk8s.api.resources import Resource, Resources

AGGREGATED = "apidiscovery.k8s.io"


def versions(address: str) -> dict[str, Any]:
    """/api: the versions of the core group; `address` is host:port of this server."""
    return {
        "kind": "APIVersions",
        "versions": ["v1"],
        "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": address}],
    }


def group_list(resources: Resources) -> dict[str, Any]:
    """/apis: the named groups."""
    groups = [_group(name, found) for name, found in resources.groups().items() if name]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}


def group(resources: Resources, name: str) -> dict[str, Any] | None:
    """/apis/NAME: one group, or None."""
    found = resources.groups().get(name)
    return {"kind": "APIGroup", "apiVersion": "v1", **_group(name, found)} if name and found else None


def resource_list(resources: Resources, name: str, version: str) -> dict[str, Any] | None:
    """/api/v1 and /apis/GROUP/VERSION: the resources and subresources of a group version, or None."""
    rows = resources.of(name, version)
    if not rows:
        return None
    listed: list[dict[str, Any]] = []
    for row in sorted(rows, key=lambda row: row.plural):
        listed.append(_row(row))
        listed += _subrows(row)
    api_version = f"{name}/{version}" if name else version
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": api_version, "resources": listed}


def aggregated(resources: Resources, *, core: bool, version: str = "v2") -> dict[str, Any]:
    """/api (`core`) or /apis in one document: every group, version, resource and subresource."""
    items = []
    for name, found in resources.groups().items():
        if core == (name == ""):
            shown = [
                {"version": one, "resources": _discovered(resources.of(name, one)), "freshness": "Current"}
                for one in found
            ]
            items.append({"metadata": {"name": name, "creationTimestamp": None}, "versions": shown})
    return {
        "kind": "APIGroupDiscoveryList",
        "apiVersion": f"{AGGREGATED}/{version}",
        "metadata": {},
        "items": items,
    }


def _group(name: str, found: Iterable[str]) -> dict[str, Any]:
    listed = [{"groupVersion": f"{name}/{version}", "version": version} for version in found]
    return {"name": name, "versions": listed, "preferredVersion": listed[0]}


def _row(row: Resource) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "name": row.plural,
        "singularName": row.singular,
        "namespaced": row.namespaced,
        "kind": row.kind,
        "verbs": sorted(row.verbs),
    }
    if row.short_names:
        shown["shortNames"] = list(row.short_names)
    if row.categories:
        shown["categories"] = list(row.categories)
    if "watch" in row.verbs:
        shown["storageVersionHash"] = row.storage_version_hash
    return shown


def _subrows(row: Resource) -> Iterable[dict[str, Any]]:
    for name in sorted(row.subresources):
        taken = row.subresource(name)
        if taken is None:
            continue
        shown: dict[str, Any] = {
            "name": f"{row.plural}/{name}",
            "singularName": "",
            "namespaced": row.namespaced,
            "kind": taken.kind,
            "verbs": sorted(taken.verbs),
        }
        if taken.version:
            shown |= {"group": taken.group, "version": taken.version}
        yield shown


def _discovered(rows: Iterable[Resource]) -> list[dict[str, Any]]:
    found = []
    for row in sorted(rows, key=lambda row: row.plural):
        shown: dict[str, Any] = {
            "resource": row.plural,
            "responseKind": {"group": row.group, "version": row.version, "kind": row.kind},
            "scope": "Namespaced" if row.namespaced else "Cluster",
            "singularResource": row.singular,
            "verbs": sorted(row.verbs),
        }
        if row.short_names:
            shown["shortNames"] = list(row.short_names)
        if row.categories:
            shown["categories"] = list(row.categories)
        below = [_discovered_sub(row, name) for name in sorted(row.subresources)]
        if below:
            shown["subresources"] = [one for one in below if one]
        found.append(shown)
    return found


def _discovered_sub(row: Resource, name: str) -> dict[str, Any]:
    taken = row.subresource(name)
    if taken is None:
        return {}
    kind = {
        "group": taken.group if taken.version else row.group,
        "version": taken.version or row.version,
        "kind": taken.kind,
    }
    return {"subresource": name, "responseKind": kind, "verbs": sorted(taken.verbs)}
