"""How participation is written out, and what its commands take."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from marketplace.api.serializers import BilingualField, ChoiceLabelField, StrictSerializer

from .models import Admission, Application, Membership, Organisation, Segment
from .principal import Principal
from .states import AccountType, AdmissionState, Capacity, MemberRole, OrganisationKind, OrganisationState


class BilingualNameField(BilingualField):
    """``name_ja`` and ``name_en`` of a row as ``{"ja", "en"}``. Read only."""

    def __init__(self, **options: Any) -> None:
        """Reads the whole row."""
        super().__init__(source="*", read_only=True, **options)

    def to_representation(self, value: Any) -> dict[str, str]:
        """``{"ja", "en"}``."""
        return {"ja": value.name_ja, "en": value.name_en}


class OrganisationSummarySerializer(serializers.ModelSerializer[Organisation]):
    """What every participant may know of another."""

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
    """The account to which money is paid out; the holder in katakana."""

    bank_code = serializers.CharField(max_length=4)
    branch_code = serializers.CharField(max_length=3)
    account_type = serializers.ChoiceField(choices=AccountType.choices)
    account_number = serializers.CharField(max_length=7)
    account_holder_kana = serializers.CharField(max_length=100)


class OrganisationProfileSerializer(OrganisationSummarySerializer):
    """All of an organisation, for its own people and the operator."""

    payout_account = serializers.SerializerMethodField()

    class Meta(OrganisationSummarySerializer.Meta):
        fields = (
            *OrganisationSummarySerializer.Meta.fields,
            "address",
            "representative",
            "payout_account",
            "suspension_reason_code",
            "suspension_reason",
        )

    @extend_schema_field(PayoutAccountSerializer(allow_null=True))
    def get_payout_account(self, row: Organisation) -> dict[str, str] | None:
        """The account, or null while none is stated."""
        return dict(PayoutAccountSerializer(row).data) if row.bank_code else None


class SegmentSerializer(serializers.ModelSerializer[Segment]):
    """A field of data that is open for trade."""

    name = BilingualNameField()

    class Meta:
        model = Segment
        fields = ("code", "name", "opened_at")


class AdmissionSerializer(serializers.ModelSerializer[Admission]):
    """An application to take part in a segment, and what became of it."""

    id = serializers.CharField(source="public_id")
    organisation = serializers.CharField(source="organisation.public_id")
    segment = serializers.CharField(source="segment.code")
    capacity_label = ChoiceLabelField(Capacity, source="capacity")
    state_label = ChoiceLabelField(AdmissionState, source="state")

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
        )


class MemberSerializer(serializers.ModelSerializer[Membership]):
    """A person who acts for an organisation."""

    id = serializers.CharField(source="public_id")
    organisation = serializers.CharField(source="organisation.public_id")
    user = serializers.CharField(source="user.public_id")
    email = serializers.EmailField(source="user.email")
    name = serializers.CharField(source="user.name")
    role_label = ChoiceLabelField(MemberRole, source="role")

    class Meta:
        model = Membership
        fields = ("id", "organisation", "user", "email", "name", "role", "role_label", "since")


class ApplicationSerializer(serializers.ModelSerializer[Application]):
    """A program that acts for an organisation. The secret is shown once, when the program is created."""

    id = serializers.CharField(source="public_id")
    organisation = serializers.CharField(source="organisation.public_id")
    client_secret = serializers.CharField(source="issued_secret", allow_null=True)

    class Meta:
        model = Application
        fields = ("id", "organisation", "name", "client_id", "client_secret", "created")


class CallerSerializer(serializers.Serializer[Principal]):
    """Who the caller is, for whom it acts, and how far its token reaches."""

    identifier = serializers.CharField(source="actor.identifier")
    role = serializers.CharField(source="actor.role")
    member_role = serializers.CharField(allow_null=True)
    scopes = serializers.SerializerMethodField()
    organisation = serializers.SerializerMethodField()

    def get_scopes(self, caller: Principal) -> list[str]:
        """The scopes of the token, sorted."""
        return sorted(caller.scopes)

    @extend_schema_field(OrganisationProfileSerializer)
    def get_organisation(self, caller: Principal) -> dict[str, Any]:
        """The organisation acted for."""
        row = Organisation.objects.get(pk=caller.actor.require_organisation())
        return dict(OrganisationProfileSerializer(row).data)


class RegisterOrganisationSerializer(StrictSerializer):
    """An organisation as it makes itself known."""

    name = BilingualField()
    kind = serializers.ChoiceField(choices=OrganisationKind.choices)
    corporate_number = serializers.CharField(max_length=13, allow_null=True, default=None)
    invoice_registration_number = serializers.CharField(max_length=14, allow_null=True, default=None)
    country = serializers.CharField(max_length=2, default="JP")
    address = serializers.CharField(max_length=300)
    representative = serializers.CharField(max_length=100)
    payout_account = PayoutAccountSerializer(allow_null=True, default=None)
    operator_affiliate = serializers.BooleanField(default=False)


class SuspendSerializer(StrictSerializer):
    """Why an organisation is suspended: a code for programs, and words that it reads itself."""

    reason_code = serializers.CharField(max_length=40)
    reason = serializers.CharField(max_length=2_000)


class DeclareAffiliationSerializer(StrictSerializer):
    """Whether the organisation belongs to the operator's group."""

    affiliated = serializers.BooleanField()


class OpenSegmentSerializer(StrictSerializer):
    """A field of data to open."""

    code = serializers.CharField(max_length=40)
    name = BilingualField()


class ApplySerializer(StrictSerializer):
    """What the caller's organisation asks for, and what it declares of itself."""

    segment = serializers.CharField(max_length=40)
    capacity = serializers.ChoiceField(choices=Capacity.choices)
    declarations = serializers.DictField()


class DecideSerializer(StrictSerializer):
    """A person's decision on an application that the rules put on hold."""

    outcome = serializers.ChoiceField(choices=(("allow", "allow"), ("deny", "deny")))
    reason = serializers.CharField(max_length=2_000)


class AdmissionWithdrawSerializer(StrictSerializer):
    """Why an application or admission ends; the operator says so always."""

    reason = serializers.CharField(max_length=2_000, required=False, default="", allow_blank=True)


class AddMemberSerializer(StrictSerializer):
    """A person who will act for an organisation; the caller's own, unless the operator names another."""

    organisation = serializers.CharField(max_length=31, required=False)
    email = serializers.CharField(max_length=254)
    name = serializers.CharField(max_length=100)
    role = serializers.ChoiceField(choices=MemberRole.choices)


class CreateApplicationSerializer(StrictSerializer):
    """A program that will act for an organisation; the caller's own, unless the operator names another."""

    organisation = serializers.CharField(max_length=31, required=False)
    name = serializers.CharField(max_length=255)
