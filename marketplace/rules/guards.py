"""Database guards of this application: the numbering of rulebooks, and the consistency of decisions."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pgtrigger

from marketplace.kernel.guards import sql_body, sql_list

_SQL = Path(__file__).parent / "sql"


def gapless_rulebooks() -> pgtrigger.Trigger:
    """Rulebooks are numbered 1, 2, 3 … without a gap, each published no earlier than the one before it."""
    return pgtrigger.Trigger(
        name="gapless_rulebooks",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("last_number", "integer"), ("last_published_at", "timestamptz")],
        func=sql_body(_SQL / "gapless_rulebooks.sql"),
    )


def neutral_vocabulary(namespaces: Iterable[str]) -> pgtrigger.Trigger:
    """At tariff points and neutral points the vocabulary has only facts of the given ``namespaces``."""
    return pgtrigger.Trigger(
        name="neutral_vocabulary",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=sql_body(_SQL / "neutral_vocabulary.sql", NAMESPACES=sql_list(namespaces)),
    )


def rulebook_in_force() -> pgtrigger.Trigger:
    """A decision uses the rulebook in force: of those effective by then, the one with the highest number."""
    return pgtrigger.Trigger(
        name="rulebook_in_force",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=sql_body(_SQL / "rulebook_in_force.sql"),
    )


def outcome_follows(strength: Iterable[str]) -> pgtrigger.Trigger:
    """A decision has reasons, and its outcome is their strongest; ``strength`` lists the weakest first."""
    return pgtrigger.Trigger(
        name="outcome_follows",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("strongest", "text"), ("unknown", "bigint")],
        func=sql_body(_SQL / "outcome_follows.sql", OUTCOMES=sql_list(strength)),
    )
