"""Database guards of this application: the numbering of rulebooks, and the consistency of decisions."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pgtrigger

from marketplace.kernel.actors import PERSON_PREFIX
from marketplace.kernel.guards import sql_body, sql_list

from .parameters import NOTICE, PARAMETERS, Weaker
from .points import LAW_SECTIONS

_SQL = Path(__file__).parent / "sql"


def gapless_rulebooks() -> pgtrigger.Trigger:
    """Rulebooks are numbered 1, 2, 3 … without a gap, each published no earlier than the one before it, which it names."""
    return pgtrigger.Trigger(
        name="gapless_rulebooks",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("last_number", "integer"), ("last_published_at", "timestamptz"), ("last_id", "bigint")],
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


def weakened_by_two() -> pgtrigger.Trigger:
    """Parameters that weaken a control of the rulebook before were given by two people, and take effect after the notice.

    Before is the version in force when the new one takes effect, or else the newest.
    """
    controls = ", ".join(
        f"('{parameter.name}', {parameter.default}, {1 if parameter.weaker is Weaker.HIGHER else -1})"
        for parameter in PARAMETERS.values()
        if parameter.weaker is not Weaker.NEITHER
    )
    return pgtrigger.Trigger(
        name="weakened_by_two",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("stated", "jsonb"), ("weakened", "text"), ("notice_hours", "numeric")],
        func=sql_body(
            _SQL / "weakened_by_two.sql",
            CONTROLS=controls,
            NOTICE_DEFAULT=PARAMETERS["control_notice_hours"].default,
            PERSON=f"{PERSON_PREFIX}_",
        ),
    )


def notice_given() -> pgtrigger.Trigger:
    """A version takes effect after the notice of the version before it; in the urgent lane it changes lists and tables of law only.

    An urgent version has, apart from these, the text of the version that it finds in force, or of one that was published
    before with notice and takes effect at the same moment.
    """
    return pgtrigger.Trigger(
        name="notice_given",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("stated", "jsonb"), ("notice_hours", "numeric"), ("other_text", "jsonb")],
        func=sql_body(
            _SQL / "notice_given.sql",
            LAW=sql_list(LAW_SECTIONS),
            NOTICE_DEFAULT=PARAMETERS[NOTICE].default,
            LOWEST=PARAMETERS[NOTICE].lowest,
        ),
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
