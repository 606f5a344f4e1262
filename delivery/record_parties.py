"""Whose the records of deliveries are: the buyer's and the seller's."""

from __future__ import annotations

from marketplace.evidence.parties import RecordParties

RecordParties(
    "ent", source="public.delivery_entitlement", names=("r.buyer_identifier", "r.seller_identifier")
)
RecordParties("otg", nobody="An outage is the whole market's, and public.")
