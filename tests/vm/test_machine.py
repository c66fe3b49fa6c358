"""Real machines: they boot, do what they are told, and have what this machine's kernel may lack."""

import asyncio
from dataclasses import replace

import pytest
import pytest_asyncio

from vm import accelerator
from vm.errors import MachineLost, TookTooLong
from vm.machine import booted
from vm.stage import Wish, cache, prepare

pytestmark = [pytest.mark.vm, pytest.mark.timeout(300), pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def one():
    """A machine."""
    async with booted(await prepare(Wish())) as (machine,):
        yield machine


async def test_a_command_is_run_with_its_input(one):
    done = await one.run("sh", "-c", "cat; hostname >&2; exit 5", given=b"hello")
    assert (done.code, done.output, done.errors) == (5, "hello", "node-1\n")


@pytest.mark.parametrize(
    "script",
    [
        "modprobe ip_vs && ipvsadm -ln",
        "ip link add d0 type dummy && ip link add link d0 name d0.5 type vlan id 5",
        "ip link add b0 type bridge vlan_filtering 1",
        "tc qdisc add dev lo root netem delay 1ms && tc qdisc del dev lo root",
        "nft add table ip t && nft delete table ip t",
        "modprobe sctp && modprobe vxlan",
        "grep -q memory /sys/fs/cgroup/cgroup.controllers && mkdir /sys/fs/cgroup/mine",
    ],
    ids=["ipvs", "dummy and vlan", "vlan_filtering", "netem", "nftables", "sctp and vxlan", "cgroup v2"],
)
async def test_the_kernel_has_it(one, script):
    done = await one.run("sh", "-c", script)
    assert done.code == 0, done.errors


async def test_our_programs_are_there_and_no_registry_is_needed(one):
    done = await one.run("sh", "-c", "pyk8s --help | head -n 1; ip route get 1.1.1.1 | head -n 1")
    assert done.output.splitlines() == ["Usage: pyk8s [OPTIONS] COMMAND [ARGS]...", done.output.splitlines()[1]]
    assert "192.168.77.1" in done.output


async def test_a_command_that_takes_too_long_is_killed_and_the_machine_goes_on(one):
    with pytest.raises(TookTooLong, match="node-1: the command did not end within 1 s"):
        await one.run("sleep", "600", seconds=1)
    done = await one.run("sh", "-c", "pgrep -x sleep || echo none")
    assert done.output == "none\n"


async def test_two_networks_side_by_side_do_not_meet(one):
    (machine,) = await prepare(Wish())
    other = replace(machine, number=2, lan=replace(machine.lan, group="239.255.255.254"))
    async with booted([other]) as (alien,):
        done = await alien.run("ping", "-c", "2", "-W", "1", "192.168.77.11")
        assert (done.code, "0 received" in done.output) == (1, True)


async def test_a_machine_that_is_switched_off_is_lost_to_those_who_wait():
    async with booted(await prepare(Wish())) as (machine,):
        waiting = asyncio.ensure_future(machine.run("sleep", "600", seconds=100))
        await machine.run("true")
        for lost in (machine.run("sh", "-c", "echo o > /proc/sysrq-trigger; sleep 600"), waiting, machine.run("true")):
            with pytest.raises(MachineLost, match="node-1"):
                await lost


async def test_a_machine_that_does_not_boot_shows_its_console(tmp_path):
    (machine,) = await prepare(Wish())
    (tmp_path / "initrd").write_bytes(b"none")
    with pytest.raises(MachineLost, match=r"(?s)node-1 ended; .*Unable to mount root fs"):
        async with booted([replace(machine, initrd=tmp_path / "initrd")], 60):
            pass


async def test_systemd_runs_where_it_is_wished():
    async with booted(await prepare(Wish(init="systemd"))) as (machine,):
        done = await machine.run("sh", "-c", "cat /proc/1/comm; systemctl is-system-running --wait", seconds=200)
        assert done.output.splitlines()[0] == "systemd"
        assert done.output.splitlines()[1] in ("running", "degraded")


async def test_what_is_chosen_boots():
    (machine,) = await prepare(Wish())
    chosen = await accelerator.choose(cache(), "auto", machine)
    async with booted([replace(machine, accelerator=chosen)]) as (running,):
        assert (await running.run("true")).code == 0
