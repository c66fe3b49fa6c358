"""The program killed in the middle of an ADD or a DEL, whatever it was doing: one DEL later nothing of it is left."""

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pyk8s.network.ipam.store import Store
from tests.kernel.spaces import inside, spaces

pytestmark = [pytest.mark.kernel, pytest.mark.slow]

ALONE = Path(__file__).parents[2] / "cni" / "alone.py"
ROUNDS, ATTACHMENTS = 5, 4
LONGEST = 0.45
"""Seconds after which one is killed at the latest: a whole call takes about as long on this machine."""


def conf(folder):
    """A network with everything that leaves something behind."""
    ranges = [[{"subnet": "10.9.0.0/24"}], [{"subnet": "fd09::/64"}]]
    return {
        "cniVersion": "1.0.0",
        "name": "net",
        "type": "pyk8s-cni",
        "bridge": "br0",
        "isDefaultGateway": True,
        "ipMasq": True,
        "macspoofchk": True,
        "ipam": {"type": "host-local", "dataDir": str(folder / "networks"), "ranges": ranges},
        "runtimeConfig": {
            "portMappings": [{"hostPort": 8080, "containerPort": 80, "protocol": "tcp"}],
            "bandwidth": {"ingressRate": 8000000, "ingressBurst": 800000, "egressRate": 8000000, "egressBurst": 800000},
        },
    }


class Program:
    """One run of the program on a host, which may be killed."""

    def __init__(self, host, pod, name, command, folder):
        environment = {
            "CNI_COMMAND": command,
            "CNI_CONTAINERID": name,
            "CNI_NETNS": pod,
            "CNI_IFNAME": "eth0",
            "CNI_PATH": "/nowhere",
            "PATH": os.environ["PATH"],
        }
        words = ["nsenter", f"--net={host}", sys.executable, "-I", str(ALONE), str(folder / "state")]
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
        self.process.stdin.write(json.dumps(conf(folder)).encode())
        self.process.stdin.close()

    def kill_after(self, seconds):
        """End it then, unless it has ended by itself."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
        return self.finish()

    def finish(self):
        """Its exit code and output."""
        output = self.process.stdout.read()
        self.process.stdout.close()
        return self.process.wait(60), output


def test_one_del_after_it_was_killed_nothing_is_left(tmp_path):
    chance = random.Random(20261124)
    with spaces(1 + ATTACHMENTS) as (host, *pods):
        ends = []
        for number in range(ROUNDS):
            begun = [
                Program(host, pod, f"c{number}-{which}", command, tmp_path)
                for command in ("ADD", "DEL")[: 1 + number % 2]
                for which, pod in enumerate(pods)
            ]
            start = time.monotonic()
            for program in begun:
                ends.append(program.kill_after(max(0.0, chance.random() * LONGEST - (time.monotonic() - start)))[0])
            for which, pod in enumerate(pods):
                done = Program(host, pod, f"c{number}-{which}", "DEL", tmp_path).finish()
                assert done == (0, b""), done
            nothing_left(host, pods, tmp_path)
        assert -9 in ends


def nothing_left(host, pods, folder):
    """Raise AssertionError for a link, rule, limit or lease of an attachment."""
    assert Store(folder / "networks", "net").held() == {}
    links = {each["ifname"] for each in json.loads(inside(host, "ip", "-j", "link"))}
    assert links <= {"lo", "br0"}
    for pod in pods:
        assert [each["ifname"] for each in json.loads(inside(pod, "ip", "-j", "link"))] == ["lo"]
    for program in ("iptables-save", "ip6tables-save"):
        saved = inside(host, program)
        assert "10.9.0" not in saved
        assert "fd09:" not in saved
        assert "PYK8S-HP-" not in saved
    assert "veth" not in inside(host, "nft", "list", "table", "bridge", "pyk8s-cni", check=False)
