"""A network, and a kernel of fakes, for tests of commands."""

import pytest

from pyk8s.network.conf import NetConf
from pyk8s.network.ipam.conf import IpamConf
from pyk8s.network.ipam.values import Pool
from pyk8s.network.results import RouteTo
from tests.network.fakes import FakeHands


@pytest.fixture
def hands(tmp_path):
    return FakeHands(tmp_path, "/ns/1", "/ns/2")


@pytest.fixture
def conf(tmp_path):
    return NetConf(
        "1.0.0",
        "pods",
        "pyk8s-cni",
        is_gateway=True,
        hairpin=True,
        ipam=IpamConf(
            "host-local",
            ((Pool.of("10.244.1.0/29"),),),
            (RouteTo("0.0.0.0/0"),),
            data_folder=str(tmp_path / "networks"),
        ),
    )
