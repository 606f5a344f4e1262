"""Whose the records of webhooks are."""

from __future__ import annotations

from marketplace.evidence.parties import RecordParties

RecordParties("whk", source="public.webhooks_webhook", keys=("r.organisation_id",))
