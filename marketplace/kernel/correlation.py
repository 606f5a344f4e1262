"""What a log line belongs to: the request, event or job in whose course it is written.

The names stand in structlog's context variables, so every log line of the same request, handling or attempt carries
them, whoever writes it.
"""

from __future__ import annotations

import re
from typing import Any

import structlog

REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")
"""Identifiers of requests that are taken from callers; others are replaced."""


def current_request_id() -> str:
    """The identifier of the request in whose course this runs, also in a later handling or job; empty outside one."""
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))


def bind(**names: Any) -> None:
    """Add names to every later log line of this request, handling or attempt; None and empty values are left out."""
    structlog.contextvars.bind_contextvars(**{name: value for name, value in names.items() if value})


def begin(**names: Any) -> None:
    """Forget what the thread did before, and begin with these names."""
    structlog.contextvars.clear_contextvars()
    bind(**names)


def end() -> None:
    """Forget the names: the request, handling or attempt is over."""
    structlog.contextvars.clear_contextvars()
