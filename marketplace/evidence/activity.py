"""What is a participant's in the evidence log: the records to which it is a party, and the witnesses that it runs."""

from __future__ import annotations

from marketplace.api.activity import ActivityRecords

ActivityRecords(
    "witnesses",
    "marketplace.evidence.witness_views.WitnessViewSet",
    ("evidence_witness",),
    names=("organisation",),
)
ActivityRecords(
    "evidence",
    "marketplace.evidence.views.ProvedRecordViewSet",
    ("evidence_evidencerecord", "evidence_recordparty"),
    names=("parties__organisation",),
)
