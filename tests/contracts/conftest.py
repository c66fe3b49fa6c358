import pytest

from tests.contracts.stores import STORES, emptied, in_memory
from tests.storage.etcd import running_etcd


@pytest.fixture(scope="session")
def shared_etcd(tmp_path_factory):
    """One etcd for all contract tests of a process; each finds it empty."""
    with running_etcd(tmp_path_factory.mktemp("etcd")) as etcd:
        yield etcd


@pytest.fixture(params=STORES)
async def store(request):
    """The store under judgement."""
    made = in_memory() if request.param == "memory" else await emptied(request.getfixturevalue("shared_etcd"))
    yield made
    await made.close()
