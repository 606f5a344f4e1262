"""Whose the records of approvals are: of the organisation whose people act."""

from __future__ import annotations

from marketplace.evidence.parties import RecordParties

RecordParties("apv", source="public.approvals_approval", names=("r.organisation",))
