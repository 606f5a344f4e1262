"""Invariants of staff accesses: opened by staff, for hours, committed to, and told."""

from __future__ import annotations

from typing import Any

from marketplace.kernel.invariants import Invariant, by_query, declare_readable
from marketplace.kernel.permissions import Permission
from marketplace.participants.acting import acted_at, holders
from marketplace.participants.interest_guards import recused_then

from .models import AccessRead, StaffAccess
from .states import HOURS_MAX, SUBJECTS_MAX

_HOLDS = holders(Permission.ACCESS_OPEN)


def _by_staff(person: str, moment: str) -> str:
    """Whether a person who may, and had no interest in the participant of the access ``a``, acted at a moment, in SQL."""
    return f"({acted_at(person, moment, holds=_HOLDS)} AND NOT {recused_then(person, 'a.organisation_id', moment)})"


Invariant(
    name="access.opened_by_staff",
    promise=9,
    statement="Who opens, approves or defers an access is a person of the operator who may and has no interest in the"
    " participant, and a second person another.",
    guards=(
        "access_staffaccess.opened_by_staff",
        "access_staffaccess.deferred_by_two",
        "access_staffaccess.ended_by_staff",
        "access_staffaccess.access_told",
        "access_accessdeferral.deferred_by_two",
        "access_accessdeferral.deferral_by_two",
        "access_staffaccess.recused",
        "access_accessdeferral.recused",
        "access_accessdeferral.append_only",
    ),
    test="tests/access/test_guards.py::test_nobody_but_staff_opens_an_access",
    check=by_query(
        "SELECT a.public_id, a.person, a.approved_by FROM access_staffaccess a"  # noqa: S608  our own words
        f" WHERE NOT {_by_staff('a.person', 'a.opened_at')} OR a.approved_by = a.person"
        f" OR a.approved_by <> '' AND (a.ground <> 'law' OR NOT {_by_staff('a.approved_by', 'a.opened_at')})"
        " UNION ALL SELECT a.public_id, d.first_person, d.approved_by"
        "  FROM access_accessdeferral d JOIN access_staffaccess a ON a.id = d.access_id"
        f" WHERE d.first_person = d.approved_by OR NOT {_by_staff('d.first_person', 'd.decided_at')}"
        f" OR NOT {_by_staff('d.approved_by', 'd.decided_at')}"
    ),
)
Invariant(
    name="access.for_a_time",
    promise=8,
    statement="An access is to a participant, ends after its hours, and nothing is read under it outside of them, beyond its bound, or after its"
    " person declared an interest there.",
    guards=(
        "access_staffaccess.opened_on_participant",
        "access_staffaccess.access_hours",
        "access_staffaccess.access_reason",
        "access_staffaccess.access_ended_when",
        "access_staffaccess.immutable",
        "access_staffaccess.set_once",
        "access_staffaccess.set_now",
        "access_staffaccess.dated_now",
        "access_staffaccess.no_delete",
        "access_accessread.within_access",
        "access_accessread.access_read_once",
        "access_accessread.append_only",
        "access_accessread.dated_now",
    ),
    test="tests/access/test_guards.py::test_nothing_is_read_outside_of_an_access",
    check=by_query(
        "SELECT a.public_id, count(r.id) AS reads FROM access_staffaccess a"  # noqa: S608  our own words
        "  JOIN participants_organisation o ON o.id = a.organisation_id"
        "  LEFT JOIN access_accessread r ON r.access_id = a.id GROUP BY a.id, o.id"
        f" HAVING count(r.id) > {SUBJECTS_MAX} OR o.is_operator OR o.public_id <> a.organisation_identifier"
        f"  OR a.expires_at > a.opened_at + interval '{HOURS_MAX} hours' OR a.ended_at > a.expires_at"
        "  OR min(r.read_at) < a.opened_at OR max(r.read_at) > coalesce(a.ended_at, a.expires_at)"
        f"  OR bool_or({recused_then('a.person', 'a.organisation_id', 'r.read_at')})"
    ),
)
Invariant(
    name="access.told",
    promise=10,
    statement="A participant is told of each access at once, or within a day after the review date that two people set.",
    guards=(
        "access_staffaccess.access_told",
        "access_staffaccess.opened_on_participant",
        "access_accessdeferral.defers_untold",
        "access_accessdeferral.dated_now",
    ),
    test="tests/access/test_guards.py::test_no_access_is_kept_from_the_participant_by_one",
    check=by_query(
        "SELECT a.public_id, a.deferred_until FROM access_staffaccess a WHERE a.told_at IS NULL"
        " AND coalesce(greatest(a.deferred_until,"
        "  (SELECT max(d.until) FROM access_accessdeferral d WHERE d.access_id = a.id)), '-infinity')"
        "  < business_now() - interval '1 day'"
    ),
)


def _uncommitted() -> list[dict[str, Any]]:
    """Accesses and reads whose hash is not over what the row says."""
    accesses = [
        {"access": row.public_id}
        for row in StaffAccess.objects.order_by("pk").iterator(1_000)
        if row.commitment != row.digest_of_content()
    ]
    reads = AccessRead.objects.select_related("access").order_by("pk").iterator(1_000)
    return accesses + [
        {"access": read.access.public_id, "subject": read.subject}
        for read in reads
        if read.digest != read.access.digest_of_subject(read.subject)
    ]


Invariant(
    name="access.committed",
    promise=9,
    statement="The commitment of an access, which evidence holds until the participant is told, is over what the row says.",
    guards=(
        "access_staffaccess.access_commitment",
        "access_staffaccess.immutable",
        "access_accessread.access_read_digest",
    ),
    test="tests/access/test_guards.py::test_what_was_committed_to_does_not_change",
    check=_uncommitted,
)

declare_readable("access")
