"""Listings in the API, and the input of their commands."""

from __future__ import annotations

import json
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from marketplace.api.serializers import AmountField, BilingualField, ChoiceLabelField, StrictSerializer
from marketplace.kernel.bounds import CHARGES_MAX, DAYS_MAX, FUNDING_DAYS_MAX, INSPECTION_DAYS_MAX, MONTHS_MAX
from marketplace.kernel.identifiers import IDENTIFIER_LENGTH
from marketplace.kernel.money import BASIS_POINTS

from .ending import NOTICE_DAYS, RefundRule
from .metering import TIERS_MAX, TRIAL_DAYS_MAX, USES_MAX
from .models import Distribution, Listing, ListingVersion, Offer
from .rights import dataspace_policy, parse_rights, summary
from .shares import SHARES_MAX
from .states import Charging, ListingState, PersonalDataClass, SignatureLevel, TaxCategory, VersionState


class SourceSerializer(StrictSerializer):
    """The source of the data and its licence."""

    name = serializers.CharField(max_length=300, required=False, allow_blank=True)
    url = serializers.URLField(max_length=300, required=False, allow_blank=True)
    licence = serializers.CharField(max_length=300, required=False, allow_blank=True)


class DistributionSerializer(serializers.ModelSerializer[Distribution]):
    """A file of a version, with its hashes."""

    id = serializers.CharField(source="public_id")

    class Meta:
        model = Distribution
        fields = ("id", "file_name", "media_type", "size_bytes", "sha256", "sha512")


class RightsLineSerializer(serializers.Serializer[Any]):
    """One term of the rights of use, as text."""

    term = serializers.CharField()
    label = BilingualField()  # type: ignore[assignment]
    value = BilingualField()


class TierSerializer(StrictSerializer):
    """From use ``from_use`` of a period on, a use costs ``unit_price_minor``."""

    from_use = serializers.IntegerField(min_value=2, max_value=USES_MAX)
    unit_price_minor = AmountField(min_value=0)


class MeteringSerializer(StrictSerializer):
    """Of metered use: tiers after the first, free uses of each period, and a trial, in days or in uses."""

    tiers = TierSerializer(many=True, required=False, max_length=TIERS_MAX)  # type: ignore[call-arg]  # the stubs lack it
    free_uses = serializers.IntegerField(min_value=0, max_value=USES_MAX, required=False)
    trial_days = serializers.IntegerField(min_value=0, max_value=TRIAL_DAYS_MAX, required=False)
    trial_uses = serializers.IntegerField(min_value=0, max_value=USES_MAX, required=False)


class ShareSerializer(StrictSerializer):
    """A beneficiary of the price, and its share in hundredths of a percent."""

    organisation = serializers.CharField(max_length=IDENTIFIER_LENGTH)
    share_bp = serializers.IntegerField(min_value=1, max_value=BASIS_POINTS)


class ChargingSerializer(StrictSerializer):
    """In which rhythm a price is charged: once, in ``charges`` instalments of it, it for each of ``charges`` periods, or (metered)
    ``unit_price_minor`` for each use and at most ``price_minor`` a period.

    A charge every ``period_months`` months, from ``first_period_from`` on, or from the day of the conclusion if that is null.
    """

    kind = serializers.ChoiceField(choices=Charging.choices)
    charges = serializers.IntegerField(min_value=1, max_value=CHARGES_MAX, required=False)
    period_months = serializers.IntegerField(min_value=1, max_value=MONTHS_MAX, required=False)
    first_period_from = serializers.CharField(max_length=10, required=False, allow_null=True)
    unit_price_minor = AmountField(required=False, allow_null=True)
    metering = MeteringSerializer(required=False, allow_null=True)
    shares = ShareSerializer(many=True, required=False, max_length=SHARES_MAX)  # type: ignore[call-arg]  # the stubs lack it
    adjustments = serializers.ListField(child=serializers.DictField(), required=False, max_length=3)


