"""The hands themselves: what they say when this machine cannot, and what a process that dies leaves."""

import random
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from pyk8s.kernel.errors import Absent, Exists, Refused, Unsupported
from pyk8s.kernel.netns.run import entered
from pyk8s.kernel.nftables import library, run
from pyk8s.kernel.nftables.run import Nftables
from pyk8s.kernel.nftables.values import ACCEPT, Add, Chain, Element, Hook, Jump, Look, Map, Rule, Set, Table
from tests.kernel.spaces import inside

pytestmark = pytest.mark.kernel


@pytest.fixture
def nftables(netns):
    made = Nftables("kube-proxy", "ip", netns)
    yield made
    made.close()


@pytest.mark.parametrize("family", ["ip", "ip6"])
def test_this_kernel_can_do_what_is_asked_of_it_and_asking_leaves_nothing(netns, family):
    made = Nftables("kube-proxy", family, netns)
    made.probe()
    assert inside(netns, "nft", "list", "ruleset") == ""
    made.close()


def test_a_feature_that_is_missing_is_named_and_no_other(nftables, monkeypatch):
    monkeypatch.setitem(run.FEATURES, "flying (nft_wings)", "add rule {0} c fly")
    with pytest.raises(Unsupported, match=r"lacks flying \(nft_wings\): .*fly") as raised:
        nftables.probe()
    assert "nft_masq" not in str(raised.value)


def test_an_nft_that_is_too_old_is_told_with_what_to_do(nftables, monkeypatch):
    monkeypatch.setattr(run, "OLDEST", (99, 1))
    with pytest.raises(Unsupported, match=r"nftables 1\.\S+ is too old: install the package nftables in version 99\.1"):
        nftables.probe()


def test_a_kernel_without_tables_is_told_so(nftables, monkeypatch):
    monkeypatch.setattr(run, "_GROUND", ("add table no-family-has-this-name x",))
    with pytest.raises(Unsupported, match="cannot do nftables at all: load the module nf_tables"):
        nftables.probe()


def test_a_missing_library_is_told_with_what_to_install(monkeypatch):
    monkeypatch.setattr(library, "NAME", "libnftables.so.0")
    with pytest.raises(Unsupported, match="install the package nftables"):
        Nftables("kube-proxy")


def test_errors_say_what_the_kernel_said(nftables):
    nftables.run((Add(Table()), Add(Set("a", ("daddr",)))))
    with pytest.raises(Absent, match="No such file"):
        nftables.run((Add(Rule("a", (), Jump("b"))),))
    with pytest.raises(Exists):
        nftables.run((Add(Map("a", ("daddr",))),))
    with pytest.raises(Refused, match="nonsense"):
        nftables.run((Add(Element("a", ("nonsense",))),))


def test_another_familys_table_of_the_same_name_is_another_table(netns, nftables):
    other = Nftables("kube-proxy", "ip6", netns)
    other.run((Add(Table()), Add(Chain("a"))))
    assert not nftables.survey().exists
    nftables.run((Add(Table()), Add(Chain("b"))))
    assert (list(nftables.survey().chains), list(other.survey().chains)) == (["b"], ["a"])
    other.close()


def test_elements_count_the_packets_that_met_them(netns, nftables):
    base = Chain("base", Hook("filter", "output", 0))
    ports = Map("ports", ("l4proto", "dport"), counted=True)
    held = [Element("ports", ("udp", number), ACCEPT, "a comment") for number in (7001, 7002)]
    nftables.run((Add(Table()), *(Add(each) for each in (ports, base, *held))))
    nftables.run((Add(Rule("base", (), Look(("l4proto", "dport"), "ports"))),))
    with entered(netns), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for _ in range(3):
            sender.sendto(b"x", ("127.0.0.1", 7002))
    assert nftables.count("ports") == {("udp", 7001): 0, ("udp", 7002): 3}
    assert nftables.observe([ports]).elements["ports"][("udp", 7002)] == held[1]


def test_what_nft_wrote_by_hand_is_surveyed_and_observed_as_foreign(netns, nftables):
    nftables.run((Add(Table()), Add(Chain("a"))))
    inside(netns, "nft", "add set ip kube-proxy s { type ifname ; }")
    inside(netns, "nft", "add rule ip kube-proxy a tcp flags syn counter accept")
    assert nftables.survey().chains == {"a": (None, 1)}
    (rule,) = nftables.observe().rules["a"]
    assert "flags" in rule.matches[0].text


def test_a_survey_that_meets_changes_begins_again(netns, nftables):
    nftables.run((Add(Table()), Add(Set("s", ("daddr",)))))
    busy = 'for i in $(seq 60); do nft add element ip kube-proxy s "{ 10.0.0.$i }"; done'
    with entered(netns):
        other = subprocess.Popen(["/bin/sh", "-c", busy])
    counts = []
    while other.poll() is None:
        counts.append(nftables.survey().sets["s"][1])
    assert other.returncode == 0
    assert [*sorted(counts), 60] == [*counts, nftables.survey().sets["s"][1]]


WRITER = """
import sys
from pyk8s.kernel.nftables.run import Nftables
from pyk8s.kernel.nftables.values import *
numbers = Map("numbers", ("daddr", "dport"), "place")
table = Nftables("kube-proxy")
table.run((Add(Table()), Add(numbers)))
print("ready", flush=True)
for turn in range(1, 100000):
    each = [Element("numbers", (f"10.0.{n // 250}.{n % 250}", 0), ("10.1.0.1", turn % 60000 + 1)) for n in range(2000)]
    table.run((Flush(numbers), *(Add(one) for one in each)))
"""


def test_a_writer_that_is_killed_leaves_a_whole_transaction_or_none(netns, nftables):
    chance = random.Random(1)
    for _ in range(6):
        with entered(netns):
            writer = subprocess.Popen(
                [sys.executable, "-c", WRITER], stdout=subprocess.PIPE, cwd=Path(__file__).parents[3]
            )
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"ready\n"
        with pytest.raises(subprocess.TimeoutExpired):
            writer.wait(chance.uniform(0.02, 0.3))
        writer.send_signal(signal.SIGKILL)
        writer.wait(10)
        writer.stdout.close()
        elements = nftables.observe().elements["numbers"]
        assert len(elements) in (0, 2000)
        assert len({each.data for each in elements.values()}) <= 1
