"""Events of the rule layer."""

from __future__ import annotations

from dataclasses import dataclass

from marketplace.events.schema import Event


@dataclass(frozen=True, kw_only=True)
class RulebookPublished(Event):
    """A version of the rulebook was published. ``effective_from``: ISO 8601 instant."""

    type = "rulebook.published"
    subject_field = "rulebook"

    rulebook: str
    number: int
    digest: str
    effective_from: str
