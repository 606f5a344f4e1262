"""What is a participant's in the evidence log: the witnesses that it runs."""

from __future__ import annotations

from marketplace.api.activity import ActivityRecords

ActivityRecords(
    "witnesses",
    "marketplace.evidence.witness_views.WitnessViewSet",
    ("evidence_witness",),
    names=("organisation",),
)
