import stat
import subprocess
import sys
import tempfile
from ipaddress import ip_address

import pytest
from hypothesis import settings
from hypothesis import strategies as some
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from pyk8s.network.errors import AddressRefused, RangeFull, ReservationLost
from pyk8s.network.ipam.store import Store
from pyk8s.network.ipam.values import Pool

POOL = Pool.of("10.0.0.0/29")
SETS = ((POOL,),)


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path, "net")


def reserve(store, name, sets=SETS):
    return [str(address) for address, _ in store.reserve((name, "eth0"), sets)]


def test_addresses_follow_one_another_and_are_files_in_the_form_of_host_local(store, tmp_path):
    assert reserve(store, "a") == ["10.0.0.2"]
    assert reserve(store, "b") == ["10.0.0.3"]
    assert (tmp_path / "net/10.0.0.3").read_bytes() == b"b\r\neth0"
    assert (tmp_path / "net/last_reserved_ip.0").read_text() == "10.0.0.3"
    assert stat.S_IMODE((tmp_path / "net/10.0.0.3").stat().st_mode) == 0o600


def test_an_owner_that_has_an_address_gets_no_second_one(store):
    reserve(store, "a")
    with pytest.raises(AddressRefused, match=r"a/eth0 has 10\.0\.0\.2 already"):
        reserve(store, "a")
    assert [str(address) for address in store.held()] == ["10.0.0.2"]


def test_two_links_of_one_container_are_two_owners(store):
    store.reserve(("a", "eth0"), SETS)
    assert [str(address) for address, _ in store.reserve(("a", "eth1"), SETS)] == ["10.0.0.3"]


def test_what_was_released_is_free_and_twice_is_no_error(store):
    reserve(store, "a")
    assert [str(address) for address in store.release(("a", "eth0"))] == ["10.0.0.2"]
    assert store.release(("a", "eth0")) == []
    assert store.held() == {}


def test_a_network_nobody_has_used_has_nothing_to_release(store):
    assert store.release(("a", "eth0")) == []
    assert store.held() == {}
    assert store.keep([]) == []


def test_a_folder_that_is_not_there_is_made(tmp_path):
    assert reserve(Store(tmp_path / "var" / "cni", "net"), "a") == ["10.0.0.2"]
    assert stat.S_IMODE((tmp_path / "var/cni/net").stat().st_mode) == 0o700


def test_a_full_range_says_so(store):
    for number in range(5):
        reserve(store, f"c{number}")
    with pytest.raises(RangeFull, match=r"10\.0\.0\.1-10\.0\.0\.6"):
        reserve(store, "one-too-many")


def test_one_address_out_of_each_set_or_none_at_all(store):
    sets = ((Pool.of("10.0.9.0/24"),), (POOL,))
    for number in range(5):
        reserve(store, f"c{number}", SETS)
    with pytest.raises(RangeFull):
        reserve(store, "both", sets)
    assert ("both", "eth0") not in store.held().values()
    store.release(("c0", "eth0"))
    assert reserve(store, "both", sets) == ["10.0.9.3", "10.0.0.2"]


def test_a_reservation_left_by_host_local_is_respected(store, tmp_path):
    (tmp_path / "net").mkdir()
    (tmp_path / "net/10.0.0.2").write_text("other\r\neth0")
    (tmp_path / "net/last_reserved_ip.0").write_text("10.0.0.5")
    assert reserve(store, "a") == ["10.0.0.6"]
    assert reserve(store, "b") == ["10.0.0.3"]


@pytest.mark.parametrize("content", [b"", b"\r\n"])
def test_an_empty_file_of_somebody_who_died_while_writing_is_free(store, tmp_path, content):
    (tmp_path / "net").mkdir()
    (tmp_path / "net/10.0.0.2").write_bytes(content)
    assert reserve(store, "a") == ["10.0.0.2"]


def test_a_damaged_last_address_costs_the_order_only(store, tmp_path):
    reserve(store, "a")
    (tmp_path / "net/last_reserved_ip.0").write_text("garbage")
    assert reserve(store, "b") == ["10.0.0.3"]


def test_a_scratch_file_that_is_another_name_of_a_reservation_is_not_written_to(store, tmp_path):
    reserve(store, "a")
    (tmp_path / "net/.scratch").hardlink_to(tmp_path / "net/10.0.0.2")
    reserve(store, "b")
    assert store.held()[ip_address("10.0.0.2")] == ("a", "eth0")


