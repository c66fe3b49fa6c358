"""`scripts/vm`: build the image, carry the tree in, run commands and tests on a Debian kernel."""

from __future__ import annotations

import asyncio
import functools
import os
import signal
import sys
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import click

from vm import stage
from vm.errors import MachineLost, TookTooLong, Unable
from vm.image import default_recipe, get_image
from vm.machine import Running, booted
from vm.qemu import TREE
from vm.selection import LISTED, flow_tests
from vm.testing import share

GRACE = 120.0
"""Seconds for what comes before and after the work that `--seconds` bounds: a build, the boot, the report."""

UNABLE = 3
"""The exit code when this machine cannot run virtual machines."""


def sized(machines: int) -> Callable[..., Any]:
    """The options of a command that starts machines: it gets a `wish`."""
    options = (
        click.option("--vms", "machines", default=machines, show_default=True, type=click.IntRange(1, 9)),
        click.option("--memory", "megabytes", default=1024, show_default=True, help="MiB of each."),
        click.option("--cpus", default=1, show_default=True, help="Processors of each."),
        click.option("--accel", "accelerator", type=click.Choice(["tcg", "auto", "kvm"]), default="tcg"),
        click.option("--init", type=click.Choice(["fast", "systemd"]), default="fast", show_default=True),
        click.option("--seconds", default=1200.0, show_default=True, help="Everything ends after so long."),
    )

    def decorate(work: Callable[..., Coroutine[Any, Any, int]]) -> Callable[..., None]:
        @functools.wraps(work)
        def command(machines: int, megabytes: int, cpus: int, accelerator: str, init: str, **rest: Any) -> None:
            finish(work(stage.Wish(machines, megabytes, cpus, accelerator, init), **rest), rest["seconds"])

        return functools.reduce(lambda made, option: option(made), options, command)

    return decorate


def finish(work: Coroutine[Any, Any, int], seconds: float) -> None:
    """Run to the end, in bounded time; an interrupt takes the machines along."""

    async def main() -> int:
        task = asyncio.ensure_future(work)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        return await asyncio.wait_for(task, seconds + GRACE)

    try:
        sys.exit(asyncio.run(main()))
    except Unable as why:
        print(f"error: no virtual machines here: {why}", file=sys.stderr)
        sys.exit(UNABLE)
    except (MachineLost, TookTooLong) as why:
        print(f"error: {why}", file=sys.stderr)
        sys.exit(1)
    except TimeoutError:
        print(f"error: not done within {seconds:.0f} s (--seconds)", file=sys.stderr)
        sys.exit(124)
    except asyncio.CancelledError:
        print("error: interrupted: the machines are gone", file=sys.stderr)
        sys.exit(130)


@click.group(help=__doc__)
def main() -> None:
    """The commands below."""


@main.command()
@click.option("--vms", "machines", default=1, show_default=True, help="Fail unless there is room for so many.")
def image(machines: int) -> None:
    """Build the Debian image, if it is not in the cache, and print where it is."""

    async def work() -> int:
        stage.check(stage.Wish(machines))
        timed("image", lambda: get_image(stage.cache(), default_recipe()).path)
        return 0

    finish(work(), 600)


@main.command()
def wheels() -> None:
    """Pack our wheel, the tests and the locked packages, if they are not in the cache, and print where they are."""

    async def work() -> int:
        for disk in timed("wheels", stage.disks):
            print(disk.image)
        return 0

    finish(work(), 600)


def timed(what: str, make: Callable[[], Any]) -> Any:
    """What `make` makes, and how long that took."""
    begun = time.monotonic()
    made = make()
    print(f"{what}: {made if isinstance(made, Path) else ''} {time.monotonic() - begun:.1f} s")
    return made


@main.command(context_settings={"ignore_unknown_options": True})
@sized(machines=1)
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
async def run(wish: stage.Wish, command: tuple[str, ...], seconds: float) -> int:
    """Run a command in each machine, print what it says, and exit with its code (the worst, of several)."""
    async with booted(await stage.prepare(wish)) as machines:
        codes = await asyncio.gather(*(follow(machine, command, seconds) for machine in machines))
    return max(codes)


async def follow(machine: Running, command: tuple[str, ...], seconds: float) -> int:
    """Run a command and pass on what it says."""
    started = machine.spawn(command, _pass_on, cwd=TREE)
    started.end_input()
    return await started.wait(seconds)


def _pass_on(stream: int, data: bytes) -> None:
    os.write(stream, data)


@main.command(context_settings={"ignore_unknown_options": True})
@sized(machines=3)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
async def test(wish: stage.Wish, arguments: tuple[str, ...], seconds: float) -> int:
    """Run the kernel tests, shared among the machines; ARGUMENTS are pytest's. Prints `N passed, M failed` last."""
    async with booted(await stage.prepare(wish)) as machines:
        return await share(machines, arguments or LISTED, seconds)


@main.command()
@sized(machines=1)
@click.option("--mode", required=True, type=click.Choice(["iptables", "ipvs", "nftables"]))
async def flow(wish: stage.Wish, mode: str, seconds: float) -> int:
    """Run the table of packet flows through a proxy mode; prints `N passed, M failed` last."""
    async with booted(await stage.prepare(wish)) as machines:
        return await share(machines, flow_tests(mode), seconds)


if __name__ == "__main__":
    main(prog_name="scripts/vm")
