"""Whose the records of the log itself are."""

from __future__ import annotations

from .parties import RecordParties

RecordParties("wit", source="public.evidence_witness", names=("r.organisation",))
RecordParties("kan", nobody="A key of the market is everybody's to verify with.")
RecordParties("mky", nobody="A key of the market is everybody's to verify with.")
RecordParties("evidence.rows_sealed", nobody="It is the digest of rows of all participants.")
