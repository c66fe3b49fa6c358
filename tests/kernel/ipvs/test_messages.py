import pytest

from pyk8s.kernel.ipvs.messages import read_list
from pyk8s.kernel.ipvs.values import Front, Load, Marked, Place, Real

LISTING = """\
IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
SCTP  [fd00:0000:0000:0000:0000:0000:0000:0001]:0035 sh persistent 75000 80000000
  -> 0A000003:0005      Tunnel  1      0          0
  -> [fd00:0000:0000:0000:0000:0000:0000:0009]:0035      Masq    7      2          3
UDP  0A000001:0035 mh ops
TCP  0A000001:0050 rr
  -> 0A010002:1F90      Masq    0      0          1
FWM  00001234 wlc persistent 1250 FFFFFFFF
  -> 0A010001:0036      Route   7      0          0
FWM  00001234 sed
  -> [fd00:0000:0000:0000:0000:0000:0000:0009]:0036      Local   7      0          0
"""


def test_real_servers_are_read_from_the_kernels_listing():
    assert read_list(LISTING) == {
        Front("sctp", "fd00::1", 53): [
            (Place("10.0.0.3", 5), Real(1, "tunnel"), Load()),
            (Place("fd00::9", 53), Real(7), Load(2, 3)),
        ],
        Front("tcp", "10.0.0.1", 80): [(Place("10.1.0.2", 8080), Real(0), Load(0, 1))],
        Marked(0x1234): [(Place("10.1.0.1", 54), Real(7, "route"), Load())],
        Marked(0x1234, 6): [(Place("fd00::9", 54), Real(7, "local"), Load())],
    }


@pytest.mark.parametrize("lines", [0, 3])
def test_a_listing_of_nothing_tells_nothing(lines):
    assert read_list("\n".join(LISTING.splitlines()[:lines])) == {}
