"""What is a participant's among webhooks."""

from __future__ import annotations

from marketplace.api.activity import ActivityRecords

ActivityRecords(
    "webhooks", "marketplace.webhooks.views.WebhookViewSet", ("webhooks_webhook",), keys=("organisation_id",)
)
