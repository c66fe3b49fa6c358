"""Which way between nodes a running cluster takes: what its ConfigMap says, else what the node's file says.

The ConfigMap kube-system/pyk8s-network has one key, `backend`: host-gw or vxlan. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from pyk8s.api.refs import CONFIG_MAPS
from pyk8s.network.nodes import Metadata
from pyk8s.network.ways.values import BACKENDS, Backend

NAME = "pyk8s-network"
NAMESPACE = "kube-system"
KEY = "backend"

MAPS = CONFIG_MAPS.within(NAMESPACE)
FIELDS = f"metadata.name={NAME}"


class ConfigMap(msgspec.Struct):
    """What is read of the ConfigMap."""

    metadata: Metadata
    data: dict[str, str] = {}


decode = msgspec.json.Decoder(ConfigMap).decode
"""A ConfigMap's JSON bytes; raises msgspec.DecodeError."""


class BackendUnknown(ValueError):
    """The ConfigMap asks for a way that there is not; the text names it and those there are."""


def choose(maps: Sequence[ConfigMap], otherwise: Backend) -> Backend:
    """The way that the ConfigMap asks for; `otherwise` without a ConfigMap or its key. Raises BackendUnknown."""
    said = next((one.data[KEY].strip() for one in maps if KEY in one.data), "")
    if not said:
        return otherwise
    for backend in BACKENDS:
        if said == backend:
            return backend
    raise BackendUnknown(
        f"ConfigMap {NAMESPACE}/{NAME}: {KEY} is {said!r}: write {' or '.join(BACKENDS)}; {otherwise} stays meanwhile"
    )
