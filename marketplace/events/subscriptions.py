"""Event subscriptions: the dotted names of handlers in ``settings.EVENT_SUBSCRIPTIONS``."""

from __future__ import annotations

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


def check_subscriptions(**_options: Any) -> list[CheckMessage]:
    """System check: every subscription names a known event and a handler in a ``handlers`` module."""
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
    return problems


__all__ = ["Event", "check_subscriptions", "resolve", "subscriber_of"]
