"""Every kind that is served: stored, read, watched and removed; and no body makes the registry stumble."""

import asyncio

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pyk8s.api.errors import ApiError
from pyk8s.api.resources import Resources
from pyk8s.apiserver.request import Options, Request, User
from pyk8s.client.interface import PatchType
from tests.apiserver.registry.running import RESOURCES, running_registry

ADMIN = User("admin", ("system:masters",))
NODE = User("system:node:n1", ("system:nodes",))
STORED = [one for one in Resources.builtin() if {"create", "delete"} <= set(one.verbs)]
NASTY = [
    {},
    {"metadata": {}},
    {"metadata": {"name": "a"}},
    {"metadata": {"name": "a"}, "spec": {}},
    {"metadata": {"name": "a"}, "spec": {}, "status": {}},
    {"metadata": {"name": "a"}, "spec": None, "status": None, "data": None},
    {"metadata": {"name": "a"}, "spec": []},
    {"metadata": {"name": "a"}, "spec": "x"},
    {"metadata": {"name": "a"}, "spec": {"template": {}, "selector": {}, "ports": [{}], "containers": [{}]}},
    {"metadata": {"name": "a"}, "spec": {"template": {"spec": {"containers": [{}], "volumes": [{}]}}}},
    {"metadata": {"name": "a"}, "spec": {"limits": [{}], "hard": {"pods": "x"}, "taints": [{}]}},
    {"metadata": {"name": 5}},
    {"metadata": {"name": "a", "labels": "x"}},
    {"metadata": {"name": "a", "labels": {"x": 5}}},
    {"metadata": {"name": "a", "annotations": []}},
    {"metadata": {"name": "a", "ownerReferences": [{}]}},
    {"metadata": {"name": "a", "finalizers": "x"}},
    {"metadata": {"name": "a", "namespace": 5}},
    {"metadata": {"generateName": 5}},
    {"metadata": {"name": "a", "resourceVersion": 5}},
    {"kind": 5},
    {"apiVersion": []},
]


def asked(verb, resource, body=b"", *, name="", sub="", user=ADMIN, **options):
    return Request(
        verb=verb,
        resource=resource,
        namespace="default" if resource.namespaced else "",
        name=name,
        subresource=sub,
        body=body if isinstance(body, bytes) else orjson.dumps(body),
        options=Options(**options),
        user=user,
    )


async def answered(api, request):
    """The answer, or the ApiError: anything else is a stumble."""
    try:
        return await api.handle(request)
    except ApiError as error:
        assert error.code != 500 or "range is full" in error.message, error.message
        return error


@pytest.mark.parametrize("resource", STORED, ids=lambda one: f"{one.plural}.{one.group}")
async def test_a_bad_body_is_refused_and_never_a_stumble(resource):
    async with running_registry(namespaces=["default"]) as api:
        for body in NASTY:
            for user in (ADMIN, NODE):
                await answered(api, asked("create", resource, body, user=user))
            await answered(api, asked("update", resource, body, name="a"))
            for kind in (PatchType.MERGE, PatchType.STRATEGIC):
                await answered(api, asked("patch", resource, body, name="a", patch_type=kind))
            for sub in sorted(resource.subresources):
                for verb in ("create", "update", "patch", "get"):
                    await answered(api, asked(verb, resource, body, name="a", sub=sub))
            await answered(api, asked("delete", resource, body, name="a"))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)
FIELDS = st.sampled_from(["metadata", "spec", "status", "data", "name", "labels", "containers", "ports", "template"])
BODIES = st.dictionaries(FIELDS, st.dictionaries(FIELDS, JSON, max_size=4) | JSON, max_size=4)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.sampled_from(STORED), BODIES), max_size=8))
def test_random_bodies_are_refused_and_never_a_stumble(bodies):
    async def ask_all():
        async with running_registry(namespaces=["default"]) as api:
            for resource, body in bodies:
                sent = orjson.dumps(_sendable(body))
                for verb, name in (("create", ""), ("update", "a"), ("patch", "a")):
                    await answered(api, asked(verb, resource, sent, name=name))

    asyncio.run(ask_all())


def _sendable(value):
    if isinstance(value, dict):
        return {key: _sendable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_sendable(item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool) and not -(2**63) <= value < 2**64:
        return str(value)
    return value


SIMPLE = ["configmaps", "secrets", "serviceaccounts", "endpoints", "limitranges", "resourcequotas", "namespaces"]


@pytest.mark.parametrize("plural", SIMPLE)
async def test_a_kind_is_stored_read_watched_and_removed(plural):
    resource = RESOURCES.resolve(plural)
    async with running_registry(namespaces=["default"]) as api:
        listed = await api.handle(asked("list", resource))
        watch = await api.handle(asked("watch", resource, resource_version=listed.resource_version))
        made = await api.handle(asked("create", resource, {"metadata": {"name": "zz"}}))
        held = await api.handle(asked("get", resource, name="zz"))
        assert held.body == made.body
        async with asyncio.timeout(30):
            (event,) = await anext(watch.batches)
        await watch.batches.aclose()
        assert (event.type, event.object) == ("ADDED", made.body)
        await api.handle(asked("delete", resource, name="zz"))
