"""What the kubelet asks of its runtime, counted and timed by operation.

Source: the kubelet's metrics kubelet_runtime_operations_*, with its names of operations: run_podsandbox, list_images.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from functools import cache
from typing import Any

import grpc

from pyk8s.aio import clock
from pyk8s.observe import metrics

STREAMS = frozenset({"GetContainerEvents"})
"""Methods that answer more than once: they end when the kubelet does."""

BUCKETS = (0.005, 0.0125, 0.03125, 0.078125, 0.1953125, 0.48828125, 1.220703125, 3.0517578125, 7.62939453125, 19.07)

OPERATIONS = metrics.counter("kubelet_runtime_operations", "Calls of the container runtime.", "operation_type")
ERRORS = metrics.counter("kubelet_runtime_operations_errors", "Calls that it did not carry out.", "operation_type")
SECONDS = metrics.histogram(
    "kubelet_runtime_operations_duration_seconds", "How long they took.", "operation_type", buckets=BUCKETS
)


def operation(method: str) -> str:
    """The name of a method among the metrics: "RunPodSandbox" is "run_podsandbox"."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", method).lower().replace("pod_sandbox", "podsandbox")


class Counted:
    """A stub whose calls are counted; streams are left as they are."""

    def __init__(self, stub: Any) -> None:
        self._stub = stub
        self._counted = cache(self._count)

    def __getattr__(self, method: str) -> Any:
        return getattr(self._stub, method) if method in STREAMS else self._counted(method)

    def _count(self, method: str) -> Callable[..., Awaitable[Any]]:
        call, name = getattr(self._stub, method), operation(method)
        total, errors, seconds = OPERATIONS.labels(name), ERRORS.labels(name), SECONDS.labels(name)

        async def counted(request: Any, *, timeout: float | None = None) -> Any:
            total.inc()
            started = clock.monotonic()
            try:
                return await call(request, timeout=timeout)
            except grpc.aio.AioRpcError:
                errors.inc()
                raise
            finally:
                seconds.observe(clock.monotonic() - started)

        return counted
