import pytest

from tests.storage.etcd import running_etcd


@pytest.fixture
def etcd(tmp_path):
    """An etcd of one test's own."""
    with running_etcd(tmp_path) as running:
        yield running
