"""The rtnetlink socket: kept for this thread's own namespace, opened for a call in another one.

pyroute2's synchronous classes bring their own event loop: use a `Netlink` from one thread that runs no loop.
"""

from __future__ import annotations

import importlib.util
import socket
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pyk8s.kernel.channel import Channel
from pyk8s.kernel.errors import Refused, refused
from pyk8s.kernel.netns.run import entered


def load(module: str) -> Any:
    """Import `module` of pyroute2 without running that package's `__init__`, which imports all of its 30 families.

    Half the time and a third of the memory. A pyroute2 that somebody has imported whole is used as it is.
    """
    if "pyroute2" not in sys.modules:
        spec = importlib.util.find_spec("pyroute2")
        if spec is None or spec.submodule_search_locations is None:
            raise ModuleNotFoundError("pyroute2 is not installed", name="pyroute2")
        package = types.ModuleType("pyroute2")
        package.__path__ = list(spec.submodule_search_locations)
        package.__spec__ = spec
        sys.modules["pyroute2"] = package
    return importlib.import_module(module)


class Place:
    """The sockets of one namespace, each opened when it is first used."""

    def __init__(self, netns: str) -> None:
        self.netns = netns
        self._route: Any = None
        self._channel: Channel | None = None

    def route(self) -> Any:
        """A pyroute2 IPRoute."""
        if self._route is None:
            self._route = load("pyroute2.iproute.linux").IPRoute()
        return self._route

    def channel(self) -> Channel:
        """A socket for messages that are bytes already."""
        if self._channel is None:
            self._channel = Channel(socket.NETLINK_ROUTE)
        return self._channel

    def close(self) -> None:
        """Close what was opened."""
        for each in (self._route, self._channel):
            if each is not None:
                each.close()
        self._route = self._channel = None


class Netlink:
    """rtnetlink for one thread. `close` it in the same thread."""

    def __init__(self) -> None:
        self._own = Place("")
        self._place = self._own

    @contextmanager
    def inside(self, netns: str = "") -> Iterator[None]:
        """In the namespace at path `netns`; "" is where the thread is. Entering it again while inside costs nothing.

        Raises Absent when there is none.
        """
        if not netns or netns == self._place.netns:
            yield
            return
        with entered(netns):
            outer, self._place = self._place, Place(netns)
            try:
                yield
            finally:
                self._place.close()
                self._place = outer

    @contextmanager
    def within(self, netns: str = "") -> Iterator[Any]:
        """A pyroute2 IPRoute in the namespace at path `netns`; "" is the thread's own, whose socket is kept."""
        with self.inside(netns):
            yield self._place.route() if netns else self._own.route()

    def channel(self) -> Channel:
        """The socket for bytes, in the namespace that the thread is inside of."""
        return self._place.channel()

    def close(self) -> None:
        """Close the kept sockets."""
        self._own.close()

    def __enter__(self) -> Netlink:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextmanager
def translated(action: object) -> Iterator[None]:
    """pyroute2's errors, and a socket's, as `Refused` of `action`."""
    error = load("pyroute2.netlink.exceptions").NetlinkError
    try:
        yield
    except Refused:
        raise
    except error as why:
        raise refused(action, why.code) from why
    except OSError as why:
        raise refused(action, why.errno or 0, str(why)) from why