class EndingTermSerializer(StrictSerializer):
    """Whether a party may end the contract by notice, of how many days (null: not at all), and what then comes back."""

    convenience_notice_days = serializers.IntegerField(
        required=False, allow_null=True, min_value=NOTICE_DAYS[0], max_value=NOTICE_DAYS[1]
    )
    refund = serializers.ChoiceField(choices=RefundRule.choices, required=False)


class OfferSerializer(serializers.ModelSerializer[Offer]):
    """The price and the rights of use: as choices, as ODRL and as text. ``ending``: whether notice ends the contract."""

    id = serializers.CharField(source="public_id")
    rights = serializers.DictField()
    charging = ChargingSerializer()
    ending = EndingTermSerializer()
    rights_in_words = serializers.SerializerMethodField()
    policy = serializers.DictField()
    dataspace_policy = serializers.SerializerMethodField()

    class Meta:
        model = Offer
        fields = (
            "id",
            "price_minor",
            "currency",
            "tax_category",
            "rights",
            "rights_in_words",
            "policy",
            "policy_digest",
            "dataspace_policy",
            "template",
            "funding_days",
            "inspection_days",
            "negotiable",
            "charging",
            "signature_level",
            "ending",
        )

    @extend_schema_field(RightsLineSerializer(many=True))
    def get_rights_in_words(self, offer: Offer) -> list[dict[str, Any]]:
        """The rights of use as text."""
        return summary(parse_rights(offer.rights))

    def get_dataspace_policy(self, offer: Offer) -> dict[str, Any]:
        """The policy as a catalogue of the Dataspace Protocol 2025-1 states it."""
        return dataspace_policy(offer.policy)


class ListingVersionSerializer(serializers.ModelSerializer[ListingVersion]):
    """A version as its seller sees it, with the decision on it."""

    id = serializers.CharField(source="public_id")
    listing = serializers.CharField(source="listing.public_id")
    state_label = ChoiceLabelField(VersionState, source="state")
    distributions = DistributionSerializer(many=True)
    offer = OfferSerializer()

    class Meta:
        model = ListingVersion
        fields = (
            "id",
            "listing",
            "number",
            "state",
            "state_label",
            "decision",
            "decision_reason",
            "salt",
            "created_at",
            "submitted_at",
            "decided_at",
            "published_at",
            "distributions",
            "offer",
        )


class ListingSerializer(serializers.ModelSerializer[Listing]):
    """A listing as its seller sees it."""

    id = serializers.CharField(source="public_id")
    segment = serializers.CharField(source="segment_id")
    title = BilingualField()
    description = BilingualField()
    keywords = serializers.ListField(child=serializers.CharField())
    source = SourceSerializer()  # type: ignore[assignment]
    anonymisation = serializers.DictField(allow_null=True)
    state_label = ChoiceLabelField(ListingState, source="state")
    personal_data_class_label = ChoiceLabelField(PersonalDataClass, source="personal_data_class")

    class Meta:
        model = Listing
        fields: tuple[str, ...] = (
            "id",
            "reference",
            "segment",
            "title",
            "description",
            "keywords",
            "source",
            "personal_data_class",
            "personal_data_class_label",
            "update_interval_days",
            "anonymisation",
            "state",
            "state_label",
            "created_at",
            "withdrawal_reason",
            "salt",
        )


class SellerSerializer(serializers.Serializer[Any]):
    """The seller, with its registration for qualified invoices."""

    id = serializers.CharField(source="public_id")
    name = BilingualField()
    kind = serializers.CharField()
    invoice_registration_number = serializers.CharField(allow_null=True)


class PublishedVersionSerializer(serializers.ModelSerializer[ListingVersion]):
    """The published version."""

    id = serializers.CharField(source="public_id")
    distributions = DistributionSerializer(many=True)

    class Meta:
        model = ListingVersion
        fields = ("id", "number", "published_at", "distributions")


