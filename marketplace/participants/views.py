"""The API of participants: organisations, segments, admissions, and the caller."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.api.permissions import PUBLIC
from marketplace.api.views import PROBLEMS, MarketReadViewSet, command, create_command
from marketplace.kernel.permissions import Permission

from . import queries, services
from .filters import AdmissionFilter
from .models import Admission, Organisation, Segment
from .serializers import (
    AdmissionSerializer,
    AdmissionWithdrawSerializer,
    ApplySerializer,
    CallerSerializer,
    OpenSegmentSerializer,
    OrganisationProfileSerializer,
    OrganisationSummarySerializer,
    RegisterOrganisationSerializer,
    SegmentSerializer,
)
from .suspension_serializers import SuspendSerializer

ORGANISATION_EXAMPLE = {
    "name": {"ja": "讃岐データ株式会社", "en": "Sanuki Data Co., Ltd."},
    "kind": "business",
    "corporate_number": "5835678256246",
    "invoice_registration_number": "T5835678256246",
    "address": "香川県高松市番町1-8-15",
    "representative": "代表取締役 讃岐 花子",
    "payout_account": {
        "bank_code": "0001",
        "branch_code": "123",
        "account_type": "ordinary",
        "account_number": "1234567",
        "account_holder_kana": "サヌキデータ(カ",
    },
}
APPLY_EXAMPLE = {
    "segment": "mobility",
    "capacity": "buyer",
    "declarations": {"antisocial_forces_excluded": True, "security_contact": "security@example.jp"},
}


class OrganisationViewSet(MarketReadViewSet[Organisation]):
    """Organisations on record. Only the organisation itself and the operator read its full profile.

    ``clearing.approvals`` adds the command that reinstates one.
    """

    reads = Permission.MARKET_READ
    serializer_class = OrganisationSummarySerializer
    filterset_fields = ("kind", "state", "corporate_number")
    queryset = Organisation.objects.none()

    def get_queryset(self) -> QuerySet[Organisation]:
        """All organisations in summary; in full, only the caller's own."""
        if self.action == "profile":
            return queries.own_organisations(self.actor)
        return queries.visible_organisations()

    @create_command(
        summary="Register an organisation",
        request=RegisterOrganisationSerializer,
        needs=Permission.ADMISSION_WRITE,
        response=OrganisationProfileSerializer,
        example=ORGANISATION_EXAMPLE,
    )
    def create(self, data: dict[str, Any]) -> Organisation:
        """Register an organisation after verifying its identity (operator)."""
        return services.register_organisation(actor=self.actor, **data)

    @extend_schema(
        summary="Read an organisation in full", responses={200: OrganisationProfileSerializer, **PROBLEMS}
    )
    @action(detail=True, methods=["get"], filterset_fields=())
    def profile(self, request: Request, **_: Any) -> Response:
        """The full profile, for the organisation's own members and the operator."""
        shown = OrganisationProfileSerializer(self.get_object(), context={"actor": self.actor})
        return Response(shown.data)

    @command(
        summary="Suspend an organisation",
        request=SuspendSerializer,
        response=OrganisationProfileSerializer,
        needs=Permission.ADMISSION_WRITE,
        example={
            "kind": "sanctions",
            "reason_code": "sanctions_list",
            "reason": "制裁対象者として告示されたため。",
            "reference": "財務省告示第45号",
        },
    )
    def suspend(self, data: dict[str, Any], public_id: str) -> Organisation:
        """Suspend an organisation: it begins nothing new, and its obligations remain, as the kind says (operator)."""
        return services.suspend_participant(actor=self.actor, organisation=public_id, **data)


class SegmentViewSet(MarketReadViewSet[Segment]):
    """The segments of the market; public."""

    serializer_class = SegmentSerializer
    queryset = Segment.objects.all()
    lookup_field = "code"
    reads = PUBLIC

    @create_command(
        summary="Open a segment",
        request=OpenSegmentSerializer,
        needs=Permission.RULEBOOK_WRITE,
        response=SegmentSerializer,
        example={"code": "mobility", "name": {"ja": "移動・交通", "en": "Mobility"}},
    )
    def create(self, data: dict[str, Any]) -> Segment:
        """Open a segment (operator)."""
        return services.open_segment(actor=self.actor, **data)


class AdmissionViewSet(MarketReadViewSet[Admission]):
    """Applications and admissions of the caller's organisation; all, for the operator."""

    reads = Permission.MARKET_READ
    serializer_class = AdmissionSerializer
    filterset_class = AdmissionFilter
    queryset = Admission.objects.none()

    def get_queryset(self) -> QuerySet[Admission]:
        """Rows in the caller's scope."""
        return queries.visible_admissions(self.actor)

    @create_command(
        summary="Apply for admission",
        request=ApplySerializer,
        needs=Permission.ORGANISATION_WRITE,
        response=AdmissionSerializer,
        example=APPLY_EXAMPLE,
    )
    def create(self, data: dict[str, Any]) -> Admission:
        """Apply for admission to a segment as seller or buyer. The rules decide and state their reasons."""
        return services.apply_for_admission(actor=self.actor, **data)

    @command(
        summary="Withdraw an application or an admission",
        request=AdmissionWithdrawSerializer,
        needs=(Permission.ORGANISATION_WRITE, Permission.ADMISSION_WRITE),
        response=AdmissionSerializer,
        example={"reason": "この分野での取引を終えます。"},
    )
    def withdraw(self, data: dict[str, Any], public_id: str) -> Admission:
        """Withdraw it. Agreements in force continue."""
        return services.withdraw_admission(actor=self.actor, admission=public_id, **data)


class CallerView(APIView):
    """Who am I."""

    reads = (Permission.PERSON_OWN, Permission.MARKET_READ)

    @extend_schema(summary="Read the caller", responses={200: CallerSerializer, **PROBLEMS})
    def get(self, request: Request) -> Response:
        """The caller, the organisation it acts for, and its permissions."""
        return Response(CallerSerializer(request.user).data)
