"""A virtual machine as a value, and the command line that starts it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

SITE, TREE = "/opt/pyk8s/site", "/opt/pyk8s/tree"
"""Where the disks carried in lie in every machine."""

PORT = "pyk8s.agent"


@dataclass(frozen=True, slots=True)
class Lan:
    """A private network of machines on one host: a multicast group of loopback, no root and no bridge needed."""

    group: str
    port: int

    @classmethod
    def of(cls, pid: int, port: int) -> Lan:
        """A group that no other process has: its address is made of the process number, below 2^22."""
        return cls(f"239.{pid >> 16 & 255}.{pid >> 8 & 255}.{pid & 255}", port)


@dataclass(frozen=True, slots=True)
class Disk:
    """A file system image carried in, mounted at `at`; nobody writes to it."""

    image: Path
    at: str


@dataclass(frozen=True, slots=True)
class Machine:
    """One virtual machine. Its root disk is a snapshot: what it writes is gone with it."""

    number: int
    root: Path
    kernel: Path
    initrd: Path
    disks: tuple[Disk, ...] = ()
    lan: Lan | None = None
    megabytes: int = 1024
    cpus: int = 1
    accelerator: str = "tcg"
    init: str = "fast"
    path: tuple[str, ...] = field(default=(f"{TREE}/lib", SITE))

    @property
    def name(self) -> str:
        """Its host name."""
        return f"node-{self.number}"

    def command(self, channel: int) -> tuple[str, ...]:
        """The words that start it. `channel`: the descriptor of a connected socket, which becomes the agent's port.

        The console comes out of standard output. It dies with the thread that started it, however that ends.
        """
        fast = self.accelerator == "kvm"
        return (
            *("setpriv", "--pdeathsig", "KILL"),
            *("qemu-system-x86_64", "-name", self.name, "-nodefaults", "-no-user-config", "-display", "none"),
            *("-machine", "q35", "-accel", "kvm" if fast else "tcg,thread=multi,tb-size=256"),
            # The oldest processor that has what numpy's wheel asks for (x86-64-v2).
            *("-cpu", "host" if fast else "Nehalem", "-smp", str(self.cpus), "-m", str(self.megabytes)),
            *("-no-reboot", "-kernel", str(self.kernel), "-initrd", str(self.initrd), "-append", self.parameters()),
            *("-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console"),
            *("-device", "virtio-serial-pci", "-chardev", f"socket,id=agent,fd={channel}"),
            *("-device", f"virtserialport,chardev=agent,name={PORT}", "-device", "virtio-rng-pci"),
            *self._drives(),
            *self._network(),
        )

    def parameters(self) -> str:
        """The kernel's command line."""
        mounts = (f"pyk8s.mount=vd{'bcdefgh'[n]}:{disk.at}" for n, disk in enumerate(self.disks))
        words = (
            "console=ttyS0",
            "net.ifnames=0",
            "mitigations=off",
            "quiet",
            "panic=-1",
            f"pyk8s.number={self.number}",
        )
        return " ".join((*words, f"pyk8s.init={self.init}", f"pyk8s.path={':'.join(self.path)}", *mounts))

    def _drives(self) -> tuple[str, ...]:
        words = [*_drive("vda", self.root, "snapshot=on,cache=unsafe")]
        for number, disk in enumerate(self.disks):
            words += _drive(f"vd{'bcdefgh'[number]}", disk.image, "readonly=on")
        return tuple(words)

    def _network(self) -> tuple[str, ...]:
        if self.lan is None:
            return ()
        lan = f"socket,id=lan,mcast={self.lan.group}:{self.lan.port},localaddr=127.0.0.1"
        return ("-netdev", lan, "-device", f"virtio-net-pci,netdev=lan,mac=52:54:00:77:00:{self.number:02x},romfile=")


def _drive(name: str, image: Path, options: str) -> tuple[str, ...]:
    file = str(image).replace(",", ",,")
    return ("-drive", f"if=none,id={name},format=raw,file={file},{options}", "-device", f"virtio-blk-pci,drive={name}")
