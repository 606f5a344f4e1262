"""What is a participant's among listings."""

from __future__ import annotations

from marketplace.api.activity import ActivityRecords

ActivityRecords("listings", "listings.views.ListingViewSet", ("listings_listing",), keys=("seller_id",))
ActivityRecords(
    "listing-versions",
    "listings.views.ListingVersionViewSet",
    ("listings_listingversion", "listings_distribution", "listings_offer"),
    keys=("listing__seller_id",),
)
ActivityRecords(
    "listing-stakes",
    "listings.stake_views.StakeViewSet",
    ("listings_stake",),
    keys=("listing__seller_id",),
)
