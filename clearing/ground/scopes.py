"""The rows that are in the scope of a caller."""

from __future__ import annotations

from marketplace.kernel.actors import Actor

NOBODY = 0
"""A key that no organisation has."""


def own_key(actor: Actor) -> int:
    """Key of the organisation that the actor acts for; ``NOBODY`` without one, which matches no rows."""
    return actor.organisation_id or NOBODY
