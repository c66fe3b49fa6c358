"""What can go wrong on a node.

KubeletError
├── RuntimeTrouble       the container runtime
│   ├── RuntimeUnavailable   it does not answer: ask again later
│   ├── Missing              it has no such sandbox, container or image
│   ├── TookTooLong          it did not finish in the time given
│   └── Refused              it said no, and why
└── PodError             one pod cannot go on as it is; carries the reason its status shows
"""

from __future__ import annotations


class KubeletError(Exception):
    """The kubelet could not do something."""


class RuntimeTrouble(KubeletError):
    """The container runtime could not do something."""


class RuntimeUnavailable(RuntimeTrouble):
    """The runtime does not answer."""


class Missing(RuntimeTrouble):
    """The runtime does not know what was named."""


class TookTooLong(RuntimeTrouble):
    """The time given was over before the runtime had finished."""


class Refused(RuntimeTrouble):
    """The runtime said no; the text is its own."""


class PodError(KubeletError):
    """A container or pod cannot be started as it is described.

    `reason` is the CamelCase word that the status shows (CreateContainerConfigError, ErrImagePull, …).
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
