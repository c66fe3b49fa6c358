"""What to do about an object, given how its owners are."""

import pytest

from pyk8s.api.refs import PODS
from pyk8s.controllers.ownergc.graph import Item
from pyk8s.controllers.ownergc.plan import (
    Delete,
    Disown,
    Owner,
    Pursue,
    Release,
    Unblock,
    plan_dependent,
    plan_owner,
    state_of,
)
from pyk8s.reconcile.fields import Metadata, OwnerReference


def reference(uid="o", block=True):
    return OwnerReference(kind="ReplicaSet", name=uid, uid=uid, block_owner_deletion=block)


def metadata(*finalizers, leaving=False, owners=(), uid="me"):
    stamp = "2026-01-01T12:00:00Z" if leaving else ""
    return Metadata(name=uid, uid=uid, finalizers=finalizers, deletion_timestamp=stamp, owner_references=owners)


def dependent(uid="d", block=True):
    return Item(PODS, metadata(uid=uid, owners=(reference("me", block),)))


SOLID, WAITING, GONE = Owner.SOLID, Owner.WAITING, Owner.GONE


@pytest.mark.parametrize(
    ("states", "has_dependents", "action"),
    [
        pytest.param([], False, None, id="no owners"),
        pytest.param([SOLID], False, None, id="an owner that stays"),
        pytest.param([GONE], False, Delete("Background"), id="its owner is gone"),
        pytest.param([GONE, GONE], True, Delete("Background"), id="all owners are gone"),
        pytest.param([SOLID, GONE], False, Disown(("o1",)), id="one of two is gone"),
        pytest.param([WAITING, SOLID], False, Disown(("o0",)), id="one waits, another stays"),
        pytest.param([WAITING], False, Delete("Background"), id="its owner waits for it"),
        pytest.param([WAITING], True, Delete("Foreground"), id="its owner waits for it, and it has its own"),
        pytest.param([WAITING, GONE], True, Delete("Foreground"), id="one waits, the other is gone"),
    ],
)
def test_dependents(states, has_dependents, action):
    owners = [(reference(f"o{number}"), state) for number, state in enumerate(states)]
    assert plan_dependent(metadata(), owners, has_dependents=has_dependents) == action


@pytest.mark.parametrize(
    ("finalizer", "propagation"),
    [("orphan", "Orphan"), ("foregroundDeletion", "Foreground"), ("example.com/other", "Background")],
)
def test_an_object_goes_as_its_finalizers_say(finalizer, propagation):
    owners = [(reference(), GONE)]
    assert plan_dependent(metadata(finalizer), owners, has_dependents=False) == Delete(propagation)


def test_what_goes_already_is_left_alone():
    assert plan_dependent(metadata(leaving=True), [(reference(), GONE)], has_dependents=False) is None


@pytest.mark.parametrize(
    ("owner", "dependents", "action"),
    [
        pytest.param(metadata(), [dependent()], None, id="stays"),
        pytest.param(metadata(leaving=True), [dependent()], None, id="leaves without ceremony"),
        pytest.param(
            metadata("foregroundDeletion", leaving=True),
            [dependent()],
            Pursue((dependent(),)),
            id="waits for dependents",
        ),
        pytest.param(
            metadata("foregroundDeletion", leaving=True), [], Unblock("foregroundDeletion"), id="has waited enough"
        ),
        pytest.param(
            metadata("foregroundDeletion", leaving=True),
            [dependent(block=False)],
            Unblock("foregroundDeletion"),
            id="does not wait for those that do not block",
        ),
        pytest.param(metadata("orphan", leaving=True), [dependent()], Release((dependent(),)), id="lets them stay"),
        pytest.param(metadata("orphan", leaving=True), [], Unblock("orphan"), id="all are released"),
        pytest.param(metadata("foregroundDeletion"), [], None, id="a finalizer alone is no deletion"),
    ],
)
def test_owners(owner, dependents, action):
    assert plan_owner(owner, dependents) == action


@pytest.mark.parametrize(
    ("owner", "block", "state"),
    [
        pytest.param(metadata(), True, SOLID, id="stays"),
        pytest.param(metadata(leaving=True), True, SOLID, id="leaves in the background: it is there until it is gone"),
        pytest.param(metadata("foregroundDeletion", leaving=True), True, WAITING, id="waits"),
        pytest.param(metadata("foregroundDeletion", leaving=True), False, SOLID, id="does not wait for this one"),
    ],
)
def test_states(owner, block, state):
    assert state_of(owner, reference(block=block)) is state
