from pyk8s.apiserver.rest import discovery
from tests.apiserver.makers import RESOURCES


def named(rows, name, field="name"):
    (found,) = [row for row in rows if row[field] == name]
    return found


def test_the_groups_with_the_version_to_prefer():
    groups = discovery.group_list(RESOURCES)["groups"]
    autoscaling = named(groups, "autoscaling")
    assert autoscaling["preferredVersion"] == {"groupVersion": "autoscaling/v2", "version": "v2"}
    assert [one["version"] for one in autoscaling["versions"]] == ["v2", "v1"]
    assert "" not in [group["name"] for group in groups]


def test_one_group():
    assert discovery.group(RESOURCES, "apps")["preferredVersion"]["version"] == "v1"
    assert discovery.group(RESOURCES, "none") is None
    assert discovery.group(RESOURCES, "") is None


def test_the_resources_of_a_version_and_their_parts():
    listed = discovery.resource_list(RESOURCES, "apps", "v1")
    assert listed["groupVersion"] == "apps/v1"
    deployments = named(listed["resources"], "deployments")
    assert deployments["shortNames"] == ["deploy"]
    assert deployments["namespaced"] is True
    assert "watch" in deployments["verbs"]
    scale = named(listed["resources"], "deployments/scale")
    assert (scale["group"], scale["version"], scale["kind"]) == ("autoscaling", "v1", "Scale")
    assert named(listed["resources"], "deployments/status")["kind"] == "Deployment"
    assert discovery.resource_list(RESOURCES, "apps", "v9") is None


def test_what_is_never_stored_has_no_storage_version():
    listed = discovery.resource_list(RESOURCES, "authorization.k8s.io", "v1")["resources"]
    assert "storageVersionHash" not in named(listed, "subjectaccessreviews")
    assert "storageVersionHash" in named(discovery.resource_list(RESOURCES, "", "v1")["resources"], "pods")


def test_everything_in_one_document():
    core = discovery.aggregated(RESOURCES, core=True)
    (group,) = core["items"]
    assert group["metadata"]["name"] == ""
    (version,) = group["versions"]
    pods = named(version["resources"], "pods", "resource")
    assert (pods["scope"], pods["singularResource"]) == ("Namespaced", "pod")
    assert pods["responseKind"] == {"group": "", "version": "v1", "kind": "Pod"}
    log = named(pods["subresources"], "eviction", "subresource")
    assert log["responseKind"] == {"group": "policy", "version": "v1", "kind": "Eviction"}
    assert named(version["resources"], "nodes", "resource")["scope"] == "Cluster"


def test_both_forms_of_discovery_tell_the_same():
    aggregated = {
        (group["metadata"]["name"], version["version"], row["resource"])
        for core in (True, False)
        for group in discovery.aggregated(RESOURCES, core=core)["items"]
        for version in group["versions"]
        for row in version["resources"]
    }
    assert aggregated == {(row.group, row.version, row.plural) for row in RESOURCES}


def test_the_core_versions_name_the_server():
    assert discovery.versions("10.0.0.1:6443")["serverAddressByClientCIDRs"][0]["serverAddress"] == "10.0.0.1:6443"
