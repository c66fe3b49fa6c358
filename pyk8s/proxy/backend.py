"""What a mode of the proxy is to those that run it: a plan of rules, hands in the kernel, and both together.

`T` is a transaction of the mode, a value that is false when there is nothing to do; `S` is what a survey of the kernel
tells. A mode is a folder beside this module with a function `make(settings) -> Backend` in its `backend.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, Protocol, TypeAlias, TypeVar

from pyk8s.proxy.plan import Intent, Key

T = TypeVar("T")
S = TypeVar("S")
T_co = TypeVar("T_co", covariant=True)
T_contra = TypeVar("T_contra", contravariant=True)
S_co = TypeVar("S_co", covariant=True)
S_contra = TypeVar("S_contra", contravariant=True)

Chain: TypeAlias = tuple[str, str]
"""An iptables table and a chain in it: ("nat", "KUBE-SERVICES")."""


class Ruleset(Protocol[T_co, S_contra]):
    """The rules of all services of one family, as planned last. Pure but for what it remembers."""

    intents: dict[Key, tuple[Intent, ...]]

    def change(self, services: Mapping[Key, tuple[Intent, ...]]) -> T_co:
        """Let `services` mean what they say, () for one that is gone; what that takes in a kernel that has the rest."""
        ...

    def whole(self, seen: S_contra) -> T_co:
        """What makes the kernel that looks like `seen` have everything, and nothing stale of this mode."""
        ...

    def stands(self, seen: S_contra) -> bool:
        """Whether the kernel that looks like `seen` has what was planned."""
        ...

    def nothing(self, seen: S_contra, keep: frozenset[Chain] = frozenset()) -> T_co:
        """What takes every trace of this mode away from the kernel that looks like `seen`; but not the iptables chains
        in `keep`, nor jumps to them: they bear the rules of the mode that took over already."""
        ...


class Kernel(Protocol[T_contra, S_co]):
    """The hands of a mode, for one family and namespace. They block: sync calls them in a thread."""

    def run(self, transaction: T_contra) -> None:
        """Carry out `transaction`, whole or not at all as far as the kernel can. Raises KernelError."""
        ...

    def survey(self) -> S_co:
        """What the kernel has of this mode. Raises KernelError."""
        ...


@dataclass(slots=True)
class Backend(Generic[T, S]):
    """A mode at work for one address family: "iptables", "ipvs" or "nftables".

    `chains` are the iptables chains whose fixed names modes share (KUBE-SERVICES in nat): those that this one writes.
    `tend` does what time brings (ipvs: connections that have drained) and returns the seconds until it is wanted again,
    None when something must happen first; it blocks, too. `linger` is called before `nothing` on a node that lives on:
    what is connected through this mode then stays so, until `tend` has seen it end. `close` gives back what the hands
    hold; the backend is of no more use then.
    """

    mode: str
    family: int
    ruleset: Ruleset[T, S]
    kernel: Kernel[T, S]
    chains: frozenset[Chain] = frozenset()
    tend: Callable[[], float | None] | None = None
    linger: Callable[[], None] | None = None
    close: Callable[[], None] | None = None
