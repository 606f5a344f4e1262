"""The API of pools."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from marketplace.api.serializers import ChoiceLabelField, RowSerializer, StrictSerializer
from marketplace.api.views import MarketReadViewSet, command, create_command
from marketplace.kernel.permissions import Permission

from . import content as contents
from . import services
from .models import Pool, PoolSignature, PoolVersion
from .queries import visible_pools, visible_versions
from .states import CONTRIBUTIONS_MAX, MEMBERS_MAX, Cause, VersionState

MEMBERS = [
    {
        "organisation": "org_01JQWXYZ0123456789ABCDEFGH",
        "share": "2/3",
        "contributions": [{"version": "lsv_01JQWXYZ0123456789ABCDEFGH"}],
    },
    {
        "organisation": "org_01JQWXYZ0123456789ABCDEFGJ",
        "share": "1/3",
        "contributions": [{"version": "気象観測 2026-03", "sha256": None}],
    },
]


class ContributionSerializer(StrictSerializer):
    """A version of data that a member brings, by its name, and its hash if it has one."""

    version = serializers.CharField(max_length=200)
    sha256 = serializers.RegexField(r"^[0-9a-f]{64}$", required=False, allow_null=True, default=None)


class PoolMemberSerializer(StrictSerializer):
    """A member, its share as a fraction, and what it brings."""

    organisation = serializers.CharField(max_length=31)
    share = serializers.CharField(max_length=21)
    contributions = ContributionSerializer(many=True, required=False, max_length=CONTRIBUTIONS_MAX)  # type: ignore[call-arg]  # the stubs lack it


class TermsSerializer(StrictSerializer):
    """The terms of a version: from which day, who with which share, and whether the lead decides later ones."""

    effective_on = serializers.DateField()
    members = PoolMemberSerializer(many=True, max_length=MEMBERS_MAX)  # type: ignore[call-arg]  # the stubs lack it
    lead_decides = serializers.BooleanField(required=False, default=False)


class OpenPoolSerializer(TermsSerializer):
    """The listing behind which the pool stands, and the terms of its first version."""

    listing = serializers.CharField(max_length=31)


class SignVersionSerializer(StrictSerializer):
    """The hash of the content that was read."""

    signed_hash = serializers.RegexField(r"^[0-9a-f]{64}$")


class LeavePoolSerializer(StrictSerializer):
    """From which day the member has left."""

    effective_on = serializers.DateField()


class PoolSerializer(RowSerializer[Pool]):
    """A pool: its listing and its lead."""

    id = serializers.CharField(source="public_id")
    lead = serializers.CharField(source="lead_identifier")

    class Meta:
        model = Pool
        fields = ("id", "listing", "lead", "opened_by", "opened_at")


class PoolSignatureSerializer(RowSerializer[PoolSignature]):
    """The signature of a version for one organisation, and the market's signature of it as a witness."""

    organisation = serializers.CharField(source="organisation_identifier")

    class Meta:
        model = PoolSignature
        fields = ("organisation", "signer", "signed_hash", "jws", "signed_at")


class PoolVersionSerializer(RowSerializer[PoolVersion]):
    """A version: what is signed (``content``, its SHA-256 and its texts) and who signed it."""

    id = serializers.CharField(source="public_id")
    pool = serializers.CharField(source="pool.public_id")
    cause_label = ChoiceLabelField(Cause, source="cause")
    state_label = ChoiceLabelField(VersionState, source="state")
    content = serializers.DictField()
    texts = serializers.SerializerMethodField()
    signatures = PoolSignatureSerializer(many=True)

    class Meta:
        model = PoolVersion
        fields = (
            "id", "pool", "number", "cause", "cause_label", "effective_on", "lead_decides", "state", "state_label", "content",
            "content_hash", "texts", "proposed_by", "proposed_at", "closed_at", "signatures",
        )  # fmt: skip

    @extend_schema_field(
        {"type": "object", "properties": {"ja": {"type": "string"}, "en": {"type": "string"}}}
    )
    def get_texts(self, row: PoolVersion) -> dict[str, str]:
        """The readable agreement in both languages."""
        return {language: contents.text_of(row.content, language) for language in ("ja", "en")}


class PoolViewSet(MarketReadViewSet[Pool]):
    """Pools that the caller's organisation leads or belongs to; all, for the operator."""

    reads = Permission.MARKET_READ
    serializer_class = PoolSerializer
    queryset = Pool.objects.none()

    def get_queryset(self) -> QuerySet[Pool]:
        """Rows in the caller's scope."""
        return visible_pools(self.actor)

    @create_command(
        summary="Open a pool behind a listing",
        request=OpenPoolSerializer,
        response=PoolVersionSerializer,
        needs=Permission.CONTRACTS_SIGN,
        example={
            "listing": "lst_01JQWXYZ0123456789ABCDEFGH",
            "effective_on": "2027-04-01",
            "members": MEMBERS,
        },
    )
    def create(self, data: dict[str, Any]) -> PoolVersion:
        """Open a pool behind an own listing, as its lead, and propose its first version."""
        return services.open_pool(actor=self.actor, **data)

    @command(
        summary="Propose a version of a pool",
        needs=Permission.CONTRACTS_SIGN,
        request=TermsSerializer,
        response=PoolVersionSerializer,
        example={"effective_on": "2027-07-01", "members": MEMBERS, "lead_decides": False},
    )
    def propose(self, data: dict[str, Any], public_id: str) -> PoolVersion:
        """Propose, as the lead, members that join, other shares or contributions."""
        return services.propose_version(actor=self.actor, pool=public_id, **data)

    @command(
        summary="Leave a pool",
        needs=Permission.CONTRACTS_SIGN,
        request=LeavePoolSerializer,
        response=PoolVersionSerializer,
        example={"effective_on": "2027-10-01"},
    )
    def leave(self, data: dict[str, Any], public_id: str) -> PoolVersion:
        """Leave a pool, as a member, from a day on; what was earned before stays."""
        return services.leave_pool(actor=self.actor, pool=public_id, **data)


class PoolVersionViewSet(MarketReadViewSet[PoolVersion]):
    """Versions of pools that the caller's organisation leads or belongs to; all, for the operator."""

    reads = Permission.MARKET_READ
    serializer_class = PoolVersionSerializer
    queryset = PoolVersion.objects.none()
    filterset_fields = ("state",)

    def get_queryset(self) -> QuerySet[PoolVersion]:
        """Rows in the caller's scope."""
        return visible_versions(self.actor)

    @command(
        summary="Sign a version of a pool",
        needs=Permission.CONTRACTS_SIGN,
        request=SignVersionSerializer,
        response=PoolVersionSerializer,
        example={"signed_hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"},
    )
    def sign(self, data: dict[str, Any], public_id: str) -> PoolVersion:
        """Sign for the caller's organisation the content that was read; the last signature brings it into force on its day."""
        services.sign_version(actor=self.actor, version=public_id, **data)
        return self.get_queryset().get(public_id=public_id)

    @command(
        summary="Withdraw a version of a pool",
        needs=Permission.CONTRACTS_SIGN,
        response=PoolVersionSerializer,
    )
    def withdraw(self, data: dict[str, Any], public_id: str) -> PoolVersion:
        """Withdraw, as the lead, a version that waits for signatures."""
        services.withdraw_version(actor=self.actor, version=public_id)
        return self.get_queryset().get(public_id=public_id)
