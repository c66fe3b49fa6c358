"""Routes planned, and those of a kernel, as lines that can be compared. Pure."""

from __future__ import annotations

from collections.abc import Collection

from pyk8s.kernel.route.values import Put, Route, plan
from pyk8s.kernel.shown import Line

PLACE = "routes"


def render(route: Route) -> str:
    """A route as `ip route` writes it."""
    parts = [route.destination]
    if route.gateway:
        parts += ["via", route.gateway]
    if route.device:
        parts += ["dev", route.device]
    return " ".join([*parts, "onlink"] if route.onlink else parts)


def planned(desired: Collection[Route]) -> tuple[Line, ...]:
    """The routes that are wanted."""
    return tuple(Line(render(each), each, key=each.destination, step=render(each)) for each in desired)


def found(desired: Collection[Route], observed: Collection[Route], protocol: int) -> tuple[Line, ...]:
    """The routes of `protocol` in a kernel; one that does what is desired of it means the same."""
    wishes = {each.destination: each for each in desired}
    wrong = {action.route.destination for action in plan(desired, observed, protocol) if isinstance(action, Put)}
    own = [each for each in observed if each.protocol == protocol]
    return tuple(
        Line(
            render(each),
            wishes.get(each.destination, each) if each.destination not in wrong else ("held", each),
            key=each.destination,
        )
        for each in own
    )
