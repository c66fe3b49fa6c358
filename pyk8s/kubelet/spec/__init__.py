"""The part of a Pod object that the kubelet reads, as typed values with Kubernetes' defaults.

Field names are those of the core/v1 API; what the kubelet never looks at is dropped while decoding.
"""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec
import orjson

from pyk8s.kubelet.spec.container import Container
from pyk8s.kubelet.spec.pod import Metadata, Pod, PodSpec
from pyk8s.kubelet.spec.volume import Volume

__all__ = ["Container", "Metadata", "Pod", "PodSpec", "Volume", "decode_pod", "pod_of"]

T = TypeVar("T")

_decoder = msgspec.json.Decoder(Pod)


def decode_pod(body: bytes) -> Pod:
    """The pod in the JSON `body`. Raises msgspec.ValidationError, which names the field, when a type is wrong."""
    try:
        return _decoder.decode(body)
    except msgspec.ValidationError:
        # An explicit null stands for "not set" in the API; msgspec takes it for a wrong type.
        return pod_of(orjson.loads(body))


def pod_of(obj: Any) -> Pod:
    """The pod in the decoded object `obj`. Raises msgspec.ValidationError."""
    return msgspec.convert(_without_nulls(obj), Pod)


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [_without_nulls(inner) for inner in value if inner is not None]
    return value
