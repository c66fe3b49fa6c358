"""The table is whole, and it agrees with the published schema."""

import pytest

from pyk8s.api.schema import Schema
from pyk8s.apiserver.rest.protobuf.table import Field, fields_of, message_of
from tests.apiserver.makers import RESOURCES

SCALARS = {
    "string",
    "bytes",
    "int",
    "bool",
    "double",
    "time",
    "microtime",
    "duration",
    "quantity",
    "intorstring",
    "json",
}
WITHOUT = {"apiextensions.k8s.io", "apiregistration.k8s.io"}
"""Groups whose kinds kubectl's own clients do not know."""


def messages():
    """Every message that is reached from a kind."""
    waiting = [message_of(row.api_version, row.kind) for row in RESOURCES if row.group not in WITHOUT]
    seen = set()
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            kinds = (field.kind.removeprefix("items*") for field in fields_of(name).values())
            waiting += [kind for kind in kinds if kind not in SCALARS]
    return seen


def test_every_kind_has_a_message():
    missing = [row.kind for row in RESOURCES if row.group not in WITHOUT and not message_of(row.api_version, row.kind)]
    assert missing == []
    assert len(messages()) > 400


def test_a_field_as_the_table_writes_it():
    fields = fields_of("core/v1.PodSpec")
    assert fields[2] == Field("containers", "core/v1.Container", "*", False)
    assert fields[7] == Field("nodeSelector", "string", "%", True)
    assert fields[4] == Field("terminationGracePeriodSeconds", "int", "", False)
    assert fields_of("core/v1.Volume")[2] == Field("", "core/v1.VolumeSource", "", True)


@pytest.mark.parametrize(
    ("message", "definition"),
    [
        ("core/v1.PodSpec", "io.k8s.api.core.v1.PodSpec"),
        ("core/v1.Container", "io.k8s.api.core.v1.Container"),
        ("core/v1.ServiceSpec", "io.k8s.api.core.v1.ServiceSpec"),
        ("core/v1.NodeStatus", "io.k8s.api.core.v1.NodeStatus"),
        ("apps/v1.DeploymentSpec", "io.k8s.api.apps.v1.DeploymentSpec"),
        ("batch/v1.JobSpec", "io.k8s.api.batch.v1.JobSpec"),
        ("rbac/v1.PolicyRule", "io.k8s.api.rbac.v1.PolicyRule"),
        ("networking/v1.IngressSpec", "io.k8s.api.networking.v1.IngressSpec"),
        ("meta/v1.ObjectMeta", "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"),
    ],
)
def test_the_names_are_those_of_the_schema(message, definition):
    assert {field.name for field in fields_of(message).values()} == set(Schema.builtin().shape(definition).fields)
