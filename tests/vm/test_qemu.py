"""A machine's command line."""

import itertools
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vm.qemu import SITE, TREE, Disk, Lan, Machine

MACHINE = Machine(
    2,
    Path("/c/root.ext4"),
    Path("/c/vmlinuz"),
    Path("/c/initrd"),
    (Disk(Path("/c/site,1.ext4"), SITE), Disk(Path("/c/tree.ext4"), TREE)),
    Lan("239.0.1.2", 4000),
)


def option(words, name):
    """What follows `name`, each time."""
    return [after for word, after in itertools.pairwise(words) if word == name]


def test_it_dies_with_whoever_started_it():
    assert MACHINE.command(5)[:4] == ("setpriv", "--pdeathsig", "KILL", "qemu-system-x86_64")


def test_nobody_writes_to_the_image():
    for drive in option(MACHINE.command(5), "-drive"):
        assert "snapshot=on" in drive or "readonly=on" in drive


def test_disks_are_mounted_in_the_order_they_are_given():
    files = [drive.split("file=")[1].rsplit(".ext4", 1)[0] for drive in option(MACHINE.command(5), "-drive")]
    assert files == ["/c/root", "/c/site,,1", "/c/tree"]
    assert f"pyk8s.mount=vdb:{SITE} pyk8s.mount=vdc:{TREE}" in MACHINE.parameters()


def test_the_channel_is_a_descriptor_and_no_file():
    assert "socket,id=agent,fd=5" in option(MACHINE.command(5), "-chardev")


@pytest.mark.parametrize(
    ("accelerator", "words"),
    [("tcg", {"tcg,thread=multi,tb-size=256", "Nehalem"}), ("kvm", {"kvm", "host"})],
)
def test_emulation_unless_kvm_is_asked_for(accelerator, words):
    assert words <= set(replace(MACHINE, accelerator=accelerator).command(5))


def test_a_machine_without_a_network_has_no_card():
    words = replace(MACHINE, lan=None).command(5)
    assert "-netdev" not in words
    assert not any("virtio-net" in word for word in words)


def test_machines_of_a_network_differ_in_address_and_number():
    one, other = (replace(MACHINE, number=number) for number in (1, 2))
    assert "mac=52:54:00:77:00:01" in " ".join(one.command(5))
    assert "mac=52:54:00:77:00:02" in " ".join(other.command(5))
    assert ("pyk8s.number=1" in one.parameters(), one.name) == (True, "node-1")
    assert option(one.command(5), "-netdev") == ["socket,id=lan,mcast=239.0.1.2:4000,localaddr=127.0.0.1"]


@given(st.integers(1, 2**22), st.integers(1, 2**22))
def test_no_two_processes_have_the_same_group(one, other):
    assert (Lan.of(one, 1).group == Lan.of(other, 1).group) == (one == other)


@given(st.integers(1, 2**22))
def test_groups_are_for_private_use(pid):
    first, *rest = (int(part) for part in Lan.of(pid, 1).group.split("."))
    assert first == 239
    assert all(0 <= part <= 255 for part in rest)
