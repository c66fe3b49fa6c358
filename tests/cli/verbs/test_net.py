"""`pyk8s net`: what is typed, what is printed, and what is said when something is not there."""

import json
import os
import tempfile
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from pyk8s.cli.main import run
from pyk8s.cli.printers.net import path_lines, rules_lines
from pyk8s.cli.verbs.net import net
from pyk8s.cluster import folder
from pyk8s.cluster.net import actions, change
from pyk8s.cluster.net.path import Branch, Step
from pyk8s.cluster.net.path import Path as Way
from pyk8s.cluster.net.rules import Rules
from pyk8s.kernel.shown import Row
from pyk8s.proxy.packet import Fate, Packet
from pyk8s.wire import kubeconfig
from tests.cli.verbs.rig import Rig
from tests.cluster.test_settings import DEMO

STEPS = (
    Step("node-1", "service", "shop/web: cluster IP 10.96.0.20:80; endpoint 10.244.0.5:8080, one of 1"),
    Step("node-1", "iptables", "nat: -A KUBE-SEP-X -j DNAT --to-destination 10.244.0.5:8080", "there", 4, decides=True),
    Step("node-1", "route", "10.244.0.0/24 dev cni0: pods of this node", "10.244.0.5/32 dev cni0"),
)
WAY = Way(
    "pod/client",
    "service/web:80",
    Packet("10.244.0.7", "10.96.0.20", 80),
    (Branch(Fate("goes", "10.244.0.5:8080"), STEPS),),
)
ROWS = (
    Row("same", "nat KUBE-SERVICES", ":KUBE-SERVICES", ":KUBE-SERVICES"),
    Row("same", "nat KUBE-SERVICES", "-A KUBE-SERVICES -j A", "-A KUBE-SERVICES -j A", 7),
    Row("missing", "nat KUBE-SVC", planned="-A KUBE-SVC -j B"),
    Row("surplus", "nat KUBE-SVC", found="-A KUBE-SVC -j C", packets=1),
    Row("changed", "routes", "10.1.0.0/24 via a", "10.1.0.0/24 via b"),
)
RULES = Rules("node-1", "iptables", "iptables", ROWS)


def test_a_path_shows_its_steps_what_kernels_count_and_what_decides():
    assert path_lines(WAY) == (
        "pod/client (10.244.0.7) to service/web:80 (10.96.0.20:80/tcp)\n"
        "\n"
        "way 1 of 1: goes to 10.244.0.5:8080\n"
        "  node-1  service   shop/web: cluster IP 10.96.0.20:80; endpoint 10.244.0.5:8080, one of 1\n"
        "> node-1  iptables  nat: -A KUBE-SEP-X -j DNAT --to-destination 10.244.0.5:8080   [kernel: there, 4 packets]\n"
        "  node-1  route     10.244.0.0/24 dev cni0: pods of this node   [kernel: 10.244.0.5/32 dev cni0]\n"
        "decides: node-1: nat: -A KUBE-SEP-X -j DNAT --to-destination 10.244.0.5:8080\n"
    )


def test_a_probe_shows_counters_before_and_after_and_the_way_taken():
    steps = (STEPS[0], replace(STEPS[1], after=5), STEPS[2])
    said = path_lines(replace(WAY, branches=(Branch(Fate("goes", "10.244.0.5:8080", True), steps),), probe="answered"))
    assert "[kernel: there, 4 -> 5 packets]" in said
    assert "goes to 10.244.0.5:8080, with the node as its source\n" in said
    assert "a real packet was sent: answered\nby its counters it went way 1: nat: -A KUBE-SEP-X" in said


@pytest.mark.parametrize(
    ("fate", "words"),
    [("passes", "goes on as it is"), ("rejected", "refused"), ("dropped", "dropped without a word")],
)
def test_other_fates_in_words(fate, words):
    assert f"way 1 of 1: {words}\n" in path_lines(replace(WAY, branches=(Branch(Fate(fate), STEPS),)))


def test_a_surprise_stands_out():
    assert "\nNOT AS PLANNED: node-1: oh\n" in path_lines(replace(WAY, surprises=("node-1: oh",)))


def test_rules_are_shown_by_place_with_marks():
    assert rules_lines(RULES) == (
        "nat KUBE-SERVICES\n"
        "  = :KUBE-SERVICES\n"
        "  = -A KUBE-SERVICES -j A   [7 packets]\n"
        "nat KUBE-SVC\n"
        "  - -A KUBE-SVC -j B\n"
        "  + -A KUBE-SVC -j C   [1 packets]\n"
        "routes\n"
        "  ~ planned: 10.1.0.0/24 via a\n"
        "    found:   10.1.0.0/24 via b\n"
        "node-1, mode iptables: 3 of 5 lines differ\n"
    )
    assert rules_lines(RULES, only_differences=True).startswith("nat KUBE-SVC\n  - -A KUBE-SVC -j B\n")
    assert rules_lines(Rules("n", "ipvs", "ipvs", ROWS[:2])).endswith("n, mode ipvs: all 2 lines are as planned\n")
    assert rules_lines(Rules("n", "ipvs", "iptables", ())) == "n is in the mode iptables; of ipvs there is: nothing\n"
    assert json.loads(json.dumps(RULES.document()))["differences"][1] == {
        "state": "surplus", "place": "nat KUBE-SVC", "planned": "", "found": "-A KUBE-SVC -j C", "packets": 1,
    }  # fmt: skip


