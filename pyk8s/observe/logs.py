"""Structured logs: one JSON object a line on standard error, with a level for each component.

A line walks through a list of functions (`PROCESSORS`), so what it holds can be tested as a dict.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}

_levels: dict[str, int] = {}
"""The level of each component; "" is that of all others. Changed at run time by `set_level`."""


def set_level(level: str, component: str = "") -> None:
    """Log `component` (or all that have no level of their own) from `level` up: debug, info, warning or error.

    Raises ValueError for an unknown level.
    """
    if level not in LEVELS:
        raise ValueError(f"unknown log level {level!r}: use one of {', '.join(LEVELS)}")
    _levels[component] = LEVELS[level]


def _wanted(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    threshold = _levels.get(event.get("component", ""), _levels.get("", logging.INFO))
    if LEVELS.get(method, logging.ERROR) < threshold:
        raise structlog.DropEvent
    return event


def _cause(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """An exception given as `why` becomes its type and text: a sentence, not a traceback."""
    why = event.get("why")
    if isinstance(why, BaseException):
        event["why"] = f"{type(why).__name__}: {why}"
    return event


PROCESSORS: tuple[Processor, ...] = (
    _wanted,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    _cause,
    structlog.processors.format_exc_info,
    structlog.processors.JSONRenderer(default=str),
)
"""What a line walks through, first to last."""


def configure(level: str = "info", *, to: TextIO | None = None, processors: Iterable[Processor] = PROCESSORS) -> None:
    """Set up logging for this process; call it once, from a program's main."""
    set_level(level)
    structlog.configure(
        processors=list(processors),
        logger_factory=structlog.WriteLoggerFactory(file=to or sys.stderr),
        cache_logger_on_first_use=False,
    )


def get(component: str) -> Any:
    """The logger of `component`: `.debug/.info/.warning/.error(event, key=value, why=exception)`."""
    return structlog.get_logger(component=component)
