"""Scopes of the feed: whose feed an event is in, and what of its data is shown there. Pure."""

from __future__ import annotations

import dataclasses
from typing import Any

from marketplace.events.envelope import Envelope
from marketplace.events.schema import TYPES, Event, SchemaError, full_type, participant_data
from marketplace.kernel.actors import Actor, Role

OPERATOR = "operator"
"""The scope of the operator, in whose feed every event is."""

EVERYONE = "everyone"
"""The scope of what every participant may see."""


def scope_of(actor: Actor) -> str:
    """The scope in which the actor's own feed is kept; raises Forbidden if it acts for no organisation."""
    actor.require_organisation()
    return OPERATOR if actor.role is Role.OPERATOR else actor.organisation or ""


def visible_scopes(scope: str) -> list[str]:
    """The scopes whose entries together are the feed of ``scope``."""
    return [OPERATOR] if scope == OPERATOR else [scope, EVERYONE]


def visible_types(scope: str) -> dict[str, type[Event]]:
    """The event classes that can be in the feed of ``scope``, by type."""
    return {
        name: event
        for name, event in TYPES.items()
        if scope == OPERATOR
        or (event.audience is not None and (event.audience.fields or event.audience.everyone))
    }


def declared_parties() -> tuple[list[str], list[str]]:
    """For the publisher: event types, and beside each a field that holds a party, or an empty text for everyone."""
    pairs = [
        (event.type, field)
        for event in TYPES.values()
        if event.audience is not None
        for field in (event.audience.fields or (("",) if event.audience.everyone else ()))
    ]
    return [name for name, _ in pairs], [field for _, field in pairs]


def cloudevent_for(envelope: Envelope, scope: str) -> dict[str, Any]:
    """The event as a CloudEvent (JSON format) with the data that ``scope`` may see.

    Raises SchemaError if its data, forced in by the owner of the table, is no object that can be read.
    """
    if not isinstance(envelope.data, dict):
        raise SchemaError(f"the data of event {envelope.identifier} is no object: {envelope.data}")
    if scope != OPERATOR:
        data = participant_data(TYPES[envelope.type], envelope.data)
        envelope = dataclasses.replace(envelope, data=data)
    return envelope.as_cloudevent()


def short_type(name: str) -> str | None:
    """The type that a filter names, given as ``trade.secured`` or ``sanpo.trade.secured.v1``; None if unknown."""
    if name in TYPES:
        return name
    return next((event.type for event in TYPES.values() if full_type(event) == name), None)