class CatalogueEntrySerializer(ListingSerializer):
    """A listing in the catalogue: its description, seller, version and offer."""

    seller = SellerSerializer(source="seller_view")
    version = PublishedVersionSerializer(source="published_version", read_only=True)
    offer = OfferSerializer(source="published_version.offer", read_only=True)

    class Meta(ListingSerializer.Meta):
        fields = (
            "id",
            "seller",
            "segment",
            "title",
            "description",
            "keywords",
            "source",
            "personal_data_class",
            "personal_data_class_label",
            "update_interval_days",
            "anonymisation",
            "version",
            "offer",
        )


class AnonymisationSerializer(StrictSerializer):
    """How anonymised information was made and is published."""

    items = serializers.ListField(child=serializers.CharField(max_length=200), max_length=500, required=False)
    criteria = serializers.DictField(child=serializers.BooleanField(), required=False)
    method = serializers.CharField(max_length=1000, required=False)
    published_at_url = serializers.URLField(max_length=500, required=False)


class DescriptionSerializer(StrictSerializer):
    """The description of a listing."""

    title = BilingualField()
    description = BilingualField()
    keywords = serializers.ListField(child=serializers.CharField(max_length=100), max_length=30)
    source = SourceSerializer()  # type: ignore[assignment]
    update_interval_days = serializers.IntegerField(
        min_value=1, max_value=DAYS_MAX, required=False, allow_null=True
    )
    anonymisation = AnonymisationSerializer(required=False, allow_null=True)


class CreateListingSerializer(DescriptionSerializer):
    """A new listing."""

    reference = serializers.CharField(max_length=60)
    segment = serializers.CharField(max_length=40)
    personal_data_class = serializers.ChoiceField(choices=PersonalDataClass.choices)


class ReviseListingSerializer(DescriptionSerializer):
    """The parts of the description to change; the rest stays."""

    title = BilingualField(required=False)
    description = BilingualField(required=False)
    keywords = serializers.ListField(
        child=serializers.CharField(max_length=100), max_length=30, required=False
    )
    source = SourceSerializer(required=False)


class OfferInputSerializer(StrictSerializer):
    """The terms of an offer. ``rights``: the rights of use, as choices."""

    price_minor = AmountField(min_value=0)
    currency = serializers.RegexField(r"^[A-Z]{3}$", required=False)
    tax_category = serializers.ChoiceField(choices=TaxCategory.choices, required=False)
    rights = serializers.DictField()
    template = serializers.CharField(max_length=60)
    funding_days = serializers.IntegerField(min_value=0, required=False, max_value=FUNDING_DAYS_MAX)
    inspection_days = serializers.IntegerField(min_value=1, required=False, max_value=INSPECTION_DAYS_MAX)
    negotiable = serializers.BooleanField(required=False)
    charging = ChargingSerializer(required=False)
    signature_level = serializers.ChoiceField(choices=SignatureLevel.choices, required=False)
    ending = EndingTermSerializer(required=False)


@extend_schema_field(OfferInputSerializer)
class OfferDocumentField(serializers.Field[Any, Any, Any, Any]):
    """An offer as a JSON document in one part of a multipart request."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """The validated offer; raises ValidationError, which names the invalid member."""
        try:
            document = json.loads(data) if isinstance(data, str) else data
        except json.JSONDecodeError as error:
            raise serializers.ValidationError("Specify the offer as a JSON object.", "invalid") from error
        checked = OfferInputSerializer(data=document)
        checked.is_valid(raise_exception=True)
        return dict(checked.validated_data)

    def to_representation(self, value: Any) -> Any:
        """The offer as given."""
        return value


class AddVersionSerializer(StrictSerializer):
    """Files and the offer for them, as ``multipart/form-data``."""

    files = serializers.ListField(child=serializers.FileField(max_length=200), min_length=1, max_length=50)
    offer = OfferDocumentField()


class ListingWithdrawSerializer(StrictSerializer):
    """Why a listing is withdrawn."""

    reason = serializers.CharField(max_length=1000, required=False, allow_blank=True)
