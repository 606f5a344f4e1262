"""Invariants of qualifications."""

from __future__ import annotations

from marketplace.kernel.invariants import Invariant, by_query
from marketplace.kernel.permissions import Permission

from .acting import acted_at, holders
from .bounds import QUALIFICATIONS_A_DAY_MAX, QUALIFICATIONS_STANDING_MAX
from .interest_guards import decided_unrelated


def _own(column: str, moment: str) -> str:
    writes = holders(Permission.ORGANISATION_WRITE)
    return acted_at(column, moment, holds=writes, organisation="o.id = q.organisation_id")


_DAY_OF = "({moment} AT TIME ZONE 'Asia/Tokyo')::date"

Invariant(
    name="participants.qualifications_are_verified_evidence",
    promise=5,
    statement=(
        "A qualification was stated by a person of its organisation, and verified while it was valid by a person of the operator"
        " without an interest in it; who ended it could, and it expired only after its last day."
    ),
    guards=(
        "participants_qualificationkind.qualification_kind_once",
        "participants_qualificationkind.qualification_kind_named",
        "participants_qualificationkind.immutable",
        "participants_qualificationkind.no_delete",
        "participants_qualification.qualification_stands_once",
        "participants_qualification.qualification_of_what",
        "participants_qualification.qualification_ended_when",
        "participants_qualification.qualification_moves_rightly",
        "participants_qualification.verified_by_staff",
        "participants_qualification.ended_by_staff",
        "participants_qualification.recused",
        "participants_qualification.state_guard",
        "participants_qualification.immutable",
        "participants_qualification.set_once",
        "participants_qualification.set_now",
        "participants_qualification.dated_now",
        "participants_qualification.no_delete",
    ),
    test="tests/participants/test_qualifications.py::test_the_database_keeps_qualifications",
    check=by_query(
        "SELECT q.public_id, q.state FROM participants_qualification q"  # noqa: S608  our own words
        f" WHERE NOT {_own('q.stated_by', 'q.stated_at')}"
        f"  OR q.verified_at IS NOT NULL AND (NOT {decided_unrelated('q.verified_by', 'q.organisation_id', 'q.verified_at')}"
        f"   OR q.valid_until < {_DAY_OF.format(moment='q.verified_at')})"
        f"  OR q.state IN ('refused', 'revoked') AND NOT {decided_unrelated('q.ended_by', 'q.organisation_id', 'q.ended_at')}"
        f"  OR q.state = 'withdrawn' AND NOT {_own('q.ended_by', 'q.ended_at')}"
        f"  OR q.state = 'expired' AND q.valid_until >= {_DAY_OF.format(moment='q.ended_at')}"
    ),
)

Invariant(
    name="participants.qualifications_are_few",
    promise=5,
    statement=(
        f"Of an organisation at most {QUALIFICATIONS_STANDING_MAX} qualifications stand, and it states at most"
        f" {QUALIFICATIONS_A_DAY_MAX} within 24 hours."
    ),
    guards=("participants_qualification.qualifications_few",),
    test="tests/participants/test_qualifications.py::test_an_organisation_states_so_many_qualifications_at_most",
    check=by_query(
        "SELECT o.public_id FROM participants_organisation o JOIN (SELECT q.organisation_id,"  # noqa: S608  our own words
        "   count(*) FILTER (WHERE q.state IN ('stated', 'verified')) OVER (PARTITION BY q.organisation_id) AS standing,"
        "   count(*) OVER (PARTITION BY q.organisation_id ORDER BY q.stated_at"
        "     RANGE BETWEEN interval '24 hours' PRECEDING AND CURRENT ROW) AS lately"
        "  FROM participants_qualification q) s ON s.organisation_id = o.id GROUP BY o.public_id"
        f" HAVING max(s.standing) > {QUALIFICATIONS_STANDING_MAX} OR max(s.lately) > {QUALIFICATIONS_A_DAY_MAX}"
    ),
)
