"""Whose the records of documents are: those of a sealed document are about its subject."""

from __future__ import annotations

from marketplace.evidence.parties import RecordParties

RecordParties("dcr", nobody="A certificate of the operator is everybody's to verify with.")
