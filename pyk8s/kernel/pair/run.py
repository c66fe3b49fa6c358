"""Reach the far ends of pairs: their namespaces are found by the numbers that the kernel gives them here."""

from __future__ import annotations

import os
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from pyk8s.kernel.errors import KernelError
from pyk8s.kernel.netlink import Netlink, translated
from pyk8s.kernel.netns.values import FOLDER

_NONE = 0xFFFFFFFF
"""The number of a namespace that no link here leads to."""


class Pairs:
    """The pairs of this namespace, through one `Netlink`, in that one's thread; `folder` holds a file a namespace."""

    def __init__(self, netlink: Netlink, folder: str | Path = FOLDER) -> None:
        self._netlink = netlink
        self._folder = Path(folder)

    def fit(self, names: Collection[str], mtu: int) -> frozenset[str]:
        """Give both ends of the pairs `names` the `mtu` in bytes; which of them have it now.

        A pair that is gone, or whose far end is in a namespace without a file in the folder, stays as it is.
        """
        ends = self._far_ends(names)
        places = self._places() if ends else {}
        fitted = set()
        for name, (space, index) in ends.items():
            if space in places:
                with suppress(KernelError):  # its pod went meanwhile
                    self._fit_one(name, places[space], index, mtu)
                    fitted.add(name)
        return frozenset(fitted)

    def _fit_one(self, name: str, place: str, index: int, mtu: int) -> None:
        with self._netlink.within(place) as inside, translated(f"the far end of {name}"):
            inside.link("set", index=index, mtu=mtu)
        with self._netlink.within() as route, translated(name):
            route.link("set", ifname=name, mtu=mtu)

    def _far_ends(self, names: Collection[str]) -> dict[str, tuple[int, int]]:
        """The number of the namespace, and of the link in it, that each pair leads to."""
        with self._netlink.within() as route, translated("list links"):
            messages = list(route.get_links())
        found = {}
        for each in messages:
            space, index = each.get("IFLA_LINK_NETNSID"), each.get("IFLA_LINK")
            if each.get("IFLA_IFNAME") in names and space is not None and index:
                found[each.get("IFLA_IFNAME")] = (space, index)
        return found

    def _places(self) -> dict[int, str]:
        """The paths of the namespaces that links here lead to, by number."""
        found = {}
        for file in self._folder.iterdir() if self._folder.is_dir() else ():
            with suppress(OSError, KernelError):  # it went meanwhile, or is none
                number = self._number(file)
                if number != _NONE:
                    found[number] = str(file)
        return found

    def _number(self, file: Path) -> int:
        descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
        try:
            with self._netlink.within() as route, translated(f"number of {file}"):
                return int(route.get_netnsid(fd=descriptor)["nsid"])
        finally:
            os.close(descriptor)
