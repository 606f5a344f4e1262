"""Whose the records of applications are: the organisation's that the application became."""

from __future__ import annotations

from marketplace.evidence.parties import RecordParties

RecordParties("reg", source="public.registration_registration", keys=("r.organisation_id",), leaves=True)
# What a screening found is not told to whom it is about, before people have looked at it (FATF recommendation 21 (b); the Act
# on Prevention of Transfer of Criminal Proceeds art. 8 (3)).
for _kind, _reviewed in {
    "registration.screened": "jsonb_array_length(e.payload -> 'findings') > 0",
    "registration.screening_assessed": "true",
}.items():
    RecordParties(
        _kind,
        source="public.registration_registration",
        keys=("r.organisation_id",),
        sealed_days=365,
        reviewed_if=_reviewed,
        leaves=True,
    )
RecordParties("rgs", nobody="An extract of a public register.")
RecordParties("scl", nobody="A list that a public authority published.")
