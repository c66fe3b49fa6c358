"""What a controller is given to work with."""

from __future__ import annotations

from dataclasses import dataclass

from pyk8s.client.interface import Client
from pyk8s.client.recorder import Recorder
from pyk8s.reconcile.informers import Informers, Scope


@dataclass(frozen=True, slots=True)
class Context:
    """`client` writes under the controller's own identity; `informers` are shared by all controllers of the process."""

    client: Client
    informers: Informers | Scope
    recorder: Recorder
