"""Participation over HTTP: who takes part, admissions, people, programs, and who the caller is."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.decorators import action
from rest_framework.permissions import SAFE_METHODS, AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.api.permissions import HasScope, IsOperator
from marketplace.api.views import PROBLEMS, MarketReadViewSet, command, create_command

from . import queries, services
from .filters import AdmissionFilter, MemberFilter
from .models import Admission, Application, Membership, Organisation, Segment
from .serializers import (
    AddMemberSerializer,
    AdmissionSerializer,
    AdmissionWithdrawSerializer,
    ApplicationSerializer,
    ApplySerializer,
    CallerSerializer,
    CreateApplicationSerializer,
    DecideSerializer,
    DeclareAffiliationSerializer,
    MemberSerializer,
    OpenSegmentSerializer,
    OrganisationProfileSerializer,
    OrganisationSummarySerializer,
    RegisterOrganisationSerializer,
    SegmentSerializer,
    SuspendSerializer,
)

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
    """Who takes part in the market. The profile with address and account is for the organisation itself."""

    serializer_class = OrganisationSummarySerializer
    filterset_fields = ("kind", "state", "corporate_number")
    queryset = Organisation.objects.none()

    def get_queryset(self) -> QuerySet[Organisation]:
        """Every organisation in summary; in full, only what the caller owns."""
        if self.action == "profile":
            return queries.own_organisations(self.actor)
        return queries.visible_organisations()

    @create_command(
        summary="Register an organisation",
        request=RegisterOrganisationSerializer,
        response=OrganisationProfileSerializer,
        example=ORGANISATION_EXAMPLE,
    )
    def create(self, data: dict[str, Any]) -> Organisation:
        """Make an organisation known to the market (operator)."""
        return services.register_organisation(actor=self.actor, **data)

    @extend_schema(
        summary="Read an organisation in full", responses={200: OrganisationProfileSerializer, **PROBLEMS}
    )
    @action(detail=True, methods=["get"], filterset_fields=())
    def profile(self, request: Request, **_: Any) -> Response:
        """All of one organisation, for its own people and the operator."""
        return Response(OrganisationProfileSerializer(self.get_object()).data)

    @command(
        summary="Suspend an organisation",
        request=SuspendSerializer,
        response=OrganisationProfileSerializer,
        permissions=(IsOperator,),
        example={"reason_code": "sanctions_review", "reason": "制裁対象との一致を確認中です。"},
    )
    def suspend(self, data: dict[str, Any], public_id: str) -> Organisation:
        """Stop an organisation from making new business (operator)."""
        return services.suspend_participant(actor=self.actor, organisation=public_id, **data)

    @command(
        summary="Reinstate an organisation",
        response=OrganisationProfileSerializer,
        permissions=(IsOperator,),
    )
    def reinstate(self, data: dict[str, Any], public_id: str) -> Organisation:
        """Let a suspended organisation do business again (operator)."""
        return services.reinstate_participant(actor=self.actor, organisation=public_id)

    @command(
        summary="Declare an organisation part of the operator's group, or no longer",
        request=DeclareAffiliationSerializer,
        response=OrganisationProfileSerializer,
        permissions=(IsOperator,),
        example={"affiliated": True},
    )
    def declare_affiliation(self, data: dict[str, Any], public_id: str) -> Organisation:
        """Members of the operator's group are never buyer or seller (operator)."""
        return services.declare_affiliation(actor=self.actor, organisation=public_id, **data)


class SegmentViewSet(MarketReadViewSet[Segment]):
    """The fields of data in which the market trades; anyone may read them."""

    serializer_class = SegmentSerializer
    queryset = Segment.objects.all()
    lookup_field = "code"

    def get_permissions(self) -> list[Any]:
        """Reading is public, opening is the operator's."""
        return [AllowAny()] if self.request.method in SAFE_METHODS else [IsOperator()]

    @create_command(
        summary="Open a segment",
        request=OpenSegmentSerializer,
        response=SegmentSerializer,
        example={"code": "mobility", "name": {"ja": "移動・交通", "en": "Mobility"}},
    )
    def create(self, data: dict[str, Any]) -> Segment:
        """Open a field of data for trade (operator)."""
        return services.open_segment(actor=self.actor, **data)


