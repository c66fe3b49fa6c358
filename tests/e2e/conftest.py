"""One cluster of three nodes for all tests of this folder; each test has a namespace of its own."""

import uuid

import pytest

from tests.e2e.cluster import Cluster


@pytest.fixture(scope="session")
def machine():
    """The shared cluster; taken down at the end, whatever happened."""
    made = Cluster(nodes=3)
    try:
        yield made.up()
    finally:
        made.down()


@pytest.fixture(scope="session")
def image(machine):
    """An image with a shell, its usual tools, a web server and curl, on all nodes."""
    from tests.images import build_tools

    return build_tools(machine)


@pytest.fixture
def cluster(machine):
    """The shared cluster with a fresh namespace as the one in use."""
    name = f"e{uuid.uuid4().hex[:8]}"
    machine("create", "namespace", name)
    machine("wait", "--for=create", "serviceaccount/default", "-n", name, "--timeout=20s")
    scoped = Scoped(machine, name)
    yield scoped
    machine("delete", "namespace", name, "--no-wait", code=None)


class Scoped:
    """The shared cluster, with `-n NAMESPACE` on every verb."""

    def __init__(self, machine, namespace):
        self.machine, self.namespace = machine, namespace

    def __call__(self, *words, **more):
        """A verb in the namespace. Flags stand right behind the verb, before any `--`."""
        depth = 3 if words[:2] == ("create", "secret") else 2 if words[0] in GROUPS and words[1] != "-f" else 1
        verb = words[:depth]
        return self.machine(*verb, "-n", self.namespace, *words[len(verb) :], **more)

    def kubectl(self, *words, **more):
        """The real kubectl in the namespace."""
        return self.machine.kubectl("-n", self.namespace, *words, **more)

    def __getattr__(self, name):
        """Everything else as `Cluster` has it, on top of this object's verbs."""
        value = getattr(type(self.machine), name, None)
        return value.__get__(self) if callable(value) else getattr(self.machine, name)


GROUPS = ("rollout", "set", "create")
