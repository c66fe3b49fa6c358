import orjson
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from pyk8s.scheduler import objects
from pyk8s.scheduler.config import Config
from pyk8s.scheduler.framework import Event
from pyk8s.scheduler.plugins import ORDER
from pyk8s.scheduler.queue import Queue
from pyk8s.scheduler.template import Templates
from tests.scheduler.makers import pod, pod_object

BY_RESOURCES = frozenset({"resources"})
BY_TAINTS = frozenset({"taints"})


class Waiters:
    """A queue and pods to put into it."""

    def __init__(self):
        self.queue = Queue(ORDER, Config())
        self.templates = Templates()

    def put(self, name, **more):
        made = pod(name, **more)
        self.queue.put(made, self.templates.of(made))

    def pop(self):
        one = self.queue.pop()
        return one and one.pod.metadata.name

    def all(self):
        found = []
        while name := self.pop():
            found.append(name)
        return found


def test_pods_come_in_the_order_they_came():
    waiters = Waiters()
    for name in "bac":
        waiters.put(name)
    assert waiters.all() == ["b", "a", "c"]


def test_pods_of_higher_priority_come_first():
    waiters = Waiters()
    for name, priority in (("low", 1), ("high", 100), ("none", None), ("also high", 100), ("negative", -5)):
        waiters.put(name, priority=priority)
    assert waiters.all() == ["high", "also high", "low", "none", "negative"]


def test_a_pod_is_handed_out_once():
    waiters = Waiters()
    waiters.put("a")
    waiters.put("a", labels={"changed": "1"})
    assert waiters.all() == ["a"]


def test_what_is_new_about_a_waiting_pod_is_used():
    waiters = Waiters()
    waiters.put("a", cpu="1")
    waiters.put("b", priority=5)
    waiters.put("a", cpu="2", priority=10)
    one = waiters.queue.pop()
    assert (one.pod.metadata.name, one.template.requests["cpu"]) == ("a", 2000)


def test_a_removed_pod_is_not_handed_out():
    waiters = Waiters()
    for name in "abc":
        waiters.put(name)
    waiters.queue.remove("default/b")
    waiters.queue.remove("default/never")
    assert waiters.all() == ["a", "c"]
    assert "default/b" not in waiters.queue


def test_a_pod_made_again_under_its_name_takes_the_place_of_the_old_one_once():
    waiters = Waiters()
    waiters.put("a")
    again = objects.pod(orjson.dumps(pod_object("a") | {"metadata": pod_object("a")["metadata"] | {"uid": "another"}}))
    waiters.queue.put(again, waiters.templates.of(again))
    waiters.put("b")
    assert waiters.queue.pop().pod.metadata.uid == "another"
    assert waiters.all() == ["b"]


def test_a_refused_pod_waits_for_something_that_may_help():
    waiters = Waiters()
    waiters.put("a")
    waiters.queue.refuse(waiters.queue.pop(), BY_RESOURCES, now=0)
    waiters.queue.wake(Event.POD_PLACED, now=5)
    assert waiters.pop() is None
    waiters.queue.wake(Event.POD_GONE, now=5)
    assert waiters.pop() == "a"


def test_a_refused_pod_does_not_wake_for_what_cannot_help():
    waiters = Waiters()
    waiters.put("a")
    waiters.queue.refuse(waiters.queue.pop(), BY_TAINTS, now=0)
    waiters.queue.wake(Event.POD_GONE, now=5)
    assert waiters.pop() is None
    waiters.queue.wake(Event.NODE_UPDATED, now=5)
    assert waiters.pop() == "a"


def test_a_pod_that_nobody_refused_as_there_were_no_nodes_wakes_for_anything():
    waiters = Waiters()
    waiters.put("a")
    waiters.queue.refuse(waiters.queue.pop(), frozenset(), now=0)
    waiters.queue.wake(Event.NODE_ADDED, now=5)
    assert waiters.pop() == "a"


def test_the_backoff_grows_with_every_attempt_to_its_limit():
    waiters, now, waits = Waiters(), 0.0, []
    waiters.put("a")
    for _ in range(7):
        waiters.queue.refuse(waiters.queue.pop(), BY_RESOURCES, now)
        waiters.queue.wake(Event.POD_GONE, now)
        waits.append(waiters.queue.deadline() - now)
        now = waiters.queue.deadline()
        waiters.queue.tick(now - 0.01)
        assert waiters.pop() is None
        waiters.queue.tick(now)
    assert waits == [1, 2, 4, 8, 10, 10, 10]


