"""Whose the records are that are about the pipe of events."""

from __future__ import annotations

from marketplace.evidence.parties import RecordParties

RecordParties(
    "evt", nobody="The operator mended how the market handles an event; what it did has its own record."
)
RecordParties("asd", nobody="The operator mended a step of the market; what it did has its own record.")
