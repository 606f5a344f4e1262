"""Event subscriptions: the dotted names of handlers in ``settings.EVENT_SUBSCRIPTIONS``, and what they pass over."""

from __future__ import annotations

import dataclasses
import json
import pkgutil
from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.utils.module_loading import import_string

from . import schemas
from .envelope import Envelope
from .schema import TYPES, Event

Handler = Callable[[Any, Envelope], None]

for _module in pkgutil.iter_modules(schemas.__path__):
    import_module(f"{schemas.__name__}.{_module.name}")


@cache
def resolve(handler: str) -> Handler:
    """Import the handler of a dotted name; raises ImportError."""
    function: Handler = import_string(handler)
    return function


def subscriber_of(handler: str) -> str:
    """The application that a handler belongs to: the last package before ``.handlers``."""
    return handler.rsplit(".handlers.", 1)[0].rsplit(".", 1)[-1]


def passed_over_by(handler: str) -> str | None:
    """What the data of an event holds with which the handler has nothing to do, as JSON; None if it handles all."""
    stated = settings.EVENTS_PASSED_OVER.get(handler)
    return json.dumps(stated) if stated else None


def check_subscriptions(**_options: Any) -> list[CheckMessage]:
    """System check: every subscription names a known event and a handler in a ``handlers`` module, and what it passes over
    names fields of the event."""
    problems: list[CheckMessage] = []
    for event_type, handlers in settings.EVENT_SUBSCRIPTIONS.items():
        if event_type not in TYPES:
            problems.append(
                Error(f"EVENT_SUBSCRIPTIONS names an unknown event {event_type}", id="events.E001")
            )
        for handler in handlers:
            try:
                resolve(handler)
            except ImportError as error:
                problems.append(Error(f"no handler {handler} for {event_type}: {error}", id="events.E002"))
            if ".handlers." not in handler:
                problems.append(Error(f"{handler} is not in a handlers module", id="events.E003"))
            fields = {field.name for field in dataclasses.fields(TYPES.get(event_type, Event))}
            if unknown := settings.EVENTS_PASSED_OVER.get(handler, {}).keys() - fields:
                problems.append(
                    Error(f"{event_type} has no field {', '.join(sorted(unknown))}, which {handler} passes over",
                          id="events.E004")
                )  # fmt: skip
    return problems


__all__ = ["Event", "check_subscriptions", "passed_over_by", "resolve", "subscriber_of"]
