"""Filters of listings and versions."""

from __future__ import annotations

from django.db.models import QuerySet
from django_filters import rest_framework as filters

from marketplace.api.filters import AmountFilter
from marketplace.participants.queries import organisations_by_public_id

from . import queries
from .models import Listing, ListingVersion
from .states import ListingState, PersonalDataClass, VersionState


class CatalogueFilter(filters.FilterSet):
    """Filters by words, segment, class of personal data, seller and price."""

    text = filters.CharFilter(method="find", label="Words in Japanese or English", max_length=200)
    segment = filters.CharFilter(field_name="segment_id", label="Code of a segment")
    personal_data_class = filters.ChoiceFilter(choices=PersonalDataClass.choices)
    seller = filters.CharFilter(method="of_seller", label="Identifier of an organisation")
    price_minor_max = AmountFilter(method="up_to_price", label="Largest price without tax, in minor units")

    class Meta:
        model = Listing
        fields: tuple[str, ...] = ()

    def find(self, rows: QuerySet[Listing], name: str, value: str) -> QuerySet[Listing]:
        """Listings that match the words, the most relevant first."""
        return queries.search_listings(rows, value)

    def of_seller(self, rows: QuerySet[Listing], name: str, value: str) -> QuerySet[Listing]:
        """Listings of this seller."""
        sellers = organisations_by_public_id([value])
        return rows.filter(seller_id=sellers[value].id) if value in sellers else rows.none()

    def up_to_price(self, rows: QuerySet[Listing], name: str, value: int) -> QuerySet[Listing]:
        """Listings offered for at most this price."""
        return rows.filter(
            versions__state=VersionState.PUBLISHED, versions__offer__price_minor__lte=int(value)
        )


class ListingFilter(filters.FilterSet):
    """Filters by reference, segment and state."""

    reference = filters.CharFilter()
    segment = filters.CharFilter(field_name="segment_id")
    state = filters.ChoiceFilter(choices=ListingState.choices)

    class Meta:
        model = Listing
        fields: tuple[str, ...] = ()


class ListingVersionFilter(filters.FilterSet):
    """Filters by listing and state."""

    listing = filters.CharFilter(field_name="listing__public_id")
    state = filters.ChoiceFilter(choices=VersionState.choices)

    class Meta:
        model = ListingVersion
        fields: tuple[str, ...] = ()
