"""Whose the records of the registers are."""

from __future__ import annotations

from marketplace.evidence.parties import RecordParties

RecordParties("arc", source="public.oversight_activityrecord", keys=("r.organisation_id",))
RecordParties("csl", source="public.oversight_consultation", keys=("r.organisation_id",))
RecordParties("rvw", source="public.oversight_review", lists=("r.parties",), untold="r.told_at IS NULL")
RecordParties(
    "inc",
    source="public.oversight_incident",
    keys=("r.organisation_id",),
    also="SELECT c.organisation_identifier FROM public.oversight_incidentconcern c"
    " JOIN public.oversight_incident i ON i.id = c.incident_id WHERE i.public_id = stated_subject",
)
RecordParties(
    "lhd",
    nobody="What an authority asks to keep stays secret while it investigates (Code of Criminal Procedure art. 197 (5)).",
)
# Each participant is told of itself alone.
RecordParties(
    "oversight.incident_told",
    source="(SELECT 1)",
    where="true",
    names=("stated_payload ->> 'organisation'",),
)
