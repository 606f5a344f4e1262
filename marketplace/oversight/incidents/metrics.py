"""How many reports of incidents are overdue."""

from __future__ import annotations

from marketplace.kernel.alarms import Alarm
from marketplace.kernel.labels import Label
from marketplace.kernel.metrics import Gauge, by_number

# Open incidents are few, and have an index of their own.
OVERDUE = """
    SELECT count(*) FROM oversight_incident i JOIN oversight_incidentdeadline d ON d.incident_id = i.id
     WHERE i.closed_at IS NULL AND d.due_at < business_now()
       AND d.assessment_id = (SELECT max(a.id) FROM oversight_incidentassessment a WHERE a.incident_id = i.id)
       AND NOT EXISTS (SELECT FROM oversight_incidententry e WHERE e.incident_id = i.id AND e.duty = d.duty)
"""
OVERDUE_REPORTS = Gauge(
    name="oversight_overdue_reports",
    description="Reports of incidents that law demands and that were not recorded in time.",
    read=by_number(OVERDUE),
)

Alarm(
    code="reports_overdue",
    gauge=OVERDUE_REPORTS,
    above=0,
    title=Label("A report of an incident is overdue", "事案の報告期限を過ぎています"),
    action=Label(
        "Make the report now (incidents/?open=true names it) and record it under the incident's entries.",
        "直ちに報告を行い（対象は incidents/?open=true）、事案の entries に記録してください。",
    ),
)