def test_a_pod_whose_backoff_is_over_wakes_at_once():
    waiters = Waiters()
    waiters.put("a")
    waiters.queue.refuse(waiters.queue.pop(), BY_RESOURCES, now=0)
    waiters.queue.wake(Event.POD_GONE, now=1)
    assert waiters.pop() == "a"


def test_a_pod_that_could_not_be_bound_waits_out_its_backoff():
    waiters = Waiters()
    waiters.put("a")
    waiters.queue.fail(waiters.queue.pop(), now=100)
    assert waiters.queue.deadline() == 101
    waiters.queue.tick(101)
    assert waiters.pop() == "a"


def test_a_refused_pod_is_tried_again_after_five_minutes_in_any_case():
    waiters = Waiters()
    for name in "ab":
        waiters.put(name)
    waiters.queue.refuse(waiters.queue.pop(), BY_RESOURCES, now=0)
    waiters.queue.refuse(waiters.queue.pop(), BY_RESOURCES, now=50)
    assert waiters.queue.deadline() == 300
    waiters.queue.tick(300)
    assert waiters.all() == ["a"]
    assert waiters.queue.deadline() == 350


def test_a_refused_pod_that_asks_for_something_else_is_tried_at_once():
    waiters = Waiters()
    waiters.put("a", cpu="8")
    waiters.queue.refuse(waiters.queue.pop(), BY_RESOURCES, now=0)
    waiters.put("a", cpu="8")
    assert waiters.pop() is None
    waiters.put("a", cpu="1")
    assert waiters.pop() == "a"


@pytest.mark.parametrize("again", ["refuse", "fail"])
def test_a_pod_that_was_removed_while_it_was_tried_does_not_come_back(again):
    waiters = Waiters()
    waiters.put("a")
    one = waiters.queue.pop()
    waiters.queue.remove(one.key)
    if again == "refuse":
        waiters.queue.refuse(one, BY_RESOURCES, now=0)
    else:
        waiters.queue.fail(one, now=0)
    waiters.queue.tick(1000)
    assert waiters.pop() is None
    assert waiters.queue.deadline() is None


def test_another_pod_of_the_same_name_begins_anew():
    waiters = Waiters()
    waiters.put("a")
    old = waiters.queue.pop()
    new = pod("a", cpu="1")
    new = type(new)(metadata=type(new.metadata)(name="a", namespace="default", uid="another"), spec=new.spec)
    waiters.queue.put(new, Templates().of(new))
    waiters.queue.refuse(old, BY_RESOURCES, now=0)
    assert waiters.queue.pop().pod.metadata.uid == "another"
    assert waiters.pop() is None


class QueueMachine(RuleBasedStateMachine):
    """Whatever happens, a pod that waits is handed out in the end, and never twice at a time."""

    def __init__(self):
        super().__init__()
        self.waiters = Waiters()
        self.now = 0.0
        self.known = set()
        self.trying = {}

    @rule(name=st.sampled_from("abcd"), cpu=st.sampled_from(["1", "2"]), priority=st.integers(0, 2))
    def put(self, name, cpu, priority):
        self.waiters.put(name, cpu=cpu, priority=priority)
        self.known.add(name)

    @rule(name=st.sampled_from("abcd"))
    def remove(self, name):
        self.waiters.queue.remove(f"default/{name}")
        self.known.discard(name)
        self.trying.pop(name, None)

    @rule()
    def pop(self):
        one = self.waiters.queue.pop()
        if one is not None:
            name = one.pod.metadata.name
            assert name in self.known
            assert name not in self.trying
            self.trying[name] = one

    @rule(name=st.sampled_from("abcd"), failed=st.booleans())
    def give_back(self, name, failed):
        one = self.trying.pop(name, None)
        if one is not None and failed:
            self.waiters.queue.fail(one, self.now)
        elif one is not None:
            self.waiters.queue.refuse(one, BY_RESOURCES, self.now)

    @rule(event=st.sampled_from(list(Event)))
    def wake(self, event):
        self.waiters.queue.wake(event, self.now)

    @rule(seconds=st.sampled_from([0.5, 3, 20, 301]))
    def pass_time(self, seconds):
        self.now += seconds
        self.waiters.queue.tick(self.now)

    @invariant()
    def knows_whom_it_should(self):
        assert len(self.waiters.queue) == len(self.known)

    def teardown(self):
        for name in list(self.trying):
            self.give_back(name, False)
        self.waiters.queue.tick(self.now + 1000)
        assert set(self.waiters.all()) == self.known


TestQueue = QueueMachine.TestCase
TestQueue.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
