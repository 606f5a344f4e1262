"""Routes of listings."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from .stake_views import StakeViewSet
from .views import CatalogueGraphView, CatalogueViewSet, ListingVersionViewSet, ListingViewSet

router = SimpleRouter()
router.register("catalogue", CatalogueViewSet, basename="catalogue-entry")
router.register("listings", ListingViewSet, basename="listing")
router.register("listing-stakes", StakeViewSet, basename="listing-stake")
router.register("listing-versions", ListingVersionViewSet, basename="listing-version")

urlpatterns = [
    path("catalogue.jsonld", CatalogueGraphView.as_view(), name="catalogue-graph"),
    *router.urls,
]