class AdmissionViewSet(MarketReadViewSet[Admission]):
    """Applications of the caller's organisation to take part; every one, for the operator."""

    serializer_class = AdmissionSerializer
    filterset_class = AdmissionFilter
    queryset = Admission.objects.none()

    def get_queryset(self) -> QuerySet[Admission]:
        """What the caller may see."""
        return queries.visible_admissions(self.actor)

    @create_command(
        summary="Apply for admission",
        request=ApplySerializer,
        response=AdmissionSerializer,
        example=APPLY_EXAMPLE,
    )
    def create(self, data: dict[str, Any]) -> Admission:
        """Ask to sell or buy in a segment; the rules decide, with reasons."""
        return services.apply_for_admission(actor=self.actor, **data)

    @command(
        summary="Decide an application on hold",
        request=DecideSerializer,
        response=AdmissionSerializer,
        permissions=(IsOperator,),
        example={"outcome": "allow", "reason": "登記事項証明書で代表者を確認しました。"},
    )
    def decide(self, data: dict[str, Any], public_id: str) -> Admission:
        """Decide what the rules left to a person (operator)."""
        return services.decide_admission(actor=self.actor, admission=public_id, **data)

    @command(
        summary="Withdraw an application or admission",
        request=AdmissionWithdrawSerializer,
        response=AdmissionSerializer,
        example={"reason": "この分野での取引を終えます。"},
    )
    def withdraw(self, data: dict[str, Any], public_id: str) -> Admission:
        """End it; agreements in force stay."""
        return services.withdraw_admission(actor=self.actor, admission=public_id, **data)


class MemberViewSet(MarketReadViewSet[Membership]):
    """People who act for the caller's organisation; all, for the operator."""

    serializer_class = MemberSerializer
    filterset_class = MemberFilter
    queryset = Membership.objects.none()

    def get_queryset(self) -> QuerySet[Membership]:
        """What the caller may see."""
        return queries.visible_memberships(self.actor)

    @create_command(
        summary="Add a member",
        request=AddMemberSerializer,
        response=MemberSerializer,
        example={"email": "trader@example.jp", "name": "高松 太郎", "role": "trader"},
    )
    def create(self, data: dict[str, Any]) -> Membership:
        """Give a person access to act for the organisation."""
        organisation = data.pop("organisation", self.actor.organisation)
        user = services.add_member(actor=self.actor, organisation=organisation, **data)
        return self.get_queryset().get(user=user)


class ApplicationViewSet(MarketReadViewSet[Application]):
    """Programs that act for the caller's organisation; all, for the operator."""

    serializer_class = ApplicationSerializer
    queryset = Application.objects.none()

    def get_queryset(self) -> QuerySet[Application]:
        """What the caller may see."""
        return queries.visible_applications(self.actor)

    @extend_schema(
        summary="Create a program's access",
        request=CreateApplicationSerializer,
        responses={201: ApplicationSerializer, **PROBLEMS},
        examples=[OpenApiExample("example", value={"name": "trading desk"}, request_only=True)],
    )
    def create(self, request: Request) -> Response:
        """Give a program access to act for the organisation; the answer alone holds its secret.

        It takes no Idempotency-Key: the answer would have to be kept, and the secret with it.
        """
        serializer = CreateApplicationSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        organisation = serializer.validated_data.get("organisation", self.actor.organisation)
        application = services.create_application(
            actor=self.actor, organisation=organisation, name=serializer.validated_data["name"]
        )
        return Response(
            ApplicationSerializer(application).data, status=201, headers={"Cache-Control": "no-store"}
        )


class CallerView(APIView):
    """Who am I."""

    permission_classes = (HasScope,)

    @extend_schema(summary="Read who the caller is", responses={200: CallerSerializer, **PROBLEMS})
    def get(self, request: Request) -> Response:
        """The caller, the organisation it acts for, and its scopes."""
        return Response(CallerSerializer(request.user).data)
