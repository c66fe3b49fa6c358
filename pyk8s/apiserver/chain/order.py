"""The order of the filters, as data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from pyk8s.apiserver.chain.access import authenticate, authorize, impersonate
from pyk8s.apiserver.chain.flow import flow
from pyk8s.apiserver.chain.frame import identify, recover
from pyk8s.apiserver.chain.measure import measure
from pyk8s.apiserver.chain.parts import Parts
from pyk8s.apiserver.request import Handler

Filter: TypeAlias = Callable[[Handler, Parts], Handler]
"""Wraps a handler in one concern."""

CHAIN: tuple[Filter, ...] = (recover, identify, measure, authenticate, impersonate, flow, authorize)
"""Outermost first: a filter may rely on those before it."""


def build(endpoint: Handler, parts: Parts, chain: Sequence[Filter] = CHAIN) -> Handler:
    """Wrap `endpoint` in `chain`: the first filter sees a request first and its answer last."""
    for wrap in reversed(chain):
        endpoint = wrap(endpoint, parts)
    return endpoint
