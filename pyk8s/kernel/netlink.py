"""The rtnetlink socket: kept for this thread's own namespace, opened for a call in another one.

pyroute2's synchronous classes bring their own event loop: use a `Netlink` from one thread that runs no loop.
"""

from __future__ import annotations

import importlib.util
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

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


class Netlink:
    """rtnetlink for one thread. `close` it in the same thread."""

    def __init__(self) -> None:
        self._own: Any = None
        self._inside: tuple[str, Any] | None = None

    @contextmanager
    def within(self, netns: str = "") -> Iterator[Any]:
        """A pyroute2 IPRoute in the namespace at path `netns`; "" is the thread's own, whose socket is kept.

        Entering a namespace again while inside it costs nothing.
        """
        if not netns:
            if self._own is None:
                self._own = _open()
            yield self._own
            return
        if self._inside is not None and self._inside[0] == netns:
            yield self._inside[1]
            return
        with entered(netns), _open() as route:
            outer, self._inside = self._inside, (netns, route)
            try:
                yield route
            finally:
                self._inside = outer

    def close(self) -> None:
        """Close the kept socket."""
        if self._own is not None:
            self._own.close()
            self._own = None

    def __enter__(self) -> Netlink:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _open() -> Any:
    return load("pyroute2.iproute.linux").IPRoute()


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
