import threading
from pathlib import Path

import pytest

from pyk8s.kernel.errors import Absent
from pyk8s.kernel.netns.run import entered, is_loopback_up, set_loopback, set_sysctl
from tests.kernel.spaces import inside

pytestmark = pytest.mark.kernel


def here():
    return Path("/proc/thread-self/ns/net").stat().st_ino


def test_inside_is_that_namespace_and_afterwards_the_old_one(netns):
    before = here()
    with entered(netns):
        assert here() == Path(netns).stat().st_ino
    assert here() == before


def test_an_exception_inside_leads_out_again(netns):
    before = here()
    with pytest.raises(ZeroDivisionError), entered(netns):
        _ = 1 / 0
    assert here() == before


def test_other_threads_stay_where_they_are(netns):
    before, found = here(), []
    asked, answered = threading.Event(), threading.Event()

    def tell():
        asked.wait(10)
        found.append(here())
        answered.set()

    thread = threading.Thread(target=tell)
    thread.start()
    with entered(netns):
        asked.set()
        assert answered.wait(10)
    thread.join()
    assert found == [before]


def test_entering_a_namespace_that_is_not_there_is_absent():
    with pytest.raises(Absent), entered("/run/netns/pyk8s-no-such-namespace"):
        pass


def test_a_new_namespace_has_its_loopback_up_and_it_can_be_switched(netns):
    assert is_loopback_up(netns)
    set_loopback(netns, up=False)
    assert not is_loopback_up(netns)
    set_loopback(netns, up=True)
    assert "UP" in inside(netns, "ip", "-br", "link", "show", "lo")


def test_a_sysctl_is_set_in_its_namespace_only(netns):
    outside = Path("/proc/sys/net/ipv4/conf/all/forwarding").read_text()
    set_sysctl("net/ipv4/conf/all/forwarding", "1", netns)
    assert inside(netns, "cat", "/proc/sys/net/ipv4/conf/all/forwarding").strip() == "1"
    assert Path("/proc/sys/net/ipv4/conf/all/forwarding").read_text() == outside


def test_a_sysctl_that_is_not_there_is_absent(netns):
    with pytest.raises(Absent):
        set_sysctl("net/ipv4/no_such_setting", "1", netns)
