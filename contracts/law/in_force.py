"""What the rulebook in force makes unlawful in a segment."""

from __future__ import annotations

from marketplace.rules.law_queries import unlawful_terms

from .terms import Entry, entries_for


def law_of(segment: str) -> tuple[Entry, ...]:
    """The unlawful terms of the rulebook in force in a segment (code); none without a rulebook."""
    return entries_for(unlawful_terms(), segment)
