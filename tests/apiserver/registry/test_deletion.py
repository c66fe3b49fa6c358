"""The plan of a deletion, as a table."""

from contextlib import nullcontext
from datetime import UTC, datetime

import pytest

from pyk8s.api.errors import ApiError
from pyk8s.apiserver.registry.deletion import (
    Keep,
    Mark,
    Remove,
    check_preconditions,
    finalizers_after,
    is_finished,
    plan_delete,
    read_options,
)
from pyk8s.apiserver.request import Options
from tests.apiserver.registry.running import row

NOW = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)
GOING = {"deletionTimestamp": "2026-01-01T12:00:30Z", "deletionGracePeriodSeconds": 30}
DONE = {"deletionTimestamp": "2026-01-01T11:00:00Z", "deletionGracePeriodSeconds": 0}


def obj(**metadata):
    return {"kind": "Thing", "apiVersion": "v1", "metadata": {"name": "a", "uid": "u", **metadata}}


def at_once(given, asked):
    return None


def thirty(given, asked):
    return 30 if asked is None else asked


@pytest.mark.parametrize(
    ("given", "options", "grace", "holds", "step"),
    [
        pytest.param(obj(), Options(), at_once, False, Remove(), id="nothing to wait for"),
        pytest.param(obj(), Options(), thirty, False, Mark(obj(**GOING)), id="it has time to end"),
        pytest.param(obj(), Options(grace_seconds=0), thirty, False, Remove(), id="forced"),
        pytest.param(
            obj(generation=4), Options(), thirty, False, Mark(obj(**GOING, generation=5)), id="a change to its spec"
        ),
        pytest.param(
            obj(finalizers=["x/y"]),
            Options(),
            at_once,
            False,
            Mark(obj(finalizers=["x/y"], deletionTimestamp="2026-01-01T12:00:00Z", deletionGracePeriodSeconds=0)),
            id="a finalizer holds it",
        ),
        pytest.param(
            obj(),
            Options(),
            at_once,
            True,
            Mark(obj(deletionTimestamp="2026-01-01T12:00:00Z", deletionGracePeriodSeconds=0)),
            id="something of its own holds it",
        ),
        pytest.param(
            obj(),
            Options(propagation="Foreground"),
            at_once,
            False,
            Mark(
                obj(
                    finalizers=["foregroundDeletion"],
                    deletionTimestamp="2026-01-01T12:00:00Z",
                    deletionGracePeriodSeconds=0,
                )
            ),
            id="its dependents go first",
        ),
        pytest.param(obj(**GOING), Options(), thirty, False, Keep(), id="under way"),
        pytest.param(obj(**GOING), Options(grace_seconds=60), thirty, False, Keep(), id="never longer"),
        pytest.param(obj(**GOING), Options(grace_seconds=0), thirty, False, Remove(), id="the kubelet confirms"),
        pytest.param(
            obj(**GOING),
            Options(grace_seconds=10),
            thirty,
            False,
            Mark(obj(deletionTimestamp="2026-01-01T12:00:10Z", deletionGracePeriodSeconds=10)),
            id="shorter, counted from its beginning",
        ),
        pytest.param(
            obj(**GOING, finalizers=["x/y"]),
            Options(grace_seconds=0),
            thirty,
            False,
            Mark(obj(deletionTimestamp="2026-01-01T12:00:00Z", deletionGracePeriodSeconds=0, finalizers=["x/y"])),
            id="confirmed, but a finalizer holds it",
        ),
        pytest.param(obj(**DONE, finalizers=["x/y"]), Options(), at_once, False, Keep(), id="waits for a finalizer"),
        pytest.param(obj(**DONE), Options(), at_once, True, Keep(), id="waits for something of its own"),
        pytest.param(obj(**DONE), Options(), at_once, False, Remove(), id="left over"),
        pytest.param(
            obj(**DONE, finalizers=["foregroundDeletion"]),
            Options(propagation="Orphan"),
            at_once,
            False,
            Mark(obj(**DONE, finalizers=["orphan"])),
            id="another policy on second thoughts",
        ),
    ],
)
def test_plan_delete(given, options, grace, holds, step):
    assert plan_delete(given, options, NOW, grace=grace, holds=holds) == step


@pytest.mark.parametrize(
    ("held", "options", "after"),
    [
        ([], Options(), []),
        (["a/b"], Options(), ["a/b"]),
        (["orphan"], Options(), ["orphan"]),
        (["orphan"], Options(propagation="Background"), []),
        (["orphan", "a/b"], Options(propagation="Foreground"), ["a/b", "foregroundDeletion"]),
        (["foregroundDeletion"], Options(orphan_dependents=True), ["orphan"]),
        (["foregroundDeletion"], Options(orphan_dependents=False), ["foregroundDeletion"]),
        (["foregroundDeletion"], Options(propagation="Foreground"), ["foregroundDeletion"]),
    ],
)
def test_finalizers_after(held, options, after):
    assert finalizers_after(held, options) == after


@pytest.mark.parametrize(
    ("given", "finished"),
    [
        (obj(), False),
        (obj(**DONE), True),
        (obj(**GOING), False),
        (obj(**DONE, finalizers=["a/b"]), False),
        (obj(deletionTimestamp="2026-01-01T11:00:00Z"), True),
    ],
)
def test_is_finished(given, finished):
    assert is_finished(given) is finished


def test_what_the_body_says_stands_before_what_the_query_says():
    sent = {"gracePeriodSeconds": 3, "propagationPolicy": "Orphan", "preconditions": {"uid": "u"}, "dryRun": ["All"]}
    read = read_options(Options(grace_seconds=9, propagation="Background", resource_version="7"), sent)
    assert read == Options(grace_seconds=3, propagation="Orphan", uid="u", resource_version="7", dry_run=True)


def test_an_empty_body_leaves_the_query_as_it_is():
    options = Options(grace_seconds=9, propagation="Background")
    assert read_options(options, {}) == options


@pytest.mark.parametrize(
    ("options", "holds"),
    [
        (Options(), True),
        (Options(uid="u"), True),
        (Options(uid="v"), False),
        (Options(resource_version="7"), True),
        (Options(resource_version="8"), False),
    ],
)
def test_check_preconditions(options, holds):
    outcome = nullcontext() if holds else pytest.raises(ApiError, match=r"does not match the .* in record")
    with outcome:
        check_preconditions(row("configmaps"), obj(), 7, options)
