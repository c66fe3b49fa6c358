"""What every `PortGuards` promises: nft's, in a namespace of the test, and the fake."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from pyk8s.kernel.netns.run import entered
from pyk8s.kernel.portguard.fake import FakePortGuards
from pyk8s.kernel.portguard.run import PortGuards
from pyk8s.kernel.portguard.values import Guard, Release
from tests.kernel.spaces import spaces

MAC, OTHER = "0a:58:0a:09:00:02", "0a:58:0a:09:00:03"


@contextmanager
def kernel() -> Iterator[Any]:
    with spaces(1) as (here,), entered(here):
        yield PortGuards()


@contextmanager
def fake() -> Iterator[Any]:
    yield FakePortGuards()


@pytest.fixture(params=[pytest.param(kernel, marks=pytest.mark.kernel), fake], ids=["kernel", "fake"])
def guards(request):
    with request.param() as made:
        yield made


def test_nothing_is_guarded_at_first(guards):
    assert guards.observe() == {}


def test_a_guarded_port_has_its_mac(guards):
    guards.run((Guard("p0", MAC), Guard("p1", OTHER)))
    assert guards.observe() == {"p0": MAC, "p1": OTHER}


def test_guarding_again_counts(guards):
    guards.run((Guard("p0", MAC),))
    guards.run((Guard("p0", OTHER),))
    assert guards.observe() == {"p0": OTHER}


def test_a_released_port_is_free_and_the_others_are_not(guards):
    guards.run((Guard("p0", MAC), Guard("p1", OTHER)))
    guards.run((Release("p0"),))
    assert guards.observe() == {"p1": OTHER}


def test_releasing_what_is_not_guarded_is_no_error(guards):
    guards.run((Release("p0"), Release("p0")))
    assert guards.observe() == {}
