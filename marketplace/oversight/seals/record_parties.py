"""Whose the records of seals are: of those whose record it was, once it is open again. And whom a seal keeps from a record."""

from __future__ import annotations

from marketplace.evidence.parties import SEALS, RecordParties

RecordParties(
    "rsl",
    source="public.oversight_recordseal",
    lists=("r.parties",),
    # Another seal, or law itself, may keep the record secret when this one has ended. A record is older than its seals, so
    # the function that asks itself comes to an end.
    untold="r.ended_at IS NULL OR EXISTS (SELECT FROM public.evidence_evidencerecord e WHERE e.public_id = r.record"
    " AND public.evidence_is_sealed(e.public_id, e.kind, e.subject, e.occurred_at))",
)
SEALS.append(
    "EXISTS (SELECT FROM public.oversight_recordseal s"
    " WHERE s.record = stated_record AND s.ended_at IS NULL AND public.business_now() < s.review_at)"
)
