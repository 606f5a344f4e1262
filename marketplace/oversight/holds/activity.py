"""Legal holds are in nobody's records."""

from __future__ import annotations

from marketplace.api.activity import no_activity

no_activity(
    "oversight_legalhold",
    "what the operator keeps for proceedings, also before it may tell those whom it concerns",
)
