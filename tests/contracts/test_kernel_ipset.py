"""What every `Sets` promises: the kernel's, in a namespace of the test, and the fake."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from pyk8s.kernel.errors import Absent, Exists
from pyk8s.kernel.ipset.fake import FakeSets
from pyk8s.kernel.ipset.run import Sets
from pyk8s.kernel.ipset.values import Add, Content, Create, Destroy, Flush, Remove, Set, plan
from tests.kernel.spaces import spaces


@contextmanager
def kernel() -> Iterator[Sets]:
    with spaces(1) as (made,):
        yield Sets(made)


@contextmanager
def fake() -> Iterator[FakeSets]:
    yield FakeSets()


@pytest.fixture(params=[pytest.param(kernel, marks=pytest.mark.kernel), fake], ids=["kernel", "fake"])
def sets(request):
    with request.param() as made:
        yield made


FRONTS = Set("KUBE-CLUSTER-IP", "hash:ip,port")
EACH_KIND = [
    Content(Set("KUBE-IPS", "hash:ip"), {"10.96.0.20": 0, "10.96.0.21": 0}),
    Content(Set("KUBE-6-IPS", "hash:ip", 6), {"fd00::1": 0}),
    Content(FRONTS, {"10.96.0.20,tcp:80": 0, "10.96.0.20,udp:53": 0, "10.96.0.20,sctp:9": 0}),
    Content(Set("KUBE-6-CLUSTER-IP", "hash:ip,port", 6), {"fd00::1,udp:53": 0}),
    Content(Set("KUBE-LOOP-BACK", "hash:ip,port,ip"), {"10.244.0.5,tcp:8080,10.244.0.5": 0}),
    Content(Set("KUBE-6-LOOP-BACK", "hash:ip,port,ip", 6), {"fd00::5,tcp:8080,fd00::5": 0}),
    Content(
        Set("KUBE-SOURCES", "hash:ip,port,net"),
        {"198.51.100.9,tcp:80,192.0.2.0/24": 0, "198.51.100.9,tcp:80,192.0.2.7/32": 0},
    ),
    Content(Set("KUBE-6-SOURCES", "hash:ip,port,net", 6), {"fd00::9,tcp:80,fd01::/64": 0}),
    Content(Set("KUBE-NODE-PORT-TCP", "bitmap:port", 0), {"30080": 0, "30081": 0}),
    Content(Set("KUBE-MARKS", "hash:ip,port", marks=True), {"172.30.0.2,tcp:30080": 0x12345678, "10.96.0.1,tcp:1": 0}),
]


@pytest.mark.parametrize("content", EACH_KIND, ids=lambda content: content.set.name)
def test_a_set_of_each_kind_is_read_as_it_was_written(sets, content):
    sets.run(plan([content], {}))
    assert sets.observe() == {content.set.name: content}


def test_what_was_carried_out_leaves_nothing_to_plan(sets):
    sets.run(plan(EACH_KIND, sets.observe()))
    assert plan(EACH_KIND, sets.observe()) == ()


def test_members_come_and_go(sets):
    sets.run((Create(FRONTS), Add(FRONTS, "10.96.0.20,tcp:80"), Add(FRONTS, "10.96.0.21,tcp:80")))
    sets.run((Remove(FRONTS, "10.96.0.20,tcp:80"),))
    assert sets.observe()[FRONTS.name].members == {"10.96.0.21,tcp:80": 0}
    sets.run((Flush(FRONTS.name),))
    assert sets.observe()[FRONTS.name].members == {}
    sets.run((Destroy(FRONTS.name),))
    assert sets.observe() == {}


def test_a_member_takes_another_mark(sets):
    marks = Set("KUBE-MARKS", "hash:ip,port", marks=True)
    sets.run((Create(marks), Add(marks, "10.96.0.1,tcp:1", 1)))
    sets.run(plan([Content(marks, {"10.96.0.1,tcp:1": 2})], sets.observe()))
    assert sets.observe()["KUBE-MARKS"].members == {"10.96.0.1,tcp:1": 2}


def test_what_is_there_already_is_refused(sets):
    sets.run((Create(FRONTS), Add(FRONTS, "10.96.0.20,tcp:80")))
    for action in (Create(FRONTS), Add(FRONTS, "10.96.0.20,tcp:80")):
        with pytest.raises(Exists):
            sets.run((action,))


@pytest.mark.parametrize(
    "action",
    [Destroy("KUBE-NOPE"), Flush("KUBE-NOPE"), Add(FRONTS, "10.96.0.20,tcp:80"), Remove(FRONTS, "10.96.0.20,tcp:80")],
    ids=lambda action: type(action).__name__,
)
def test_a_set_that_is_not_there_is_absent(sets, action):
    with pytest.raises(Absent):
        sets.run((action,))


def test_a_member_that_is_not_there_is_absent(sets):
    sets.run((Create(FRONTS),))
    with pytest.raises(Absent, match=r"10\.96\.0\.20"):
        sets.run((Remove(FRONTS, "10.96.0.20,tcp:80"),))


def test_a_member_of_another_kind_is_said_so(sets):
    sets.run((Create(FRONTS),))
    with pytest.raises(ValueError, match="is no member of a hash:ip,port set"):
        sets.run((Add(FRONTS, "30080"),))


def test_a_prefix_leaves_the_sets_of_others_alone(sets):
    sets.run((Create(FRONTS), Create(Set("theirs", "hash:ip"))))
    assert list(sets.observe("KUBE-")) == [FRONTS.name]


def test_thousands_of_members_go_and_come_back(sets):
    many = Content(FRONTS, {f"10.96.{number >> 8}.{number & 255},tcp:80": 0 for number in range(3000)})
    sets.run(plan([many], {}))
    assert sets.observe() == {FRONTS.name: many}
