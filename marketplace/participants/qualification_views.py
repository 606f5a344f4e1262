"""The API of qualifications and of their kinds."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from marketplace.api.permissions import PUBLIC
from marketplace.api.serializers import BilingualField, ChoiceLabelField, StrictSerializer
from marketplace.api.views import MarketReadViewSet, command, create_command
from marketplace.kernel.permissions import Permission

from . import services
from .filters import QualificationFilter
from .models import Qualification, QualificationKind
from .models.qualifications import ISSUER_LENGTH_MAX, REASON_LENGTH_MAX, REFERENCE_LENGTH_MAX
from .qualification_queries import visible_qualifications
from .qualification_states import QualificationState
from .serializers import BilingualNameField


class QualificationKindSerializer(serializers.ModelSerializer[QualificationKind]):
    """A kind of qualification that an organisation may state."""

    name = BilingualNameField()

    class Meta:
        model = QualificationKind
        fields = ("code", "name", "opened_at")


class OpenQualificationKindSerializer(StrictSerializer):
    """A kind to add to the list."""

    code = serializers.CharField(max_length=40)
    name = BilingualField()


class QualificationSerializer(serializers.ModelSerializer[Qualification]):
    """A qualification of an organisation. Rules read it while it is verified, from ``valid_from`` to ``valid_until``.

    Evidence has the SHA-256 over the lines ``salt``, ``issuer`` and ``reference``, and over ``salt`` and ``end_reason``.
    """

    id = serializers.CharField(source="public_id")
    organisation = serializers.CharField(source="organisation.public_id")
    kind = serializers.CharField(source="kind.code")
    state_label = ChoiceLabelField(QualificationState, source="state")

    class Meta:
        model = Qualification
        fields = (
            "id", "organisation", "kind", "issuer", "reference", "valid_from", "valid_until", "document_sha256",
            "state", "state_label", "stated_by", "stated_at", "verified_by", "verified_at", "reminded_at", "ended_by",
            "ended_at", "end_reason", "salt",
        )  # fmt: skip


class StateQualificationSerializer(StrictSerializer):
    """What qualifies the organisation, since when and until when, and the SHA-256 of the document that proves it."""

    kind = serializers.CharField(max_length=40)
    issuer = serializers.CharField(max_length=ISSUER_LENGTH_MAX)
    reference = serializers.CharField(max_length=REFERENCE_LENGTH_MAX)
    valid_from = serializers.DateField()
    valid_until = serializers.DateField(allow_null=True, default=None)
    document_sha256 = serializers.CharField(max_length=64)


class EndQualificationSerializer(StrictSerializer):
    """Why the qualification counts no more; the organisation reads it."""

    reason = serializers.CharField(max_length=REASON_LENGTH_MAX)


class QualificationKindViewSet(MarketReadViewSet[QualificationKind]):
    """The kinds of qualifications that organisations may state; public."""

    serializer_class = QualificationKindSerializer
    queryset = QualificationKind.objects.order_by("pk")
    lookup_field = "code"
    reads = PUBLIC

    @create_command(
        summary="Add a kind of qualification",
        request=OpenQualificationKindSerializer,
        needs=Permission.RULEBOOK_WRITE,
        response=QualificationKindSerializer,
        example={
            "code": "iso_27017",
            "name": {"ja": "ISO/IEC 27017 認証", "en": "ISO/IEC 27017 certification"},
        },
    )
    def create(self, data: dict[str, Any]) -> QualificationKind:
        """Add a kind to the published list (operator). It stays for good."""
        return services.open_qualification_kind(actor=self.actor, **data)


class QualificationViewSet(MarketReadViewSet[Qualification]):
    """Qualifications of the caller's organisation; all, for the operator."""

    reads = Permission.MARKET_READ
    serializer_class = QualificationSerializer
    filterset_class = QualificationFilter
    queryset = Qualification.objects.none()

    def get_queryset(self) -> QuerySet[Qualification]:
        """Rows in the caller's scope."""
        return visible_qualifications(self.actor)

    @create_command(
        summary="State a qualification",
        request=StateQualificationSerializer,
        needs=Permission.ORGANISATION_WRITE,
        response=QualificationSerializer,
        example={
            "kind": "isms",
            "issuer": "日本品質認証機構",
            "reference": "IS 123456",
            "valid_from": "2025-04-01",
            "valid_until": "2028-03-31",
            "document_sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        },
    )
    def create(self, data: dict[str, Any]) -> Qualification:
        """State a qualification of your organisation. Rules read it once the operator has verified it."""
        return services.state_qualification(actor=self.actor, **data)

    @command(
        summary="Withdraw a qualification",
        request=EndQualificationSerializer,
        needs=Permission.ORGANISATION_WRITE,
        response=QualificationSerializer,
        filterset_class=None,
        example={"reason": "認証を返上しました。"},
    )
    def withdraw(self, data: dict[str, Any], public_id: str) -> Qualification:
        """Withdraw a qualification of your organisation."""
        return services.withdraw_qualification(actor=self.actor, qualification=public_id, **data)

    @command(
        summary="Verify a qualification",
        needs=Permission.ADMISSION_WRITE,
        response=QualificationSerializer,
        filterset_class=None,
    )
    def verify(self, data: dict[str, Any], public_id: str) -> Qualification:
        """Verify it from its document (operator)."""
        return services.verify_qualification(actor=self.actor, qualification=public_id)

    @command(
        summary="Refuse to verify a qualification",
        request=EndQualificationSerializer,
        needs=Permission.ADMISSION_WRITE,
        response=QualificationSerializer,
        filterset_class=None,
        example={"reason": "登録番号が発行者の公表する一覧にありません。"},
    )
    def refuse(self, data: dict[str, Any], public_id: str) -> Qualification:
        """Refuse to verify it, with a reason (operator)."""
        return services.refuse_qualification(actor=self.actor, qualification=public_id, **data)

    @command(
        summary="Revoke a verified qualification",
        request=EndQualificationSerializer,
        needs=Permission.ADMISSION_WRITE,
        response=QualificationSerializer,
        filterset_class=None,
        example={"reason": "発行者が認証を取り消したことを確認しました。"},
    )
    def revoke(self, data: dict[str, Any], public_id: str) -> Qualification:
        """Rules read it no more (operator). The admissions of the organisation are evaluated again."""
        return services.revoke_qualification(actor=self.actor, qualification=public_id, **data)
