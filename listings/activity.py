"""What is a participant's among listings."""

from __future__ import annotations

from marketplace.api.activity import ActivityRecords, no_activity

ActivityRecords("listings", "listings.views.ListingViewSet", ("listings_listing",), keys=("seller_id",))
ActivityRecords(
    "listing-versions",
    "listings.views.ListingVersionViewSet",
    ("listings_listingversion", "listings_distribution", "listings_offer"),
    keys=("listing__seller_id",),
)
no_activity("listings_shownsearch", "what several organisations searched for, which tells of none of them")
ActivityRecords(
    "listing-stakes",
    "listings.stake_views.StakeViewSet",
    ("listings_stake",),
    keys=("listing__seller_id",),
)
