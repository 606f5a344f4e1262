"""Filters of deliveries, vouchers and downloads."""

from __future__ import annotations

import django_filters

from marketplace.api.filters import AskedFilterSet

from .models import Download, Entitlement, Voucher
from .states import DownloadState, EntitlementState, InspectionState


class DeliveryFilter(AskedFilterSet):
    """Filters by state, state of an inspection, agreement, trade and listing version."""

    state = django_filters.ChoiceFilter(choices=EntitlementState.choices)
    inspection = django_filters.ChoiceFilter(
        field_name="inspections__state", choices=InspectionState.choices, distinct=True
    )

    class Meta:
        model = Entitlement
        fields = ("state", "inspection", "agreement", "trade", "listing", "listing_version")


class VoucherFilter(AskedFilterSet):
    """Filters by delivery, by whether the hashes match, and by whether the report waits for the end of the sending."""

    delivery = django_filters.CharFilter(field_name="entitlement__public_id")
    waiting = django_filters.BooleanFilter(field_name="matched", lookup_expr="isnull")

    class Meta:
        model = Voucher
        fields = ("delivery", "matched")


class DownloadFilter(AskedFilterSet):
    """Filters by delivery and state."""

    delivery = django_filters.CharFilter(field_name="entitlement__public_id")
    state = django_filters.ChoiceFilter(choices=DownloadState.choices)

    class Meta:
        model = Download
        fields = ("delivery", "state")
