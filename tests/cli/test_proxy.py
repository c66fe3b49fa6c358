"""The program `pyk8s-proxy`, as a process in a network namespace of its own, fed by files."""

import os
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest
import yaml

from pyk8s.kernel.iptables.run import Iptables
from tests.kernel.spaces import inside, spaces
from tests.kernel.waiting import eventually
from tests.proxy.services import at, service_body, slice_body

pytestmark = pytest.mark.kernel

PROGRAM = [sys.executable, "-c", "from pyk8s.cli.proxy import main; main()"]
HEAD = {"apiVersion": "kubeproxy.config.k8s.io/v1alpha1", "kind": "KubeProxyConfiguration"}


def said(netns, *options, code=0):
    done = subprocess.run(
        ["nsenter", f"--net={netns}", *PROGRAM, *options], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == code, done.stderr
    return done.stderr


class Running:
    """The program with a folder of objects and a configuration."""

    def __init__(self, netns, folder):
        self.netns, self.folder = netns, folder
        self.config, self.objects = folder / "config.yaml", folder / "objects"
        self.objects.mkdir()
        self.configure(mode="iptables")
        self.write("web", service_body(node_port=30080), slice_body("web", at("10.244.0.5"), at("10.244.1.6", "there")))

    def configure(self, **fields):
        made = self.folder / ".config"
        nothing = {"healthzBindAddress": "127.0.0.1:10256", "metricsBindAddress": "127.0.0.1:10249"}
        made.write_text(yaml.safe_dump(HEAD | nothing | {"clusterCIDR": "10.244.0.0/16"} | fields))
        made.rename(self.config)

    def write(self, name, *objects):
        made = self.objects / f".{name}"
        made.write_text(yaml.safe_dump_all(objects))
        made.rename(self.objects / f"{name}.yaml")

    @contextmanager
    def proxy(self, *more):
        options = [*more, "--config", str(self.config), "--objects", str(self.objects), "--hostname-override", "here"]
        with open(self.folder / "log", "a") as log:
            running = subprocess.Popen(["nsenter", f"--net={self.netns}", *PROGRAM, *options], stderr=log)
        try:
            yield running
        finally:
            running.kill()
            running.wait(30)

    def saved(self):
        return inside(self.netns, "iptables-nft-save")

    def log(self):
        return (self.folder / "log").read_text()


@pytest.fixture
def running(tmp_path):
    with spaces(1) as (netns,):
        inside(netns, "ip", "link", "set", "lo", "up")
        yield Running(netns, tmp_path)


def test_objects_are_files_and_the_mode_is_changed_in_the_file(running):
    with running.proxy() as proxy:
        eventually(lambda: "10.244.1.6:8080" in running.saved(), seconds=30)
        running.write("web", service_body(), slice_body("web", at("10.244.1.7", "there")))
        eventually(lambda: "10.244.1.7:8080" in running.saved())
        running.configure(mode="nftables")
        eventually(lambda: "KUBE-" not in running.saved())
        assert "10.244.1.7" in inside(running.netns, "nft", "list", "table", "ip", "kube-proxy")
        proxy.send_signal(signal.SIGTERM)
        assert proxy.wait(30) == 0
    # Who ends a proxy wants Services to go on: only --cleanup takes the rules away.
    assert "kube-proxy" in inside(running.netns, "nft", "list", "tables")
    said(running.netns, "--config", str(running.config), "--cleanup")
    assert "kube-proxy" not in inside(running.netns, "nft", "list", "tables")


def test_a_proxy_of_another_mode_takes_away_what_the_one_before_left(running):
    with running.proxy():
        eventually(lambda: "10.244.1.6:8080" in running.saved(), seconds=30)
    running.configure(mode="nftables")
    with running.proxy():
        eventually(lambda: "KUBE-" not in running.saved(), seconds=30)
        assert "kube-proxy" in inside(running.netns, "nft", "list", "tables")


def test_killed_in_the_middle_of_its_work_the_next_one_mends_everything(running):
    rules = Iptables("nft", netns=running.netns)
    for number in range(300):
        running.write(f"s{number}", service_body(f"s{number}", f"10.96.{number // 250 + 1}.{number % 250}"))
    with running.proxy():
        eventually(lambda: "10.244.1.6:8080" in running.saved(), seconds=30)
    for turn in range(4):
        with running.proxy() as proxy:
            for number in range(turn, 300, 4):
                endpoint = at(f"10.244.{turn + 2}.{number % 250}", "there")
                body = service_body(f"s{number}", f"10.96.{number // 250 + 1}.{number % 250}")
                running.write(f"s{number}", body, slice_body(f"s{number}", endpoint))
                if number == 150 + turn:
                    os.kill(proxy.pid, signal.SIGKILL)
    with running.proxy():
        eventually(lambda: running.saved().count("--to-destination") == 302, seconds=60)
        chains = rules.survey("nat").counts
        assert len([name for name in chains if name.startswith("KUBE-SVC-")]) == 301


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("mode: [", "config.yaml"),
        ("kind: Pod", "KubeProxyConfiguration is needed"),
        (yaml.safe_dump(HEAD | {"mode": "userspace"}), "mode is 'userspace'"),
        (yaml.safe_dump(HEAD), "no kubeconfig"),
    ],
)
def test_a_wrong_configuration_is_one_line_that_names_it(tmp_path, text, says):
    (tmp_path / "config.yaml").write_text(text)
    told = said("/proc/self/ns/net", "--config", str(tmp_path / "config.yaml"), code=1)
    assert says in told
    assert "Traceback" not in told


def test_where_node_ports_answer_is_an_option_before_the_configuration(running):
    options = ["--nodeport-addresses", "127.0.0.0/8,192.0.2.7/32", "--nodeport-addresses", "198.51.100.0/24"]
    running.configure(nodePortAddresses=["203.0.113.0/24"])
    with running.proxy(*options):
        eventually(lambda: "192.0.2.7/32" in running.saved(), seconds=30)
        assert "198.51.100.0/24" in running.saved()
        assert "203.0.113.0/24" not in running.saved()


def test_a_wrong_option_is_one_line_that_names_it():
    assert "--nodeport-addresses: 'everywhere'" in said(
        "/proc/self/ns/net", "--nodeport-addresses", "everywhere", "--objects", "/", code=1
    )
