"""Fixtures of the verbs."""

import pytest

from pyk8s.api.refs import DEPLOYMENTS, PODS
from tests.cli.verbs.rig import Rig, deployment, pod


@pytest.fixture
def rig():
    return Rig()


@pytest.fixture
def shop(rig):
    """Two pods and a deployment in the namespace default."""
    rig.create(PODS.within("default"), pod("web-1", labels={"app": "web"}, node="node-1"))
    rig.create(PODS.within("default"), pod("web-2", labels={"app": "web"}, node="node-2"))
    rig.create(PODS.within("default"), pod("db-0", labels={"app": "db"}, node="node-1"))
    rig.create(DEPLOYMENTS.within("default"), deployment("web"))
    return rig
