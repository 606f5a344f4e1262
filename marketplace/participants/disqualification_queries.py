"""Queries on disqualifications."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.models import QuerySet

from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.commitments import commitment_in_sql
from marketplace.kernel.prepared import fetch_prepared

from .disqualification_grounds import BARE_NAME
from .models import Disqualification

_IS_OFFICER = "o.representative <> '' AND d.officer_commitment = " + commitment_in_sql(
    "d.salt", BARE_NAME.format(name="o.representative")
)
_FACTS = f"""
    SELECT o.id,
           ARRAY(SELECT DISTINCT d.ground FROM participants_disqualification d
                  WHERE d.organisation_id = o.id AND d.officer_commitment = '' AND d.ended_at IS NULL
                    AND d.since <= %s AND d.until >= %s),
           EXISTS (SELECT FROM participants_disqualification d
                    WHERE d.officer_commitment <> '' AND d.ended_at IS NULL AND d.since <= %s AND d.until >= %s
                      AND (d.organisation_id = o.id OR {_IS_OFFICER}))
      FROM participants_organisation o WHERE o.id = ANY(%s::bigint[])
"""  # noqa: S608  our own words
_CONCERNED = f"""
    SELECT o.public_id FROM participants_organisation o, participants_disqualification d
     WHERE d.public_id = %s AND NOT o.is_operator AND (o.id = d.organisation_id OR {_IS_OFFICER}) ORDER BY o.id
"""  # noqa: S608  our own words


def visible_disqualifications(actor: Actor) -> QuerySet[Disqualification]:
    """Disqualifications of the actor's organisation and its officers; all, for the operator."""
    rows = Disqualification.objects.select_related("organisation")
    return rows if actor.may_see() else rows.filter(organisation_id=actor.require_organisation())


def disqualification_facts(organisation_ids: Collection[int]) -> dict[int, dict[str, Any]]:
    """What rules read of disqualifications that stand today, of organisations by database key.

    ``disqualified``: the organisation itself; ``disqualification_grounds``: on which grounds, sorted. ``officer_disqualified``: an
    officer of it, or who represents it, whatever organisation that was stated of: a name may be another person's, so rules hold.
    """
    today = clock.today()
    return {
        key: {
            "disqualified": bool(grounds),
            "disqualification_grounds": sorted(grounds),
            "officer_disqualified": bool(of_officer),
        }
        for key, grounds, of_officer in fetch_prepared(
            _FACTS, [today, today, today, today, list(organisation_ids)]
        )
    }


def concerned_by(disqualification: str) -> list[str]:
    """The organisations (public identifiers) whose facts a disqualification changes."""
    return [public_id for (public_id,) in fetch_prepared(_CONCERNED, [disqualification])]
