"""The three modes by name: each loaded only when it is wanted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from pyk8s.kernel.errors import KernelError, Unsupported
from pyk8s.proxy.backend import Backend, Chain
from pyk8s.proxy.config import MODES, Config
from pyk8s.proxy.plan import Settings

IPVS_LINK = "kube-ipvs0"


def make(config: Config, settings: Settings) -> Backend[Any, Any]:
    """The mode that `config` asks for, for one family. Blocks; raises Unsupported, with what is missing."""
    return make_mode(config.mode, config, settings)


def make_mode(mode: str, config: Config, settings: Settings) -> Backend[Any, Any]:
    """`mode` for one family. Blocks; raises Unsupported."""
    if mode == "iptables":
        from pyk8s.proxy.iptables import backend as iptables

        return iptables.make(settings, config.backend)
    if mode == "nftables":
        from pyk8s.proxy.nftables import backend as nftables

        return nftables.make(settings)
    from pyk8s.proxy.ipvs import backend as ipvs

    return ipvs.make(settings, config.backend)


def leftovers(current: str, config: Config, settings: Settings) -> Iterator[Backend[Any, Any]]:
    """The modes beside `current` that could have left something here, as far as this machine has them. Blocks."""
    for mode in MODES:
        if mode != current:
            with suppress(Unsupported):
                found = _find(mode, config, settings)
                if found is not None:
                    yield found


def _find(mode: str, config: Config, settings: Settings) -> Backend[Any, Any] | None:
    if mode != "ipvs":
        return make_mode(mode, config, settings)
    from pyk8s.proxy.ipvs import backend as ipvs

    return ipvs.find(settings, config.backend)


def clean(backend: Backend[Any, Any], keep: frozenset[Chain] = frozenset()) -> bool:
    """Take all that `backend` has in the kernel away; whether there was something. Blocks; raises KernelError."""
    transaction = backend.ruleset.nothing(backend.kernel.survey(), keep)
    if not transaction:
        return False
    backend.kernel.run(transaction)
    return True


def clean_all(config: Config) -> list[str]:
    """Take every trace of every mode away; what could not be, as sentences. Blocks."""
    failures = []
    for family in config.families:
        for backend in leftovers("", config, config.settings(family)):
            try:
                clean(backend)
            except KernelError as why:
                failures.append(f"{backend.mode}, IPv{family}: {why}")
            finally:
                if backend.close is not None:
                    backend.close()
    return failures
