import pytest

from pyk8s.network.ipam.resolv import read_resolv_conf
from pyk8s.network.results import Dns


@pytest.mark.parametrize(
    ("text", "dns"),
    [
        ("", Dns()),
        ("nameserver 10.1.1.1\nnameserver fd00::1\n", Dns(("10.1.1.1", "fd00::1"))),
        ("domain one\ndomain two\n", Dns(domain="two")),
        ("search a b\nsearch c\n", Dns(search=("a", "b", "c"))),
        ("options ndots:5 edns0\n", Dns(options=("ndots:5", "edns0"))),
        ("# nameserver 1.1.1.1\n;domain x\n  \nnameserver\n", Dns()),
        ("\tnameserver\t10.1.1.1 # why\n", Dns(("10.1.1.1",))),
    ],
)
def test_a_resolvers_file_is_read_by_its_words(text, dns):
    assert read_resolv_conf(text) == dns
