"""Why applications for registration are in no participant's records."""

from __future__ import annotations

from marketplace.api.activity import no_activity

no_activity(
    "registration_registration",
    "what was stated in it stands in the organisation; the documents are of persons, who ask the operator",
)
