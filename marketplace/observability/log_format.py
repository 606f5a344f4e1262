"""How log lines are written: JSON for machines or a line for people, with what they belong to and without secrets."""

from __future__ import annotations

import logging
import re
from collections.abc import MutableMapping
from typing import Any

import structlog
from structlog.stdlib import ProcessorFormatter

# Named by who logs them; anything else that a library attaches to a line may hold secrets.
FIELDS = {"method", "route", "status", "seconds", "handler", "outcome"}

# Every repetition that something must follow is bounded: strangers choose what is in a line, up to a whole address.
SECRETS = (
    (re.compile(r"[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+"), "[address]"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]+"), r"\1 [secret]"),
    (re.compile(r"://[^/\s:@]{0,256}:[^@\s]{1,256}@"), "://[secret]@"),
    (re.compile(r"whsec_[\w+/=-]+"), "[secret]"),
    (re.compile(r"(?i)\b(password|secret|token|code|key|state|grant)=[^&\s\"']+"), r"\1=[secret]"),
    # Paths of people's accounts may hold keys that reset a password or confirm an address.
    (re.compile(r"/accounts/\S+"), "/accounts/[secret]"),
)
"""What never reaches a log, and what stands in its place."""

Line = MutableMapping[str, Any]


def hide_secrets(_logger: Any, _method: str, line: Line) -> Line:
    """Replace mail addresses, tokens, passwords and keys in every text of a line."""
    for name, value in line.items():
        if isinstance(value, str):
            for pattern, instead in SECRETS:
                value = pattern.sub(instead, value)
            line[name] = value
    return line


def write_line(_logger: Any, _method: str, line: Line) -> str:
    """A line for people: time, level, logger, message, then what it belongs to; an exception below it."""
    exception = line.pop("exception", "")
    parts = [str(line.pop(name, "")) for name in ("timestamp", "level", "logger")]
    message = line.pop("event", "")
    belongings = "".join(f" {name}={value}" for name, value in sorted(line.items()))
    return f"{parts[0]} {parts[1].upper()} {parts[2]}: {message}{belongings}" + (
        f"\n{exception}" if exception else ""
    )


def json_formatter() -> logging.Formatter:
    """One JSON object a line, for machines."""
    return _formatter(structlog.processors.JSONRenderer(ensure_ascii=False, default=str))


def line_formatter() -> logging.Formatter:
    """One readable line, for people."""
    return _formatter(write_line)


def _formatter(renderer: Any) -> logging.Formatter:
    return ProcessorFormatter(
        foreign_pre_chain=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.ExtraAdder(allow=FIELDS),
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
        ],
        processors=[
            ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            hide_secrets,
            renderer,
        ],
    )
