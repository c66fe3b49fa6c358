"""Fixtures of the kubelet's tests on real containers."""

import os

import pytest

from tests.kubelet import rig
from tests.kubelet.agent import running_node


@pytest.fixture(scope="session")
def containerd(tmp_path_factory):
    """One containerd for all tests of this process."""
    if os.geteuid() != 0:
        pytest.skip("containers need root")
    with rig.containerd(tmp_path_factory.mktemp("containerd")) as running:
        yield running


@pytest.fixture
def inside(containerd):
    """The test runs in the node's namespaces."""
    with containerd.inside():
        yield containerd


@pytest.fixture
async def node(inside, tmp_path):
    """A kubelet on that containerd, and an API in memory."""
    async with running_node(inside, tmp_path) as running:
        yield running
