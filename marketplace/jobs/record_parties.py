"""Whose the records of jobs are."""

from __future__ import annotations

from marketplace.evidence.parties import RecordParties

RecordParties("job", source="public.jobs_job", names=("r.organisation",), leaves=True)
