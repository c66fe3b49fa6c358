"""The row of each kind: one object, its headers for wide output, its cells."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from pyk8s.api.columns import table
from pyk8s.api.resources import Resources

NOON = datetime(2026, 1, 2, 12, 0, 0, tzinfo=UTC)
TABLE = Resources.builtin()
TEMPLATE = {"spec": {"containers": [{"name": "a", "image": "i:1"}, {"name": "b", "image": "j:2"}]}}
SELECTOR = {"matchLabels": {"app": "web"}}
MADE = "2026-01-02T11:00:00Z"


def row(word: str, fields: dict[str, Any]) -> dict[str, Any]:
    """The cells of an object named x, an hour old, by header."""
    given = {"metadata": {"name": "x", "creationTimestamp": MADE, **fields.pop("metadata", {})}, **fields}
    found = table(TABLE.resolve(word), [given], NOON)
    headers = [column["name"] for column in found["columnDefinitions"]]
    return dict(zip(headers, found["rows"][0]["cells"], strict=True))


@pytest.mark.parametrize(
    ("word", "fields", "cells"),
    [
        (
            "deploy",
            {
                "spec": {"replicas": 3, "selector": SELECTOR, "template": TEMPLATE},
                "status": {"readyReplicas": 2, "updatedReplicas": 3, "availableReplicas": 1},
            },
            {"Name": "x", "Ready": "2/3", "Up-to-date": 3, "Available": 1, "Age": "60m", "Containers": "a,b",
             "Images": "i:1,j:2", "Selector": "app=web"},
        ),
        (
            "rs",
            {"spec": {"replicas": 3, "selector": SELECTOR, "template": TEMPLATE}, "status": {"replicas": 2}},
            {"Name": "x", "Desired": 3, "Current": 2, "Ready": 0, "Age": "60m", "Containers": "a,b",
             "Images": "i:1,j:2", "Selector": "app=web"},
        ),
        (
            "rc",
            {"spec": {"replicas": 1, "selector": {"a": "b"}}, "status": {"replicas": 1, "readyReplicas": 1}},
            {"Name": "x", "Desired": 1, "Current": 1, "Ready": 1, "Age": "60m", "Containers": "", "Images": "",
             "Selector": "a=b"},
        ),
        (
            "sts",
            {"spec": {"replicas": 3, "template": TEMPLATE}, "status": {"readyReplicas": 1}},
            {"Name": "x", "Ready": "1/3", "Age": "60m", "Containers": "a,b", "Images": "i:1,j:2"},
        ),
        (
            "ds",
            {
                "spec": {"selector": SELECTOR, "template": {"spec": {"nodeSelector": {"disk": "ssd"}}}},
                "status": {"desiredNumberScheduled": 3, "currentNumberScheduled": 2, "numberReady": 1},
            },
            {"Name": "x", "Desired": 3, "Current": 2, "Ready": 1, "Up-to-date": 0, "Available": 0,
             "Node Selector": "disk=ssd", "Age": "60m", "Containers": "", "Images": "", "Selector": "app=web"},
        ),
        (
            "job",
            {"spec": {"completions": 2, "template": TEMPLATE},
             "status": {"succeeded": 1, "startTime": "2026-01-02T11:59:00Z"}},
            {"Name": "x", "Status": "Running", "Completions": "1/2", "Duration": "60s", "Age": "60m",
             "Containers": "a,b", "Images": "i:1,j:2", "Selector": "<none>"},
        ),
        (
            "job",
            {"spec": {"parallelism": 3},
             "status": {"startTime": "2026-01-02T11:00:00Z", "completionTime": "2026-01-02T11:00:30Z",
                        "conditions": [{"type": "Complete", "status": "True"}]}},
            {"Name": "x", "Status": "Complete", "Completions": "0/1 of 3", "Duration": "30s", "Age": "60m",
             "Containers": "", "Images": "", "Selector": "<none>"},
        ),
        (
            "job",
            {"metadata": {"deletionTimestamp": "2026-01-02T11:00:00Z"}},
            {"Name": "x", "Status": "Terminating", "Completions": "0/1", "Duration": "", "Age": "60m",
             "Containers": "", "Images": "", "Selector": "<none>"},
        ),
        (
            "cj",
            {"spec": {"schedule": "* * * * *", "suspend": False},
             "status": {"active": [{}], "lastScheduleTime": "2026-01-02T11:59:30Z"}},
            {"Name": "x", "Schedule": "* * * * *", "Timezone": "<none>", "Suspend": "False", "Active": 1,
             "Last Schedule": "30s", "Age": "60m", "Containers": "", "Images": "", "Selector": "<none>"},
        ),
        (
            "hpa",
            {
                "spec": {
                    "scaleTargetRef": {"kind": "Deployment", "name": "web"},
                    "minReplicas": 1,
                    "maxReplicas": 5,
                    "metrics": [
                        {"type": "Resource", "resource": {"name": "cpu", "target": {"averageUtilization": 80}}},
                        {"type": "Pods", "pods": {"target": {"averageValue": "10"}}},
                        {"type": "External", "external": {"target": {"value": "3"}}},
                    ],
                },
                "status": {
                    "currentReplicas": 2,
                    "currentMetrics": [{"resource": {"current": {"averageUtilization": 12}}}],
                },
            },
            {"Name": "x", "Reference": "Deployment/web", "Targets": "cpu: 12%/80%, <unknown>/10 + 1 more...",
             "MinPods": "1", "MaxPods": 5, "Replicas": 2, "Age": "60m"},
        ),
        (
            "hpa.v1.autoscaling",
            {"spec": {"targetCPUUtilizationPercentage": 50, "maxReplicas": 2}},
            {"Name": "x", "Reference": "/", "Targets": "cpu: <unknown>/50%", "MinPods": "<unset>", "MaxPods": 2,
             "Replicas": 0, "Age": "60m"},
        ),
        (
            "pdb",
            {"spec": {"minAvailable": "50%"}, "status": {"disruptionsAllowed": 1}},
            {"Name": "x", "Min Available": "50%", "Max Unavailable": "N/A", "Allowed Disruptions": 1, "Age": "60m"},
        ),
        (
            "controllerrevisions",
            {"revision": 2, "metadata": {"ownerReferences": [
                {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "web", "controller": True}]}},
            {"Name": "x", "Controller": "statefulset.apps/web", "Revision": 2, "Age": "60m"},
        ),
        (
            "podtemplate",
            {"template": {**TEMPLATE, "metadata": {"labels": {"a": "b"}}}},
            {"Name": "x", "Containers": "a,b", "Images": "i:1,j:2", "Pod Labels": "a=b"},
        ),
        (
            "svc",
            {"spec": {"type": "NodePort", "clusterIP": "10.96.0.1", "selector": {"a": "b"},
                      "ports": [{"port": 80, "nodePort": 30080, "protocol": "TCP"},
                                {"port": 53, "protocol": "UDP"}]}},
            {"Name": "x", "Type": "NodePort", "Cluster-IP": "10.96.0.1", "External-IP": "<none>",
             "Port(s)": "80:30080/TCP,53/UDP", "Age": "60m", "Selector": "a=b"},
        ),
        (
            "svc",
            {"spec": {"type": "LoadBalancer", "clusterIP": "10.96.0.1"}},
            {"Name": "x", "Type": "LoadBalancer", "Cluster-IP": "10.96.0.1", "External-IP": "<pending>",
             "Port(s)": "<none>", "Age": "60m", "Selector": "<none>"},
        ),
        (
            "svc",
            {"spec": {"type": "LoadBalancer", "clusterIP": "None", "externalIPs": ["192.0.2.9"]},
             "status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.2"}, {"hostname": "h"}]}}},
            {"Name": "x", "Type": "LoadBalancer", "Cluster-IP": "None", "External-IP": "192.0.2.2,h,192.0.2.9",
             "Port(s)": "<none>", "Age": "60m", "Selector": "<none>"},
        ),
        (
            "svc",
            {"spec": {"type": "ExternalName", "externalName": "a.example"}},
            {"Name": "x", "Type": "ExternalName", "Cluster-IP": "<none>", "External-IP": "a.example",
             "Port(s)": "<none>", "Age": "60m", "Selector": "<none>"},
        ),
        (
            "ep",
            {"subsets": [{"addresses": [{"ip": "10.0.0.1"}, {"ip": "10.0.0.2"}],
                          "ports": [{"port": 80}, {"port": 81}]}]},
            {"Name": "x", "Endpoints": "10.0.0.1:80,10.0.0.2:80,10.0.0.1:81 + 1 more...", "Age": "60m"},
        ),
        ("ep", {}, {"Name": "x", "Endpoints": "<none>", "Age": "60m"}),
        (
            "endpointslice",
            {"addressType": "IPv4", "ports": [{"port": 80}, {"name": "n"}],
             "endpoints": [{"addresses": ["10.0.0.1"]}, {"addresses": ["10.0.0.2"]}]},
            {"Name": "x", "AddressType": "IPv4", "Ports": "80,n", "Endpoints": "10.0.0.1,10.0.0.2", "Age": "60m"},
        ),
        (
            "endpointslice",
            {"addressType": "IPv4"},
            {"Name": "x", "AddressType": "IPv4", "Ports": "<unset>", "Endpoints": "<unset>", "Age": "60m"},
        ),
        (
            "ing",
            {"spec": {"rules": [{"host": "a"}, {}], "tls": [{}], "ingressClassName": "n"},
             "status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}},
            {"Name": "x", "Class": "n", "Hosts": "a", "Address": "192.0.2.1", "Ports": "80, 443", "Age": "60m"},
        ),
        (
            "ingressclass",
            {"spec": {"controller": "c", "parameters": {"kind": "K", "apiGroup": "g", "name": "n"}}},
            {"Name": "x", "Controller": "c", "Parameters": "K.g/n", "Age": "60m"},
        ),
        ("netpol", {"spec": {"podSelector": SELECTOR}}, {"Name": "x", "Pod-Selector": "app=web", "Age": "60m"}),
        ("servicecidr", {"spec": {"cidrs": ["10.96.0.0/16"]}}, {"Name": "x", "CIDRs": "10.96.0.0/16", "Age": "60m"}),
        (
            "ipaddress",
            {"spec": {"parentRef": {"resource": "services", "namespace": "default", "name": "web"}}},
            {"Name": "x", "ParentRef": "services/default/web"},
        ),
        (
            "node",
            {
                "metadata": {"labels": {"node-role.kubernetes.io/control-plane": "", "kubernetes.io/role": "edge"}},
                "spec": {"unschedulable": True},
                "status": {
                    "conditions": [{"type": "Ready", "status": "True"}],
                    "addresses": [{"type": "InternalIP", "address": "172.18.0.2"}],
                    "nodeInfo": {"kubeletVersion": "v1.37.0", "osImage": "Debian"},
                },
            },
            {"Name": "x", "Status": "Ready,SchedulingDisabled", "Roles": "control-plane,edge", "Age": "60m",
             "Version": "v1.37.0", "Internal-IP": "172.18.0.2", "External-IP": "<none>", "OS-Image": "Debian",
             "Kernel-Version": "<unknown>", "Container-Runtime": "<unknown>"},
        ),
        (
            "node",
            {"status": {"conditions": [{"type": "Ready", "status": "Unknown"}]}},
            {"Name": "x", "Status": "NotReady", "Roles": "<none>", "Age": "60m", "Version": "",
             "Internal-IP": "<none>", "External-IP": "<none>", "OS-Image": "<unknown>",
             "Kernel-Version": "<unknown>", "Container-Runtime": "<unknown>"},
        ),
        ("ns", {"status": {"phase": "Active"}}, {"Name": "x", "Status": "Active", "Age": "60m"}),
        ("cm", {"data": {"a": "b"}, "binaryData": {"c": ""}}, {"Name": "x", "Data": 2, "Age": "60m"}),
        ("secret", {"type": "Opaque", "data": {"a": ""}}, {"Name": "x", "Type": "Opaque", "Data": 1, "Age": "60m"}),
        ("sa", {}, {"Name": "x", "Secrets": 0, "Age": "60m"}),
        (
            "ev",
            {
                "involvedObject": {"kind": "Pod", "name": "web", "fieldPath": "spec.containers{a}"},
                "type": "Normal", "reason": "Started", "message": " Started it. ", "count": 3,
                "source": {"component": "kubelet", "host": "n1"},
                "firstTimestamp": "2026-01-02T11:00:00Z", "lastTimestamp": "2026-01-02T11:59:00Z",
            },
            {"Last Seen": "60s", "Type": "Normal", "Reason": "Started", "Object": "pod/web",
             "Subobject": "spec.containers{a}", "Source": "kubelet, n1", "Message": "Started it.",
             "First Seen": "60m", "Count": 3, "Name": "x"},
        ),
        (
            "events.events.k8s.io",
            {
                "regarding": {"kind": "Pod", "name": "web"}, "type": "Warning", "reason": "Failed", "note": "No.",
                "reportingController": "scheduler", "eventTime": "2026-01-02T11:58:00.000000Z",
                "series": {"count": 7, "lastObservedTime": "2026-01-02T11:59:30.000000Z"},
            },
            {"Last Seen": "30s", "Type": "Warning", "Reason": "Failed", "Object": "pod/web", "Subobject": "",
             "Source": "scheduler", "Message": "No.", "First Seen": "2m", "Count": 7, "Name": "x"},
        ),
        (
            "quota",
            {"status": {"hard": {"pods": "10", "limits.cpu": "4"}, "used": {"pods": "3"}}},
            {"Name": "x", "Request": "pods: 3/10", "Limit": "limits.cpu: 0/4", "Age": "60m"},
        ),
        ("limits", {}, {"Name": "x", "Created At": MADE}),
        (
            "pv",
            {
                "spec": {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteMany", "ReadWriteOnce"],
                         "persistentVolumeReclaimPolicy": "Retain", "storageClassName": "fast",
                         "claimRef": {"namespace": "default", "name": "data"}, "volumeMode": "Filesystem"},
                "status": {"phase": "Bound"},
            },
            {"Name": "x", "Capacity": "1Gi", "Access Modes": "RWO,RWX", "Reclaim Policy": "Retain",
             "Status": "Bound", "Claim": "default/data", "StorageClass": "fast", "VolumeAttributesClass": "<unset>",
             "Reason": "", "Age": "60m", "VolumeMode": "Filesystem"},
        ),
        (
            "pvc",
            {"spec": {"volumeName": "v", "storageClassName": "fast"},
             "status": {"phase": "Bound", "capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOncePod"]}},
            {"Name": "x", "Status": "Bound", "Volume": "v", "Capacity": "1Gi", "Access Modes": "RWOP",
             "StorageClass": "fast", "VolumeAttributesClass": "<unset>", "Age": "60m", "VolumeMode": "<unset>"},
        ),
        (
            "pvc",
            {"metadata": {"deletionTimestamp": MADE}, "status": {"phase": "Pending"}},
            {"Name": "x", "Status": "Terminating", "Volume": "", "Capacity": "", "Access Modes": "",
             "StorageClass": "", "VolumeAttributesClass": "<unset>", "Age": "60m", "VolumeMode": "<unset>"},
        ),
        (
            "sc",
            {"metadata": {"annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
             "provisioner": "p", "reclaimPolicy": "Delete", "volumeBindingMode": "WaitForFirstConsumer"},
            {"Name": "x (default)", "Provisioner": "p", "ReclaimPolicy": "Delete",
             "VolumeBindingMode": "WaitForFirstConsumer", "AllowVolumeExpansion": False, "Age": "60m"},
        ),
        (
            "cs",
            {"conditions": [{"type": "Healthy", "status": "True", "message": "ok"}]},
            {"Name": "x", "Status": "Healthy", "Message": "ok", "Error": ""},
        ),
        ("role", {}, {"Name": "x", "Created At": MADE}),
        (
            "clusterrolebinding",
            {"roleRef": {"kind": "ClusterRole", "name": "admin"},
             "subjects": [{"kind": "User", "name": "u"}, {"kind": "Group", "name": "g"}, {"kind": "Group", "name": "h"},
                          {"kind": "ServiceAccount", "namespace": "ns", "name": "s"}]},
            {"Name": "x", "Role": "ClusterRole/admin", "Age": "60m", "Users": "u", "Groups": "g, h",
             "ServiceAccounts": "ns/s"},
        ),
        (
            "csr",
            {"spec": {"signerName": "s", "username": "u", "expirationSeconds": 3600},
             "status": {"conditions": [{"type": "Approved"}], "certificate": "abc"}},
            {"Name": "x", "Age": "60m", "SignerName": "s", "Requestor": "u", "RequestedDuration": "60m",
             "Condition": "Approved,Issued"},
        ),
        ("lease", {"spec": {"holderIdentity": "h"}}, {"Name": "x", "Holder": "h", "Age": "60m"}),
        (
            "pc",
            {"value": 1000},
            {"Name": "x", "Value": 1000, "Global-Default": False, "Age": "60m",
             "PreemptionPolicy": "PreemptLowerPriority"},
        ),
        ("runtimeclass", {"handler": "h"}, {"Name": "x", "Handler": "h", "Age": "60m"}),
        (
            "volumeattachment",
            {"spec": {"attacher": "a", "nodeName": "n", "source": {"persistentVolumeName": "v"}},
             "status": {"attached": True}},
            {"Name": "x", "Attacher": "a", "PV": "v", "Node": "n", "Attached": True, "Age": "60m"},
        ),
        ("vac", {"driverName": "d"}, {"Name": "x", "DriverName": "d", "Age": "60m"}),
        ("csinode", {"spec": {"drivers": [{}]}}, {"Name": "x", "Drivers": 1, "Age": "60m"}),
        (
            "csidriver",
            {"spec": {"volumeLifecycleModes": ["Persistent"], "tokenRequests": [{"audience": "a"}]}},
            {"Name": "x", "AttachRequired": True, "PodInfoOnMount": False, "StorageCapacity": False,
             "TokenRequests": "a", "RequiresRepublish": False, "Modes": "Persistent", "Age": "60m"},
        ),
        (
            "csistoragecapacity",
            {"storageClassName": "fast", "capacity": "1Gi"},
            {"Name": "x", "StorageClassName": "fast", "Capacity": "1Gi"},
        ),
        ("validatingwebhookconfiguration", {"webhooks": [{}]}, {"Name": "x", "Webhooks": 1, "Age": "60m"}),
        (
            "validatingadmissionpolicy",
            {"spec": {"validations": [{}], "paramKind": {"apiVersion": "v1", "kind": "ConfigMap"}}},
            {"Name": "x", "Validations": 1, "ParamKind": "v1/ConfigMap", "Age": "60m"},
        ),
        (
            "validatingadmissionpolicybinding",
            {"spec": {"policyName": "p", "paramRef": {"name": "n"}}},
            {"Name": "x", "PolicyName": "p", "ParamRef": "*/n", "Age": "60m"},
        ),
        ("mutatingadmissionpolicy", {}, {"Name": "x", "Mutations": 0, "ParamKind": "<unset>", "Age": "60m"}),
        (
            "flowschema",
            {"spec": {"matchingPrecedence": 5, "priorityLevelConfiguration": {"name": "l"}}},
            {"Name": "x", "PriorityLevel": "l", "MatchingPrecedence": 5, "DistinguisherMethod": "<none>",
             "Age": "60m", "MissingPL": "?"},
        ),
        (
            "prioritylevelconfiguration",
            {"spec": {"type": "Limited", "limited": {"nominalConcurrencyShares": 30,
                                                     "limitResponse": {"queuing": {"queues": 64}}}}},
            {"Name": "x", "Type": "Limited", "NominalConcurrencyShares": 30, "Queues": 64, "HandSize": "<none>",
             "QueueLengthLimit": "<none>", "Age": "60m"},
        ),
        ("resourceclaim", {}, {"Name": "x", "State": "pending", "Age": "60m"}),
        (
            "resourceclaim",
            {"status": {"allocation": {}, "reservedFor": [{}]}},
            {"Name": "x", "State": "allocated,reserved", "Age": "60m"},
        ),
        (
            "resourceslice",
            {"spec": {"nodeName": "n", "driver": "d", "pool": {"name": "p"}}},
            {"Name": "x", "Node": "n", "Driver": "d", "Pool": "p", "Age": "60m"},
        ),
        (
            "apiservice",
            {"status": {"conditions": [{"type": "Available", "status": "False", "reason": "NoRoute"}]}},
            {"Name": "x", "Service": "Local", "Available": "False (NoRoute)", "Age": "60m"},
        ),
        (
            "storageversionmigration",
            {"spec": {"resource": {"group": "apps", "resource": "deployments"}}},
            {"Name": "x", "Resource": "deployments.apps"},
        ),
        ("clustertrustbundle", {}, {"Name": "x", "SignerName": "<none>"}),
        ("deviceclass", {}, {"Name": "x", "Age": "60m"}),
    ],
)  # fmt: skip
def test_the_row_of_a_kind(word: str, fields: dict[str, Any], cells: dict[str, Any]) -> None:
    assert row(word, fields) == cells