@pytest.fixture
def home(monkeypatch):
    with tempfile.TemporaryDirectory(prefix="pk") as made:
        monkeypatch.setenv("PYK8S_HOME", made)
        monkeypatch.setenv("HOME", made)
        monkeypatch.delenv("KUBECONFIG", raising=False)
        yield Path(made)


@pytest.fixture
def demo(home):
    """A cluster called demo, as files only; nothing of it runs."""
    made = folder.of("demo")
    made.path.mkdir(parents=True)
    made.write(msgspec.structs.replace(DEMO, complete=True))
    write(made.kubeconfig, "https://127.0.0.1:1")
    return made


def write(path, server):
    kubeconfig.write(path, kubeconfig.Connection(server=server, ca=b"ca", cert=b"c", key=b"k"), name="pyk8s-demo")


@pytest.fixture
def asked(monkeypatch):
    """What was asked of the cluster's room, and what it has found."""
    calls = []

    def answer(name, value=None):
        async def call(client, folder, *words, say=None, **flags):
            calls.append((name, folder.name, *words, flags))
            return value

        return call

    monkeypatch.setattr(actions, "find_path", answer("path", WAY))
    monkeypatch.setattr(actions, "look_at_rules", answer("rules", RULES))
    monkeypatch.setattr(change, "change_mode", answer("mode"))
    monkeypatch.setattr(change, "change_backend", answer("backend"))
    monkeypatch.setattr("pyk8s.cli.session.Session.run", _run)
    return calls


def _run(session, work):
    import asyncio

    return asyncio.run(work(None))


PATH = {"namespace": "default", "protocol": "tcp", "send": False}


@pytest.mark.parametrize(
    ("words", "call", "code"),
    [
        ("net path pod/client svc/web", ("path", "demo", "pod/client", "svc/web", PATH), 0),
        (
            "-n shop net path node/a 10.1.2.3:80 --protocol udp --probe -o json",
            ("path", "demo", "node/a", "10.1.2.3:80", {"namespace": "shop", "protocol": "udp", "send": True}),
            0,
        ),
        ("net rules node-1", ("rules", "demo", "node-1", "", {}), 1),
        ("net rules node-1 --mode ipvs -o json", ("rules", "demo", "node-1", "ipvs", {}), 1),
        ("net mode nftables", ("mode", "demo", "nftables", {"seconds": 60.0}), 0),
        ("net backend vxlan --timeout 5s", ("backend", "demo", "vxlan", {"seconds": 5.0}), 0),
    ],
)
def test_what_is_typed_is_what_is_asked_and_differences_are_an_exit_code(demo, asked, words, call, code):
    assert run(words.split()) == code
    assert asked == [call]


def test_json_is_json(demo, asked, capsys):
    assert run(["net", "path", "pod/client", "svc/web", "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["ways"][0]["decides"]["at"] == "iptables"


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("net mode ebpf", "ebpf"),
        ("net backend bgp", "bgp"),
        ("net mode ipvs --timeout soon", "--timeout 'soon' must be a duration"),
        ("net path pod/a", "TO[:PORT]"),
        ("net path pod/a svc/b --protocol icmp", "icmp"),
        ("net rules", "NODE"),
        ("net rules a --mode x", "x"),
    ],
)
def test_what_is_typed_wrongly_is_named(demo, capsys, words, why):
    assert run(words.split()) == 2
    assert why in capsys.readouterr().err


@pytest.mark.parametrize(("words", "code", "why"), [
    ("net path web svc/web", 2, "neither an address nor pod/NAME"),
    ("net path svc/web pod/web", 2, "cannot send"),
    ("net path pod/web deploy/web", 2, "is nobody"),
])  # fmt: skip
def test_ends_that_cannot_be_are_named_before_anything_is_asked(demo, monkeypatch, capsys, words, code, why):
    monkeypatch.setattr("pyk8s.cli.session.Session.run", _run)
    assert run(words.split()) == code
    assert why in capsys.readouterr().err


def test_without_a_cluster_it_says_how_to_make_one(home, capsys):
    assert run(["net", "rules", "node-1"]) == 1
    assert "start one with 'pyk8s cluster up'" in capsys.readouterr().err


def test_a_cluster_on_another_machine_is_said_to_be_so(demo, home, capsys):
    write(home / "other", "https://192.0.2.7:6443")
    assert run(["--kubeconfig", str(home / "other"), "net", "rules", "node-1"]) == 1
    assert "the cluster at https://192.0.2.7:6443 does not run on this machine" in capsys.readouterr().err


def test_who_is_not_root_sees_nothing(demo, monkeypatch, capsys):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert run(["net", "path", "pod/a", "svc/b"]) == 1
    assert "pyk8s net path needs root: it enters the network namespaces of nodes" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["net"], ["net", "path"], ["net", "rules"], ["net", "mode"], ["net", "backend"]])
def test_help_has_examples(words, capsys):
    assert run([*words, "--help"]) == 0
    said = capsys.readouterr().out
    assert "Examples:" in said
    assert f"pyk8s {words[-1]}" in said or f"pyk8s net {words[-1]}" in said


def test_an_object_that_is_not_there_is_the_apis_own_word(demo, monkeypatch):
    from pyk8s.cli import clusters

    monkeypatch.setattr(clusters, "of_connection", lambda session: demo)
    result = Rig().run(net, "path", "pod/nobody", "svc/web")
    assert "nobody" in str(result.exception)
    assert result.exit_code
