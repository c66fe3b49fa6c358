import errno

import iptc
import pytest

from pyk8s.kernel.errors import Refused, Unsupported
from pyk8s.kernel.iptables import run
from pyk8s.kernel.iptables.run import Iptables, default_backend, probe, program
from pyk8s.kernel.iptables.values import ACCEPT, Append, Destination, DestinationPort, Dnat, Protocol, Put, Rule
from pyk8s.kernel.netns.run import entered
from tests.kernel.spaces import inside

RULE = Rule((Protocol("tcp"), Destination("10.96.0.1/32"), DestinationPort("tcp", 443)), Dnat("10.0.0.1:6443"), "api")


def test_a_program_that_is_missing_is_named_with_its_package():
    with pytest.raises(Unsupported, match=r"iptables-nothing-restore.*install the package iptables"):
        program("iptables-nothing-restore")


@pytest.mark.kernel
@pytest.mark.parametrize("backend", ["nft", "legacy"])
def test_the_backend_that_holds_rules_is_kept_to(netns, backend):
    Iptables(backend, netns=netns).run((Append("nat", "OUTPUT", Rule((), ACCEPT)),))
    other = "legacy" if backend == "nft" else "nft"
    assert probe(netns, prefer=other) == backend


@pytest.mark.kernel
@pytest.mark.parametrize("backend", ["nft", "legacy"])
def test_where_nobody_has_rules_the_preferred_backend_is_used(netns, backend):
    assert probe(netns, prefer=backend) == backend


@pytest.mark.kernel
def test_probing_makes_no_legacy_tables(netns):
    if default_backend() == "legacy":
        pytest.skip("the legacy tables are this machine's default")
    assert probe(netns) == "nft"
    assert inside(netns, "cat", "/proc/net/ip_tables_names").strip() == ""


@pytest.mark.kernel
def test_a_refusal_names_the_line(netns):
    broken = Put("nat", "A", (Rule((Destination("not-an-address-at-all.invalid/32"),), ACCEPT),))
    with pytest.raises(Refused, match=r"-A A -d not-an-address"):
        Iptables("nft", netns=netns).run((broken,))


@pytest.mark.kernel
def test_legacy_rules_are_those_that_python_iptables_sees(netns):
    Iptables("legacy", netns=netns).run((Put("nat", "A", (RULE,)),))
    with entered(netns):
        table = iptc.Table(iptc.Table.NAT, autocommit=False)
        table.refresh()
        (seen,) = iptc.easy.dump_chain("nat", "A")
    assert seen["dst"] == "10.96.0.1/32"
    assert seen["target"] == {"DNAT": {"to-destination": "10.0.0.1:6443"}}
    assert seen["tcp"] == {"dport": "443"}


def test_a_program_that_hangs_is_given_up(monkeypatch):
    monkeypatch.setattr(run, "RUN_SECONDS", 0.05)
    with pytest.raises(Refused, match="no answer within"):
        run._output(["sleep", "5"], b"")


def test_a_program_that_cannot_be_started_is_refused(tmp_path):
    with pytest.raises(Refused, match="No such file"):
        run._output([str(tmp_path / "nobody")], b"")


def test_a_machine_that_can_start_nothing_now_is_not_told_to_have_no_iptables(monkeypatch):
    def start(*_, **__):
        raise OSError(errno.EAGAIN, "no room for another process")

    monkeypatch.setattr(run, "program", lambda name: name)
    monkeypatch.setattr(run.subprocess, "run", start)
    with pytest.raises(Refused) as raised:
        probe(prefer="nft")
    assert raised.value.number == errno.EAGAIN
