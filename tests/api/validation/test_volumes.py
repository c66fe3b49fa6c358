from __future__ import annotations

from typing import Any

import pytest

from tests.api.validation.cases import said, wrong


def about(source: dict[str, Any]) -> list[str]:
    """What is wrong with a pod that has one volume of this source, without the path of the volume."""
    pod = {"spec": {"containers": [{"name": "a", "image": "i"}], "volumes": [{"name": "v", **source}]}}
    return [one.removeprefix("spec.volumes[0].") for one in said(wrong("pod", pod))]


@pytest.mark.parametrize(
    "source",
    [
        {},
        {"emptyDir": {"sizeLimit": "1Gi", "medium": "Memory"}},
        {"hostPath": {"path": "/x", "type": "DirectoryOrCreate"}},
        {"secret": {"secretName": "s", "items": [{"key": "a", "path": "b/c", "mode": 256}]}},
        {"configMap": {"name": "c"}},
        {"persistentVolumeClaim": {"claimName": "c"}},
        {"downwardAPI": {"items": [{"path": "l", "fieldRef": {"fieldPath": "metadata.labels"}}]}},
        {"projected": {"sources": [{"serviceAccountToken": {"path": "t"}}, {"configMap": {"name": "c"}}]}},
        {"ephemeral": {"volumeClaimTemplate": {"spec": {}}}},
        {"image": {"reference": "i"}},
        {"nfs": {"server": "s", "path": "/p"}},
    ],
)
def test_a_good_volume_has_nothing_wrong(source: dict[str, Any]) -> None:
    assert about(source) == []


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({"emptyDir": {}, "hostPath": {"path": "/x"}}, "hostPath: Forbidden: may not specify more than 1 volume type"),
        ({"emptyDir": {"sizeLimit": "-1"}}, "emptyDir.sizeLimit: Forbidden: SizeLimit field must be a valid"),
        ({"hostPath": {"path": ""}}, "hostPath.path: Required value"),
        ({"hostPath": {"path": "/a/../b"}}, 'hostPath.path: Invalid value: "/a/../b": must not contain \'..\''),
        ({"hostPath": {"path": "/a", "type": "Tape"}}, 'hostPath.type: Unsupported value: "Tape"'),
        ({"secret": {}}, "secret.secretName: Required value"),
        ({"secret": {"secretName": "s", "defaultMode": 512}}, "secret.defaultMode: Invalid value: 512: must be a nu"),
        ({"secret": {"secretName": "s", "items": [{"path": "a"}]}}, "secret.items[0].key: Required value"),
        ({"configMap": {}}, "configMap.name: Required value"),
        ({"configMap": {"name": "c", "items": [{"key": "a", "path": "/b"}]}}, 'configMap.items[0].path: Invalid val'),
        ({"configMap": {"name": "c", "items": [{"key": "a", "path": "..b"}]}},
         "configMap.items[0].path: Invalid value: \"..b\": must not start with '..'"),
        ({"persistentVolumeClaim": {"claimName": ""}}, "persistentVolumeClaim.claimName: Required value"),
        ({"downwardAPI": {"items": [{"path": "a"}]}}, "downwardAPI.items[0]: Required value: one of fieldRef"),
        ({"downwardAPI": {"items": [{"path": "a", "fieldRef": {"fieldPath": "spec.nodeName"}}]}},
         'downwardAPI.items[0].fieldRef.fieldPath: Unsupported value: "spec.nodeName"'),
        ({"downwardAPI": {"items": [{"path": "a", "resourceFieldRef": {"resource": "limits.cpu"}}]}},
         "downwardAPI.items[0].resourceFieldRef.containerName: Required value"),
        ({"projected": {"sources": [{}]}}, "projected.sources[0]: Required value: must specify a volume type"),
        ({"projected": {"sources": [{"secret": {"name": "a"}, "configMap": {"name": "b"}}]}},
         "projected.sources[0].configMap: Forbidden: may not specify more than 1 volume type"),
        ({"projected": {"sources": [{"serviceAccountToken": {"path": "t", "expirationSeconds": 5}}]}},
         "projected.sources[0].serviceAccountToken.expirationSeconds: Invalid value: 5: may not specify a duration"),
        ({"projected": {"sources": [{"serviceAccountToken": {"path": ""}}]}},
         "projected.sources[0].serviceAccountToken.path: Required value"),
        ({"ephemeral": {}}, "ephemeral.volumeClaimTemplate: Required value"),
        ({"image": {}}, "image.reference: Required value"),
        ({"nfs": {"server": "", "path": "/p"}}, "nfs.server: Required value"),
        ({"name": "A"}, 'name: Invalid value: "A"'),
        ({"name": ""}, "name: Required value"),
    ],
)  # fmt: skip
def test_one_thing_wrong_with_a_volume_is_told(source: dict[str, Any], message: str) -> None:
    assert any(one.startswith(message) for one in about(source)), about(source)


def test_two_volumes_of_one_name_are_told() -> None:
    pod = {"spec": {"containers": [{"name": "a", "image": "i"}], "volumes": [{"name": "v"}, {"name": "v"}]}}
    assert said(wrong("pod", pod)) == ['spec.volumes[1].name: Duplicate value: "v"']
