"""Whose the records of seals are: of those whose record it was, once it is open. And whom a seal keeps from a record."""

from __future__ import annotations

from marketplace.evidence.parties import SEALS, RecordParties

RecordParties("rsl", source="public.oversight_recordseal", lists=("r.parties",), untold="r.ended_at IS NULL")
SEALS.append(
    "EXISTS (SELECT FROM public.oversight_recordseal s"
    " WHERE s.record = stated_record AND s.ended_at IS NULL AND public.business_now() < s.review_at)"
)
