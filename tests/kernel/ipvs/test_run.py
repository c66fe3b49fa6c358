import pytest

from pyk8s.kernel.errors import Unsupported
from pyk8s.kernel.ipvs.run import Ipvs, probe
from pyk8s.kernel.ipvs.values import Add, Entry, Front, Marked, Place, Real, Server, plan
from tests.kernel.balancer import lacking, needs_ipvs
from tests.kernel.spaces import inside

pytestmark = pytest.mark.kernel

WEB, ONE = Front("tcp", "10.96.0.20", 80), Place("10.244.0.5", 8080)


@needs_ipvs
def test_the_kernels_own_list_shows_the_same(netns):
    Ipvs(netns).run(plan({WEB: Entry(Server(), {ONE: Real()}), Marked(0x8001234): Entry(Server("wlc", 10800))}, {}))
    shown = inside(netns, "cat", "/proc/net/ip_vs")
    assert "TCP  0A600014:0050 rr" in shown
    assert "-> 0AF40005:1F90      Masq    1" in shown
    assert "FWM  08001234 wlc persistent" in shown


@pytest.mark.skipif(not lacking(), reason="this kernel has IPVS")
def test_a_kernel_without_ipvs_says_what_to_do(netns):
    for ask in (lambda: Ipvs(netns).observe(), lambda: Ipvs(netns).run((Add(WEB),)), probe):
        with pytest.raises(Unsupported, match=r"`modprobe ip_vs`.*package.*another mode"):
            ask()
