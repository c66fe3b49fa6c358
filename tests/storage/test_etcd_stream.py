"""Responses of an etcd watch put together, without etcd."""

import pytest
from aetcd import rpc

from pyk8s.storage.etcd.stream import Assembler
from pyk8s.storage.interface import Compacted


def put(revision, key="k", value=b"v"):
    return rpc.Event(type=rpc.Event.PUT, kv=rpc.KeyValue(key=key.encode(), value=value, mod_revision=revision))


def removed(revision, key="k"):
    return rpc.Event(type=rpc.Event.DELETE, kv=rpc.KeyValue(key=key.encode(), mod_revision=revision))


def response(*events, fragment=False):
    return rpc.WatchResponse(events=events, fragment=fragment)


def test_events_are_handed_out_as_they_come():
    assembler = Assembler(4)
    assert [event.revision for event in assembler.add(response(put(5), put(6)))] == [5, 6]
    assert assembler.revision == 6


def test_a_delete_has_no_value():
    (event,) = Assembler(4).add(response(removed(5)))
    assert (event.value, event.previous) == (None, None)


def test_an_empty_value_is_not_a_delete():
    (event,) = Assembler(4).add(response(put(5, value=b"")))
    assert event.value == b""


def test_what_stood_there_before_comes_along():
    event = put(5)
    event.prev_kv.CopyFrom(rpc.KeyValue(key=b"k", value=b"old", mod_revision=3))
    (told,) = Assembler(4).add(response(event))
    assert (told.previous.value, told.previous.revision) == (b"old", 3)


def test_the_last_revision_of_a_fragment_waits_for_the_rest_of_it():
    assembler = Assembler(4)
    first = assembler.add(response(put(5), removed(6, "a"), fragment=True))
    assert ([event.revision for event in first], assembler.revision) == ([5], 5)
    second = assembler.add(response(removed(6, "b"), fragment=True))
    assert (second, assembler.revision) == ((), 5)
    third = assembler.add(response(removed(6, "c"), put(7)))
    assert [event.key for event in third] == ["a", "b", "c", "k"]
    assert assembler.revision == 7


def test_a_response_without_events_changes_nothing():
    assembler = Assembler(4)
    assert assembler.add(response()) == ()
    assert assembler.revision == 4


def test_a_missing_revision_is_compacted():
    with pytest.raises(Compacted, match="revision 5"):
        Assembler(4).add(response(put(6)))


def test_a_revision_missing_between_two_is_compacted():
    with pytest.raises(Compacted, match="revision 6"):
        Assembler(4).add(response(put(5), put(7)))
