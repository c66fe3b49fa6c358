"""What goes wrong with one of several objects, kept until the others have been done, as kubectl does it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import click

from pyk8s.api.errors import ApiError
from pyk8s.cli.manifests import ManifestInvalid

HOPELESS = (401, 503)
"""After these codes every other object would be refused the same way."""


class Failures:
    """Failures of single objects: `each` is around the work on one, `tell` comes after the last."""

    def __init__(self) -> None:
        self._held: list[Exception] = []

    @contextlib.contextmanager
    def each(self) -> Iterator[None]:
        """Keep what the work inside raises about its object; what would befall all of them passes through."""
        try:
            yield
        except (ApiError, click.ClickException, ManifestInvalid) as why:
            if (isinstance(why, ApiError) and why.code in HOPELESS) or isinstance(why, click.UsageError):
                raise
            self._held.append(why)

    def __bool__(self) -> bool:
        """Whether anything failed."""
        return bool(self._held)

    def tell(self) -> None:
        """Raise what failed: itself, or all of it as a group."""
        if len(self._held) == 1:
            raise self._held[0]
        if self._held:
            raise ExceptionGroup("several failed", self._held)
