"""What is a participant's among decisions."""

from __future__ import annotations

from marketplace.api.activity import ActivityRecords

ActivityRecords(
    "decisions", "marketplace.rules.views.DecisionViewSet", ("rules_decision",), lists=("parties",)
)
