"""The evidence of incidents, of their assessments and entries, and of whom they concern."""

from __future__ import annotations

from marketplace.evidence.row_records import RecordedRows

_INCIDENT = "(SELECT i.public_id FROM oversight_incident i WHERE i.id = r.incident_id)"
_DEADLINES = "(SELECT count(*) FROM oversight_incidentdeadline d WHERE d.assessment_id = r.id)"

RecordedRows(
    table="oversight_incident",
    kinds=("oversight.incident_opened",),
    row="r.public_id, r.opened_by, r.commitment",
    record="e.subject, e.actor, e.payload -> 'commitment'",
)
RecordedRows(
    table="oversight_incidentassessment",
    kinds=("oversight.incident_assessed",),
    row=f"{_INCIDENT}, r.assessed_by, r.ground, r.persons, {_DEADLINES}",
    record="e.subject, e.actor, e.payload ->> 'ground', (e.payload ->> 'persons')::integer,"
    " (SELECT count(*) FROM jsonb_object_keys(e.payload -> 'due'))",
)
RecordedRows(
    table="oversight_incidentconcern",
    kinds=("oversight.incident_told",),
    row=f"{_INCIDENT}, r.told_by, r.organisation_identifier",
    record="e.subject, e.actor, e.payload ->> 'organisation'",
)
RecordedRows(
    table="oversight_incidententry",
    kinds=("oversight.incident_entered",),
    row=f"{_INCIDENT}, r.written_by, r.kind, r.duty, r.commitment",
    record="e.subject, e.actor, e.payload ->> 'kind', e.payload ->> 'duty', e.payload ->> 'commitment'",
)
