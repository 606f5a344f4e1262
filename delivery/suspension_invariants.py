"""The invariant of access that is suspended or stopped; ``invariants`` imports it."""

from __future__ import annotations

from contracts.plan import SUSPENSION_DAYS_MAX
from marketplace.kernel.invariants import Invariant, by_query

Invariant(
    name="delivery.suspensions_are_looked_at",
    promise=10,
    statement=(
        "While access is suspended, the operator has an open task to look at it; a suspension by the operator ends after the days that it may"
        " last, and a stop of use with the term: no access waits for ever. A stop that was decided before access began holds."
    ),
    guards=(
        "delivery_entitlement.entitlement_suspended_since",
        "delivery_entitlement.entitlement_stopped_when",
        "delivery_entitlement.stopped_as_decided",
        "delivery_entitlement.term_stands_still",
    ),
    test="tests/delivery/test_restitutions.py::test_a_suspension_in_silence_is_named",
    check=by_query(
        "SELECT d.public_id FROM delivery_entitlement d WHERE d.state = 'suspended' AND (NOT EXISTS ("  # noqa: S608  our own words
        "  SELECT FROM notices_task t WHERE t.subject = d.public_id AND t.kind = 'release' AND t.state = 'open')"
        # The sweeps carry out what is over within a day.
        f" OR d.stopped_by = '' AND d.suspended_at < business_now() - interval '{SUSPENSION_DAYS_MAX + 1} days'"
        " OR d.stopped_by <> '' AND d.expires_at < business_now() - interval '1 day' AND NOT EXISTS ("
        "  SELECT FROM delivery_inspection n WHERE n.entitlement_id = d.id AND n.state = 'disputed'))"
        " UNION SELECT d.public_id FROM delivery_entitlement d JOIN contracts_agreement a ON a.public_id = d.agreement"
        "  JOIN contracts_dispute s ON s.agreement_id = a.id AND s.outcome = 'stop_of_use' AND s.resolved_at < d.granted_at"
        "  WHERE d.ended_at IS NULL AND NOT EXISTS ("
        "   SELECT FROM evidence_evidencerecord e WHERE e.subject = d.public_id AND e.kind = 'delivery.stopped')"
    ),
)
