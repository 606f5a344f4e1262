"""Whose the records of listings are: the seller's."""

from __future__ import annotations

from marketplace.evidence.parties import RecordParties

RecordParties("lst", source="public.listings_listing", keys=("r.seller_id",))
RecordParties(
    "lsv",
    source="(SELECT v.public_id, l.seller_id FROM public.listings_listingversion v"
    " JOIN public.listings_listing l ON l.id = v.listing_id)",
    keys=("r.seller_id",),
)
RecordParties(
    "stk",
    source="(SELECT s.public_id, l.seller_id FROM public.listings_stake s"
    " JOIN public.listings_listing l ON l.id = s.listing_id)",
    keys=("r.seller_id",),
)