def test_keep_lets_go_of_old_reservations_of_others_only(store, tmp_path):
    for name in "abc":
        reserve(store, name)
    now = (tmp_path / "net/10.0.0.4").stat().st_mtime
    assert store.keep([("a", "eth0")], older_than=now - 60) == []
    assert [str(address) for address in store.keep([("a", "eth0")])] == ["10.0.0.3", "10.0.0.4"]
    assert list(store.held().values()) == [("a", "eth0")]


def test_a_folder_that_cannot_be_used_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ReservationLost, match="file"):
        reserve(Store(tmp_path / "file", "net"), "a")


class StoreMachine(RuleBasedStateMachine):
    """A dict beside the folder: who holds which address."""

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.store, self.model = Store(self.folder.name, "net"), {}

    @rule(owner=some.sampled_from("abcdefg"))
    def reserve(self, owner):
        try:
            ((address, _),) = self.store.reserve((owner, "eth0"), SETS)
        except RangeFull:
            assert len(self.model) == 5
            return
        except AddressRefused:
            assert owner in self.model.values()
            return
        assert address not in self.model
        self.model[address] = owner

    @rule(owner=some.sampled_from("abcdefg"), last=some.integers(0, 8))
    def ask(self, owner, last):
        wish = ip_address(f"10.0.0.{last}")
        try:
            self.store.reserve((owner, "eth0"), SETS, [wish])
        except AddressRefused:
            assert wish in self.model or wish not in POOL or owner in self.model.values()
            return
        except RangeFull:
            assert (len(self.model), POOL.spans(wish)) == (5, False)
            return
        assert wish not in self.model
        self.model[wish] = owner

    @rule(owner=some.sampled_from("abcdefg"))
    def release(self, owner):
        released = self.store.release((owner, "eth0"))
        assert set(released) == {address for address, held in self.model.items() if held == owner}
        self.model = {address: held for address, held in self.model.items() if held != owner}

    @rule(owners=some.sets(some.sampled_from("abcdefg")))
    def keep(self, owners):
        self.store.keep([(owner, "eth0") for owner in owners])
        self.model = {address: held for address, held in self.model.items() if held in owners}

    @invariant()
    def same_holders(self):
        assert self.store.held() == {address: (owner, "eth0") for address, owner in self.model.items()}

    def teardown(self):
        self.folder.cleanup()


TestStore = StoreMachine.TestCase
TestStore.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)

CHURN = """
import sys
from pyk8s.network.ipam.store import Store
from pyk8s.network.ipam.values import Pool
folder, me, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
store, sets = Store(folder, "net"), ((Pool.of("10.0.0.0/26"),),)
held = {}
for number in range(rounds):
    owner = (f"{me}-{number}", "eth0")
    ((address, _),) = store.reserve(owner, sets)
    print("ADD", address, *owner, flush=True)
    held[owner] = address
    if len(held) > 8:
        gone = next(iter(held))
        print("DEL", held.pop(gone), *gone, flush=True)
        store.release(gone)
for owner, address in held.items():
    print("DEL", address, *owner, flush=True)
    store.release(owner)
"""


def churn(folder, number, rounds):
    words = [sys.executable, "-c", CHURN, str(folder), f"p{number}", str(rounds)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True)


def test_no_address_is_held_by_two_at_the_same_moment(tmp_path):
    """Readers and writers at once: every address is one file, and one file names one owner."""
    processes = [churn(tmp_path, number, 150) for number in range(3)]
    store = Store(tmp_path, "net")
    while any(process.poll() is None for process in processes):
        held = store.held()
        assert len(set(held.values())) == len(held)
    assert [process.communicate()[0] and process.returncode for process in processes] == [0, 0, 0]
    assert store.held() == {}


def test_an_address_is_let_go_of_when_the_order_cannot_be_written(tmp_path):
    store = Store(tmp_path, "net")
    (store.path / "last_reserved_ip.1").mkdir(parents=True)
    sets = ((Pool.of("10.0.0.0/29"),), (Pool.of("10.0.1.0/29"),))
    with pytest.raises(ReservationLost, match=r"last_reserved_ip\.1"):
        store.reserve(("c1", "eth0"), sets)
    assert store.held() == {}
