"""Whose the records of cases are."""

from __future__ import annotations

from marketplace.evidence.parties import RecordParties

RecordParties("cas", source="public.cases_case", keys=("r.organisation_id", "r.counterparty_id"))
RecordParties("oct", nobody="Who of the operator is on call is public.")
