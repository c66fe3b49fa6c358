import pytest

from pyk8s.kernel.ipvs.values import Entry, Front, Marked, Place, Real, Server
from pyk8s.proxy.ipvs import sets
from pyk8s.proxy.ipvs.rules import Piece, node_addresses, plan_piece, short_cut_mark
from pyk8s.proxy.plan import Endpoint, Intent, Otherwise, Pool, Settings

SETTINGS = Settings(node_ports_on=("172.30.0.2", "127.0.0.1"), node_addresses=("172.30.0.2",))
ONE, TWO = Endpoint("10.244.0.5", 8080, local=True), Endpoint("10.244.1.6", 8080)
EVERYONE = Pool((ONE, TWO))
PLACES = {Place("10.244.0.5", 8080): Real(), Place("10.244.1.6", 8080): Real()}


def intent(**changes):
    fields = {"service": "shop/web", "name": "", "protocol": "tcp", "cluster_ip": "10.96.0.20", "port": 80}
    pools = {"inside": EVERYONE, "outside": EVERYONE, "everyone": EVERYONE}
    return Intent(**(fields | pools | changes))


def members(piece: Piece, name: str) -> dict[str, int]:
    return {member: mark for (of, member), mark in piece.members.items() if of == name}


def test_a_cluster_ip_is_a_virtual_server_and_an_address():
    piece = plan_piece(intent(), SETTINGS)
    assert piece.servers == {Front("tcp", "10.96.0.20", 80): Entry(Server("rr"), PLACES)}
    assert piece.addresses == {"10.96.0.20"}
    assert set(piece.members) == {
        (sets.CLUSTER_IP, "10.96.0.20,tcp:80"),
        (sets.ADDRESSES, "10.96.0.20"),
        (sets.LOOP_BACK, "10.244.0.5,tcp:8080,10.244.0.5"),
    }


@pytest.mark.parametrize(
    ("changes", "server"),
    [
        pytest.param({"scheduler": "wlc"}, Server("wlc"), id="the scheduler that is asked for"),
        pytest.param({"scheduler": "mh"}, Server("mh", flags=frozenset({"flag-2"})), id="mh looks at ports too"),
    ],
)
def test_how_a_virtual_server_chooses(changes, server):
    piece = plan_piece(intent(), Settings(**changes))
    assert [entry.server for entry in piece.servers.values()] == [server]


def test_affinity_is_persistence():
    piece = plan_piece(intent(affinity=600), SETTINGS)
    assert [entry.server for entry in piece.servers.values()] == [Server("rr", persistence=600)]


def test_a_node_port_is_a_virtual_server_at_each_address_but_loopback():
    piece = plan_piece(intent(node_port=30080), SETTINGS)
    assert Front("tcp", "172.30.0.2", 30080) in piece.servers
    assert Front("tcp", "127.0.0.1", 30080) not in piece.servers
    assert members(piece, "KUBE-NODE-PORT-TCP") == {"30080": 0}
    assert "172.30.0.2" not in piece.addresses


def test_a_node_port_of_sctp_is_known_by_address_and_port():
    piece = plan_piece(intent(node_port=30080, protocol="sctp"), SETTINGS)
    assert members(piece, "KUBE-NODE-PORT-SCTP-HASH") == {"172.30.0.2,sctp:30080": 0}


@pytest.mark.parametrize(
    ("ranges", "on", "found"),
    [
        ((), (), ("172.30.0.2", "192.0.2.1")),
        (("172.30.0.0/16",), (), ("172.30.0.2",)),
        (("172.30.0.0/16",), ("172.30.0.9",), ("172.30.0.9",)),
        ((), ("127.0.0.1",), ()),
    ],
)
def test_where_node_ports_answer(ranges, on, found):
    settings = Settings(
        node_port_ranges=ranges, node_ports_on=on, node_addresses=("192.0.2.1", "172.30.0.2", "127.0.0.1")
    )
    assert node_addresses(settings) == found


def test_nobody_to_send_to_is_no_virtual_server_but_a_refusal():
    none = Pool()
    piece = plan_piece(intent(node_port=30080, inside=none, outside=none, everyone=none), SETTINGS)
    assert piece.servers == {}
    assert members(piece, sets.NO_ENDPOINTS) == {"10.96.0.20,tcp:80": 0, "172.30.0.2,tcp:30080": 0}


def test_nobody_here_is_dropped_and_those_of_the_cluster_take_the_short_cut():
    far = Pool((), Otherwise.DROP)
    held = intent(node_port=30080, keeps_source=True, outside=far, everyone=Pool((TWO,)), inside=Pool((TWO,)))
    piece = plan_piece(held, SETTINGS)
    mark = short_cut_mark(held, SETTINGS)
    assert members(piece, sets.NO_LOCAL_ENDPOINTS) == {"172.30.0.2,tcp:30080": 0}
    assert members(piece, sets.SHORT_CUT) == {"172.30.0.2,tcp:30080": mark}
    assert {Marked(mark), Marked(mark | 0x4000)} < piece.servers.keys()
    assert piece.servers[Marked(mark)].reals == {Place("10.244.1.6", 8080): Real()}
    assert members(piece, "KUBE-NODE-PORT-LOCAL-TCP") == {"30080": 0}


@pytest.mark.parametrize("bit", [0x4000, 0x1, 0x80000000])
@pytest.mark.parametrize("protocol", ["tcp", "udp", "sctp"])
@pytest.mark.parametrize("node_port", [0, 30080, 32767, 16384])
def test_marks_leave_the_bit_of_masquerading_alone(bit, protocol, node_port):
    mark = short_cut_mark(intent(protocol=protocol, node_port=node_port), Settings(mark=bit))
    assert 0 < mark < 2**32
    assert not mark & bit


def test_no_two_node_ports_share_a_mark():
    marks = {
        short_cut_mark(intent(protocol=protocol, node_port=number), SETTINGS)
        for protocol in ("tcp", "udp", "sctp")
        for number in range(30000, 32768)
    }
    assert len(marks) == 3 * 2768


def test_a_load_balancer_with_ranges_is_fenced():
    held = intent(load_balancer_ips=("198.51.100.9",), source_ranges=("192.0.2.0/24", "0.0.0.0/0"))
    piece = plan_piece(held, SETTINGS)
    front = "198.51.100.9,tcp:80"
    assert members(piece, sets.BALANCER_FENCED) == {front: 0}
    assert set(members(piece, sets.SOURCE_RANGE)) == {
        f"{front},192.0.2.0/24",
        f"{front},0.0.0.0/1",
        f"{front},128.0.0.0/1",
    }
    assert members(piece, sets.SOURCE_ADDRESS) == {f"{front},198.51.100.9": 0}


def test_a_node_outside_the_ranges_is_not_let_in_by_the_balancers_address():
    held = intent(load_balancer_ips=("198.51.100.9",), source_ranges=("192.0.2.0/24",))
    assert members(plan_piece(held, SETTINGS), sets.SOURCE_ADDRESS) == {}


def test_sets_of_ipv6_have_names_of_their_own_that_fit():
    names = {made.name for made in sets.made_for(6).values()}
    assert "KUBE-6-LOAD-BALANCER-SOURCE-CID" in names
    assert not names & {made.name for made in sets.made_for(4).values()}
    assert max(map(len, names)) <= 31
    assert len(names) == len(sets.made_for(4))
