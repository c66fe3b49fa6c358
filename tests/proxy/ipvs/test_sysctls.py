import pytest

from pyk8s.proxy.ipvs.sysctls import plan_sysctls
from pyk8s.proxy.plan import Settings

REUSE = "net/ipv4/vs/conn_reuse_mode"


def test_connections_are_tracked_and_end_with_their_endpoint():
    wanted = plan_sysctls(Settings(), "6.1.0-13-cloud-amd64")
    assert {f"net/ipv4/vs/{name}" for name in ("conntrack", "expire_nodest_conn", "expire_quiescent_template")} < set(
        wanted
    )
    assert set(wanted.values()) == {"1"}


@pytest.mark.parametrize(
    ("release", "told"), [("6.1.0-13", False), ("5.9.0", False), ("5.8.18", True), ("4.19", True), ("odd", False)]
)
def test_old_kernels_are_told_to_use_a_reused_port_at_once(release, told):
    assert (REUSE in plan_sysctls(Settings(), release)) == told


def test_strict_arp_keeps_the_addresses_of_services_from_the_neighbours():
    wanted = plan_sysctls(Settings(strict_arp=True), "6.1")
    assert (wanted["net/ipv4/conf/all/arp_ignore"], wanted["net/ipv4/conf/all/arp_announce"]) == ("1", "2")
    assert not any("arp" in name for name in plan_sysctls(Settings(), "6.1"))
