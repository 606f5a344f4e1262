"""Whose the records of staff accesses are."""

from __future__ import annotations

from marketplace.evidence.parties import RecordParties

RecordParties(
    "sac",
    source="public.access_staffaccess",
    names=("r.organisation_identifier",),
    untold="r.told_at IS NULL",
)
