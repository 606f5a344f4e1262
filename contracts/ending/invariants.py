"""Invariants of how agreements end."""

from __future__ import annotations

from marketplace.kernel.invariants import Invariant, by_query

from ..deletion.guards import DUE
from .guards import RETURN_MISSING

Invariant(
    name="contracts.ends_as_signed",
    promise=6,
    statement="An agreement ends when its signed rights end, or later by the access that was given back; it expires not before, and says when.",
    guards=(
        "contracts_agreement.ends_as_signed",
        "contracts_agreement.agreement_expired_after_its_end",
        "contracts_agreement.state_guard",
        "contracts_agreement.set_once",
        "contracts_agreement.set_now",
    ),
    test="tests/contracts/ending/test_expiries.py::test_the_database_lets_no_agreement_expire_before_its_end",
    check=by_query(
        "SELECT a.public_id, a.ends_at FROM contracts_agreement a"
        " CROSS JOIN LATERAL (SELECT v.said #> '{terms,rights}' AS rights FROM public.signed_versions(a.id) v"
        "  ORDER BY v.number DESC LIMIT 1) r"
        " WHERE (a.ends_at IS NULL) <> (public.end_of_rights(r.rights, a.concluded_at) IS NULL)"
        "  OR a.ends_at < public.end_of_rights(r.rights, a.concluded_at)"
        "  OR a.ends_at > ((r.rights ->> 'valid_until')::date + 1)::timestamp AT TIME ZONE 'Asia/Tokyo'"
        "  OR a.state = 'expired' AND coalesce(a.expired_at < a.ends_at, true) OR a.state = 'in_force' AND a.expired_at IS NOT NULL"
    ),
)
Invariant(
    name="contracts.ended_as_shown",
    promise=6,
    statement=(
        "What ends an agreement before its term was shown with its consequences, and is carried out after its last day, with what comes back; the agreement ends with it,"
        " and nothing that would end an agreement stays open after its end, or is dropped before but for another that ends it."
    ),
    guards=(
        "contracts_ending.ends_lawfully",
        "contracts_ending.ending_moves_in_time",
        "contracts_ending.ended_whole",
        "contracts_ending.ordered_by_two",
        "contracts_ending.recused",
        "contracts_ending.state_guard",
        "contracts_ending.immutable",
        "contracts_ending.set_once",
        "contracts_ending.set_now",
        "contracts_ending.dated_now",
        "contracts_ending.no_delete",
        "contracts_adjustment.adjustment_ended_early_once",
        "contracts_ending.ending_one_proposed",
        "contracts_ending.ending_one_scheduled",
        "contracts_ending.dropped_for_another",
        "contracts_ending.ending_stated",
        "contracts_ending.ending_by_law_takes_two",
        "contracts_ending.ending_closed_when",
        "contracts_ending.ending_answered_by",
        "contracts_ending.ending_answered",
        "contracts_agreement.terminated_as_ended",
        "contracts_agreement.ends_whole",
    ),
    test="tests/contracts/ending/test_endings.py::test_the_database_moves_no_ending_out_of_time",
    check=by_query(
        "SELECT e.public_id, a.public_id AS agreement FROM contracts_ending e JOIN contracts_agreement a ON a.id = e.agreement_id"  # noqa: S608  our own words
        " WHERE e.access_until <> (e.last_day + 1)::timestamp AT TIME ZONE 'Asia/Tokyo'"
        "  OR e.refund_minor <> (e.consequences ->> 'refund_minor')::bigint OR e.refund_minor > coalesce((e.consequences ->> 'adjusted_minor')::bigint, 0)"
        "     + (SELECT max((v.said #>> '{{terms,price_minor}}')::bigint) FROM public.signed_versions(a.id) v)"
        "  OR (e.consequences ->> 'last_day')::date <> e.last_day"
        "  OR e.state = 'done' AND (e.closed_at < e.access_until OR a.state <> 'terminated' OR a.termination_reason <> e.ground)"
        "  OR e.state IN ('proposed', 'scheduled') AND a.state <> 'in_force'"
        f"  OR e.state = 'done' AND {RETURN_MISSING.format(ending='e')}"
        "  OR e.state = 'dropped' AND (e.ground <> 'mutual' OR e.answered_at IS NOT NULL) AND a.state = 'in_force' AND NOT EXISTS ("
        "   SELECT FROM contracts_ending o WHERE o.agreement_id = a.id AND o.state = 'scheduled')"
        " UNION SELECT a.public_id, a.public_id FROM contracts_agreement a"
        "  WHERE a.termination_reason IN ('mutual', 'convenience', 'law') AND NOT EXISTS ("
        "   SELECT FROM contracts_ending e WHERE e.agreement_id = a.id AND e.state IN ('done', 'scheduled') AND e.closed_at >= e.access_until)"
        "  OR a.termination_reason = 'seller_breach' AND NOT EXISTS ("
        "   SELECT FROM contracts_dispute d WHERE d.agreement_id = a.id AND d.outcome = 'termination')"
    ),
)
Invariant(
    name="contracts.redelivered_in_time",
    promise=3,
    statement="No dispute was decided as a delivery after access was over: by an ending or by a signed last day.",
    guards=("contracts_dispute.redelivered_in_time",),
    test="tests/contracts/test_disputes.py::test_nothing_is_delivered_again_once_access_is_over",
    check=by_query(
        "SELECT d.public_id, a.public_id AS agreement FROM contracts_dispute d JOIN contracts_agreement a ON a.id = d.agreement_id"
        " CROSS JOIN LATERAL (SELECT v.said FROM public.signed_versions(a.id) v ORDER BY v.number DESC LIMIT 1) last"
        " WHERE d.outcome = 'redelivery' AND (EXISTS (SELECT FROM contracts_ending e WHERE e.agreement_id = a.id"
        "   AND e.state IN ('scheduled', 'done') AND e.access_until <= d.resolved_at)"
        "  OR public.end_of_rights((last.said #> '{terms,rights}') - 'duration', a.concluded_at) <= d.resolved_at)"
    ),
)
Invariant(
    name="contracts.deleted_or_asked",
    promise=10,
    statement=(
        "An agreement that ended in a way of which its plan says that copies are deleted has a certificate, of a day since access began, an open"
        " deadline, or an open task of the operator's people."
    ),
    guards=(
        "contracts_agreement.ended_with_duty",
        "contracts_deletionduty.due_as_signed",
        "contracts_deletionduty.certified_whole",
        "contracts_deletionduty.state_guard",
        "contracts_deletionduty.immutable",
        "contracts_deletionduty.set_once",
        "contracts_deletionduty.set_now",
        "contracts_deletionduty.dated_now",
        "contracts_deletionduty.no_delete",
        "contracts_deletionduty.deletion_certified_when",
        "contracts_deletionduty.deletion_overdue_when",
        "contracts_deletioncertificate.append_only",
        "contracts_deletioncertificate.dated_now",
        "contracts_deletioncertificate.certified_by_buyer",
        "contracts_deletioncertificate.deletion_stated",
    ),
    test="tests/contracts/ending/test_deletions.py::test_the_database_takes_no_duty_that_nobody_has",
    check=by_query(
        "SELECT a.public_id, y.public_id AS duty FROM contracts_agreement a JOIN contracts_instrument i ON i.id = a.instrument_id"  # noqa: S608
        " LEFT JOIN contracts_deletionduty y ON y.agreement_id = a.id"
        " LEFT JOIN contracts_deletioncertificate c ON c.duty_id = y.id"
        f" WHERE y.id IS NULL AND {DUE} OR y.id IS NOT NULL AND (a.state = 'in_force' OR (y.state = 'certified') <> (c.id IS NOT NULL)"
        "  OR y.due_by <> public.end_of_period(y.arose_at, 'P30D')"
        "  OR c.deleted_on < (coalesce(public.access_began(a.public_id), a.concluded_at) AT TIME ZONE 'Asia/Tokyo')::date"
        "  OR y.state = 'overdue' AND NOT EXISTS (SELECT FROM notices_task t"
        "   WHERE t.subject = y.public_id AND t.kind = 'look_into' AND t.state = 'open'))"
    ),
)
