"""Participants in the API, and the input of their commands."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from marketplace.api.serializers import BilingualField, ChoiceLabelField, StrictSerializer
from marketplace.kernel.permissions import Permission

from .models import Admission, AdmissionCondition, Organisation, Segment
from .payout_queries import payout_account_now
from .principal import Principal
from .states import AccountType, AdmissionState, Capacity, MemberRole, OrganisationKind, OrganisationState
from .suspension_queries import standing_suspensions
from .suspension_serializers import SuspensionSerializer


class BilingualNameField(BilingualField):
    """``name_ja`` and ``name_en`` of a row as ``{"ja", "en"}``. Read only."""

    def __init__(self, **options: Any) -> None:
        """Read the whole row."""
        super().__init__(source="*", read_only=True, **options)

    def to_representation(self, value: Any) -> dict[str, str]:
        """``{"ja", "en"}``."""
        return {"ja": value.name_ja, "en": value.name_en}


class OrganisationSummarySerializer(serializers.ModelSerializer[Organisation]):
    """An organisation as every participant sees it."""

    id = serializers.CharField(source="public_id")
    name = BilingualNameField()
    kind_label = ChoiceLabelField(OrganisationKind, source="kind")
    state_label = ChoiceLabelField(OrganisationState, source="state")

    class Meta:
        model = Organisation
        fields: tuple[str, ...] = (
            "id",
            "name",
            "kind",
            "kind_label",
            "corporate_number",
            "invoice_registration_number",
            "country",
            "is_operator",
            "operator_affiliate",
            "state",
            "state_label",
            "registered_at",
        )


class PayoutAccountSerializer(serializers.Serializer[Any]):
    """The payout account; the holder in katakana."""

    bank_code = serializers.CharField(max_length=4)
    branch_code = serializers.CharField(max_length=3)
    account_type = serializers.ChoiceField(choices=AccountType.choices)
    account_number = serializers.CharField(max_length=7)
    account_holder_kana = serializers.CharField(max_length=100)


READS_ACCOUNTS = (Permission.MONEY_READ, Permission.CLEARING_READ, Permission.ADMISSION_READ)
"""By one of these the profile of an organisation shows its account."""


class OrganisationProfileSerializer(OrganisationSummarySerializer):
    """An organisation in full, as its own members and the operator see it."""

    payout_account = serializers.SerializerMethodField()
    suspensions = serializers.SerializerMethodField()

    class Meta(OrganisationSummarySerializer.Meta):
        fields = (
            *OrganisationSummarySerializer.Meta.fields,
            "name_kana",
            "address",
            "representative",
            "contact_email",
            "capital_yen",
            "employees",
            "officers",
            "payout_account",
            "suspensions",
        )

    @extend_schema_field(PayoutAccountSerializer(allow_null=True))
    def get_payout_account(self, row: Organisation) -> dict[str, str] | None:
        """The account that is used today; null if none is stated, and for who reads no accounts."""
        actor = self.context.get("actor") or self.context["view"].actor
        if not actor.may(*READS_ACCOUNTS):
            return None
        account = payout_account_now(row.pk)
        return None if account is None else dict(PayoutAccountSerializer(account).data)

    @extend_schema_field(SuspensionSerializer(many=True))
    def get_suspensions(self, row: Organisation) -> list[dict[str, Any]]:
        """The suspensions that stand, the oldest first."""
        return list(SuspensionSerializer(standing_suspensions(row.pk), many=True).data)


class SegmentSerializer(serializers.ModelSerializer[Segment]):
    """A market segment."""

    name = BilingualNameField()

    class Meta:
        model = Segment
        fields = ("code", "name", "opened_at")


class AdmissionConditionSerializer(serializers.ModelSerializer[AdmissionCondition]):
    """By ``due_on`` a qualification of the kind is verified, or the admission ends. ``is_met``: null while it is open.

    Evidence has the SHA-256 over the lines ``salt``, Japanese and English text.
    """

    id = serializers.CharField(source="public_id")
    qualification = serializers.CharField(source="kind.code")
    text = serializers.SerializerMethodField()

    class Meta:
        model = AdmissionCondition
        fields = ("id", "qualification", "due_on", "text", "stated_at", "settled_at", "is_met", "salt")

    @extend_schema_field(BilingualField())
    def get_text(self, row: AdmissionCondition) -> dict[str, str]:
        """What the operator says of it, in both languages."""
        return {"ja": row.text_ja, "en": row.text_en}


class AdmissionSerializer(serializers.ModelSerializer[Admission]):
    """An application for admission to a segment, and its state."""

    id = serializers.CharField(source="public_id")
    organisation = serializers.CharField(source="organisation.public_id")
    segment = serializers.CharField(source="segment.code")
    capacity_label = ChoiceLabelField(Capacity, source="capacity")
    state_label = ChoiceLabelField(AdmissionState, source="state")
    renews = serializers.CharField(source="renews.public_id", allow_null=True, default=None)
    conditions = AdmissionConditionSerializer(many=True)

    class Meta:
        model = Admission
        fields = (
            "id",
            "organisation",
            "segment",
            "capacity",
            "capacity_label",
            "state",
            "state_label",
            "declarations",
            "decision",
            "reason",
            "applied_at",
            "decided_at",
            "renews",
            "expires_on",
            "conditions",
        )


class CallerSerializer(serializers.Serializer[Principal]):
    """The caller, the organisation it acts for, and what it may do."""

    identifier = serializers.CharField(source="actor.identifier")
    role = serializers.CharField(source="actor.role")
    responsible = serializers.CharField(source="actor.responsible")
    roles = serializers.ListField(
        child=serializers.ChoiceField(choices=MemberRole.choices), max_length=len(MemberRole)
    )
    permissions = serializers.SerializerMethodField()
    proved_at = serializers.DateTimeField(source="actor.proved_at", allow_null=True)
    organisation = serializers.SerializerMethodField()

    def get_permissions(self, caller: Principal) -> list[str]:
        """The permissions of the caller, sorted."""
        return sorted(caller.actor.permissions)

    @extend_schema_field(OrganisationProfileSerializer(allow_null=True))
    def get_organisation(self, caller: Principal) -> dict[str, Any] | None:
        """The organisation that the caller acts for; null for a person without one."""
        row = Organisation.objects.filter(public_id=caller.actor.organisation or "").first()
        if row is None:
            return None
        return dict(OrganisationProfileSerializer(row, context={"actor": caller.actor}).data)


class RegisterOrganisationSerializer(StrictSerializer):
    """An organisation to register."""

    name = BilingualField()
    kind = serializers.ChoiceField(choices=OrganisationKind.choices)
    corporate_number = serializers.CharField(max_length=13, allow_null=True, default=None)
    invoice_registration_number = serializers.CharField(max_length=14, allow_null=True, default=None)
    country = serializers.CharField(max_length=2, default="JP")
    address = serializers.CharField(max_length=300)
    representative = serializers.CharField(max_length=100)
    payout_account = PayoutAccountSerializer(allow_null=True, default=None)


class OpenSegmentSerializer(StrictSerializer):
    """A segment to open."""

    code = serializers.CharField(max_length=40)
    name = BilingualField()


class ApplySerializer(StrictSerializer):
    """An application for admission, with the declarations of the applicant."""

    segment = serializers.CharField(max_length=40)
    capacity = serializers.ChoiceField(choices=Capacity.choices)
    declarations = serializers.DictField()


class AdmissionWithdrawSerializer(StrictSerializer):
    """Why an application or admission is withdrawn; the operator must give a reason."""

    reason = serializers.CharField(max_length=2_000, required=False, default="", allow_blank=True)
