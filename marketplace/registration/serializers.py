"""Applications in the API, and the input of their commands."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from marketplace.api.serializers import BilingualField, ChoiceLabelField, StrictSerializer
from marketplace.participants.models import LANGUAGES
from marketplace.participants.serializers import BilingualNameField, PayoutAccountSerializer
from marketplace.participants.states import OrganisationKind

from .bounds import CODE_DIGITS, OWNERS_MAX
from .models import BeneficialOwner, Registration, Screening, SupportingDocument
from .states import (
    REASON_LENGTH_MAX,
    DocumentKind,
    FindingCode,
    OwnerBasis,
    RegistrationState,
    ScreeningCause,
    ScreeningOutcome,
)


class SupportingDocumentSerializer(serializers.ModelSerializer[SupportingDocument]):
    """A supporting document, without its content."""

    id = serializers.CharField(source="public_id")
    registration = serializers.CharField(source="registration.public_id")
    kind_label = ChoiceLabelField(DocumentKind, source="kind")

    class Meta:
        model = SupportingDocument
        fields = (
            "id",
            "registration",
            "kind",
            "kind_label",
            "name",
            "media_type",
            "size_bytes",
            "sha256",
            "added_at",
        )


class BeneficialOwnerSerializer(serializers.ModelSerializer[BeneficialOwner]):
    """A beneficial owner as it was stated."""

    id = serializers.CharField(source="public_id")
    basis_label = ChoiceLabelField(OwnerBasis, source="basis")

    class Meta:
        model = BeneficialOwner
        fields = ("id", "name", "country", "born_on", "basis", "basis_label", "share_bp")


class FindingSerializer(serializers.Serializer[Any]):
    """What a screening found about whom; ``list`` and ``reference`` name the entry of a sanctions list."""

    code = serializers.ChoiceField(choices=FindingCode.choices)
    code_label = ChoiceLabelField(FindingCode, source="code")
    about = serializers.CharField()
    list = serializers.CharField(allow_null=True)
    reference = serializers.CharField(allow_null=True)


class ScreeningSerializer(serializers.ModelSerializer[Screening]):
    """A screening and what it came to; null until it has ended.

    Evidence has the SHA-256 over the lines ``salt`` and ``assessment``.
    """

    id = serializers.CharField(source="public_id")
    cause_label = ChoiceLabelField(ScreeningCause, source="cause")
    outcome_label = ChoiceLabelField(ScreeningOutcome, source="outcome", allow_null=True)
    findings = FindingSerializer(many=True)
    snapshot = serializers.CharField(source="snapshot.public_id", default=None, allow_null=True)
    lists = serializers.ListField(child=serializers.CharField(), max_length=100)

    class Meta:
        model = Screening
        fields = (
            "id",
            "cause",
            "cause_label",
            "requested_at",
            "ended_at",
            "outcome",
            "outcome_label",
            "findings",
            "is_changed",
            "snapshot",
            "lists",
            "next_at",
            "assessment",
            "assessed_by",
            "assessed_at",
            "salt",
        )


class RegistrationSummarySerializer(serializers.ModelSerializer[Registration]):
    """An application in a list of the operator."""

    id = serializers.CharField(source="public_id")
    name = BilingualNameField()
    kind_label = ChoiceLabelField(OrganisationKind, source="kind")
    state_label = ChoiceLabelField(RegistrationState, source="state")
    organisation = serializers.CharField(source="organisation.public_id", default=None, allow_null=True)

    class Meta:
        model = Registration
        fields: tuple[str, ...] = (
            "id",
            "state",
            "state_label",
            "name",
            "kind",
            "kind_label",
            "corporate_number",
            "lei",
            "country",
            "begun_at",
            "submitted_at",
            "closed_at",
            "organisation",
        )


class RegistrationSerializer(RegistrationSummarySerializer):
    """An application as its applicant reads it."""

    documents = serializers.SerializerMethodField()
    owners = BeneficialOwnerSerializer(many=True)
    payout_account = PayoutAccountSerializer(allow_null=True)

    class Meta(RegistrationSummarySerializer.Meta):
        fields = (
            *RegistrationSummarySerializer.Meta.fields,
            "email",
            "email_proved_at",
            "applicant_name",
            "language",
            "invoice_registration_number",
            "address",
            "representative_title",
            "representative_name",
            "payout_account",
            "documents",
            "owners",
            "refusal_reason",
        )

    @extend_schema_field(SupportingDocumentSerializer(many=True))
    def get_documents(self, row: Registration) -> list[dict[str, Any]]:
        """The documents without their content, the oldest first."""
        rows = row.documents.defer("content").select_related("registration").order_by("pk")
        return [dict(each) for each in SupportingDocumentSerializer(rows, many=True).data]


class BegunRegistrationSerializer(RegistrationSerializer):
    """An application that has just been begun; only here stands its key."""

    key = serializers.CharField(source="issued_key")

    class Meta(RegistrationSerializer.Meta):
        fields = (*RegistrationSerializer.Meta.fields, "key")


class ReviewedRegistrationSerializer(RegistrationSerializer):
    """An application as the operator reads it, with its screenings, the newest first."""

    screenings = serializers.SerializerMethodField()

    class Meta(RegistrationSerializer.Meta):
        fields = (
            *RegistrationSerializer.Meta.fields,
            "screenings",
            "proposed_by",
            "proposed_at",
            "acceptance_reason",
            "return_reason",
            "salt",
            "closed_by",
        )

    @extend_schema_field(ScreeningSerializer(many=True))
    def get_screenings(self, row: Registration) -> list[dict[str, Any]]:
        """The screenings, the newest first."""
        rows = row.screenings.select_related("snapshot").order_by("-pk")
        return [dict(each) for each in ScreeningSerializer(rows, many=True).data]


class ApplyForRegistrationSerializer(StrictSerializer):
    """What an applicant states of its organisation, and who acts for it."""

    email = serializers.CharField(max_length=254)
    applicant_name = serializers.CharField(max_length=100)
    language = serializers.ChoiceField(choices=LANGUAGES, default="ja")
    name = BilingualField()
    kind = serializers.ChoiceField(choices=OrganisationKind.choices)
    corporate_number = serializers.CharField(max_length=13, allow_null=True, default=None)
    lei = serializers.CharField(max_length=20, allow_null=True, default=None)
    invoice_registration_number = serializers.CharField(max_length=14, allow_null=True, default=None)
    country = serializers.CharField(max_length=2, default="JP")
    address = serializers.CharField(max_length=300)
    representative_title = serializers.CharField(max_length=40, default="", allow_blank=True)
    representative_name = serializers.CharField(max_length=59)
    payout_account = PayoutAccountSerializer(allow_null=True, default=None)

    def validate_name(self, value: dict[str, str]) -> dict[str, str]:
        """Names of at most 200 characters."""
        if any(len(text) > 200 for text in value.values()):
            raise serializers.ValidationError("Use at most 200 characters.", "max_length")
        return value


class ProveEmailSerializer(StrictSerializer):
    """The code that was sent to the mail address."""

    code = serializers.CharField(max_length=CODE_DIGITS)


class AddDocumentSerializer(StrictSerializer):
    """A supporting document: a PDF, JPEG or PNG file, and what it shows."""

    kind = serializers.ChoiceField(choices=DocumentKind.choices)
    file = serializers.FileField()


class StatedOwnerSerializer(StrictSerializer):
    """A natural person who owns or controls the organisation; `share_bp` for the basis `ownership` alone."""

    name = serializers.CharField(max_length=100)
    country = serializers.RegexField(r"^[A-Z]{2}$", max_length=2)
    born_on = serializers.DateField()
    basis = serializers.ChoiceField(choices=OwnerBasis.choices)
    share_bp = serializers.IntegerField(min_value=0, max_value=10_000, allow_null=True, default=None)


class StateOwnersSerializer(StrictSerializer):
    """All beneficial owners; those stated before are replaced."""

    owners = serializers.ListField(child=StatedOwnerSerializer(), max_length=OWNERS_MAX)


class ProposeSerializer(StrictSerializer):
    """Why the findings of the screening do not matter; needed where there are some."""

    reason = serializers.CharField(max_length=REASON_LENGTH_MAX, default="", allow_blank=True)


class RefuseSerializer(StrictSerializer):
    """The reason of a refusal, which the applicant reads."""

    reason = serializers.CharField(max_length=REASON_LENGTH_MAX)


class ReturnSerializer(StrictSerializer):
    """Why the proposal to accept an application is void, which the operator's people read."""

    reason = serializers.CharField(max_length=REASON_LENGTH_MAX)


class AssessSerializer(StrictSerializer):
    """What a person makes of the findings of a screening."""

    screening = serializers.CharField(max_length=31)
    assessment = serializers.CharField(max_length=2_000)
