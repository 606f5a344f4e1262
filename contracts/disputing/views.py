"""The API of disputes: opening, statements, files, mediators, settlements, withdrawal; clearing has the decision, which moves money."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.api.filters import AskedFilterSet
from marketplace.api.views import PROBLEMS, MarketReadViewSet, command, create_command
from marketplace.kernel.errors import Missing
from marketplace.kernel.permissions import Permission
from marketplace.participants.media import SUFFIXES

from .. import services
from ..attachments.views import file_response, read_file
from .models import Dispute
from .queries import evidence_of, is_party, visible_dispute_files, visible_disputes
from .serializers import (
    AcceptSettlementSerializer,
    AssignMediatorSerializer,
    DisputeFileInput,
    DisputeFileSerializer,
    DisputeSerializer,
    EndRemedySerializer,
    EvidenceReferenceSerializer,
    ObjectionInput,
    OpenDisputeSerializer,
    ProposeSettlementSerializer,
    ReliefInput,
    StatementInput,
    WithdrawDisputeSerializer,
)
from .statement_models import DisputeFile

ANSWERING = (Permission.NEGOTIATIONS_SETTLE, Permission.CONTRACTS_SIGN)


class DisputeViewSet(MarketReadViewSet[Dispute]):
    """Disputes over the caller's agreements, and those that it opened as a third party; all, for the operator.

    The buyer opens a dispute with the ``dispute`` command of the delivery.
    """

    reads = Permission.MARKET_READ
    serializer_class = DisputeSerializer
    queryset = Dispute.objects.none()
    filterset_fields = ("state", "reason_code", "outcome", "opened_as")

    def get_queryset(self) -> QuerySet[Dispute]:
        """Rows in the caller's scope."""
        return visible_disputes(self.actor)

    def _shown(self, dispute: Dispute) -> Dispute:
        return self.get_queryset().get(pk=dispute.pk)

    @create_command(
        summary="Open a dispute as the seller or a third party",
        needs=Permission.DELIVERIES_ANSWER,
        request=OpenDisputeSerializer,
        response=DisputeSerializer,
        example={
            "agreement": "agr_01JQ8XK0000000000000000000",
            "reason_code": "use_outside_rights",
            "text": "合意した地域の外で利用されています。",
            "claims": [{"claim": "stop_of_use"}],
        },
    )
    def create(self, data: dict[str, Any]) -> Dispute:
        """Open a dispute over use or payment (seller), or over a right of your own by your `stake` in the listing (third party).

        It holds neither money nor access by itself; ask for the `suspension` of access among the claims.
        """
        return self._shown(services.open_against(actor=self.actor, **data))

    @command(
        summary="Answer a dispute",
        needs=Permission.DELIVERIES_ANSWER,
        request=StatementInput,
        response=DisputeSerializer,
        example={"text": "仕様書のとおり提供しています。"},
    )
    def answer(self, data: dict[str, Any], public_id: str) -> Dispute:
        """Answer, once and until `answer_by`, as a side that did not open the dispute."""
        return self._shown(services.answer_dispute(actor=self.actor, dispute=public_id, **data))

    @command(
        summary="Reply in a dispute",
        needs=Permission.DELIVERIES_ANSWER,
        request=StatementInput,
        response=DisputeSerializer,
        example={"text": "答弁には12月分についての説明がありません。"},
    )
    def reply(self, data: dict[str, Any], public_id: str) -> Dispute:
        """Reply, once, within seven days of the last answer."""
        return self._shown(services.reply_in_dispute(actor=self.actor, dispute=public_id, **data))

    @command(
        summary="Withdraw a dispute",
        needs=Permission.DELIVERIES_ANSWER,
        request=WithdrawDisputeSerializer,
        response=DisputeSerializer,
        example={"reason": "欠落は解消されました。"},
        moves_money=True,
    )
    def withdraw(self, data: dict[str, Any], public_id: str) -> Dispute:
        """Withdraw what your organisation opened. What it held goes on: a delivery in dispute counts as accepted."""
        return self._shown(services.withdraw_dispute(actor=self.actor, dispute=public_id, **data))

    @command(
        summary="Propose a settlement",
        needs=Permission.CONTRACTS_SIGN,
        request=ProposeSettlementSerializer,
        response=DisputeSerializer,
        path="propose-settlement",
        example={"outcome": "reduction", "amount_minor": 20_000},
    )
    def propose_settlement(self, data: dict[str, Any], public_id: str) -> Dispute:
        """Propose to the other side how the dispute ends; it reads the consequences and answers within seven days."""
        return self._shown(services.propose_settlement(actor=self.actor, dispute=public_id, **data))

    @command(
        summary="Accept a settlement",
        needs=Permission.CONTRACTS_SIGN,
        request=AcceptSettlementSerializer,
        response=DisputeSerializer,
        path="accept-settlement",
        example={"digest": "0" * 64},
        moves_money=True,
    )
    def accept_settlement(self, data: dict[str, Any], public_id: str) -> Dispute:
        """Accept what the other side proposed, with the consequences whose `digest` you repeat. It is carried out without a decision."""
        return self._shown(services.accept_settlement(actor=self.actor, dispute=public_id, **data))

    @command(
        summary="Refuse a settlement", needs=ANSWERING, response=DisputeSerializer, path="refuse-settlement"
    )
    def refuse_settlement(self, data: dict[str, Any], public_id: str) -> Dispute:
        """Refuse what the other side proposed; the dispute goes on."""
        return self._shown(services.refuse_settlement(actor=self.actor, dispute=public_id))

    @command(
        summary="Object to the mediator",
        needs=Permission.DELIVERIES_ANSWER,
        request=ObjectionInput,
        response=DisputeSerializer,
        path="object-to-mediator",
        example={"reason": "過去に相手方の従業員でした。"},
    )
    def object_to_mediator(self, data: dict[str, Any], public_id: str) -> Dispute:
        """Object, once and with the reason, to the person who would decide; another is named."""
        return self._shown(services.object_to_mediator(actor=self.actor, dispute=public_id, **data))

    @command(
        summary="Assign the mediator of a dispute",
        needs=Permission.DISPUTES_WRITE,
        request=AssignMediatorSerializer,
        response=DisputeSerializer,
        path="assign-mediator",
        example={"person": "usr_01JQ8XK0000000000000000000"},
    )
    def assign_mediator(self, data: dict[str, Any], public_id: str) -> Dispute:
        """Name who decides the dispute (operator): a person without an interest in a side, who decided no other over the agreement."""
        return self._shown(services.assign_mediator(actor=self.actor, dispute=public_id, **data))

    @command(
        summary="Relieve the mediator of a dispute",
        needs=Permission.DISPUTES_WRITE,
        request=ReliefInput,
        response=DisputeSerializer,
        path="relieve-mediator",
        example={"reason": "病気療養のため担当できません。"},
    )
    def relieve_mediator(self, data: dict[str, Any], public_id: str) -> Dispute:
        """Step back as the mediator, or relieve one who cannot act (operator); both sides are told, and another is named. No day moves."""
        return self._shown(services.relieve_mediator(actor=self.actor, dispute=public_id, **data))

    @command(
        summary="End a remedy that cannot be carried out",
        needs=Permission.DISPUTES_WRITE,
        request=EndRemedySerializer,
        response=DisputeSerializer,
        path="end-remedy",
        example={
            "kind": "price_adjusted",
            "reason": "対象の課金は終了しています。",
            "replaced_by": "第2回の課金の調整（adj_01JQ8XK0000000000000000000）",
        },
    )
    def end_remedy(self, data: dict[str, Any], public_id: str) -> Dispute:
        """Say why a remedy that people were asked for cannot be carried out, and what replaces it (operator, two people)."""
        return self._shown(services.end_remedy(actor=self.actor, dispute=public_id, **data))

    @extend_schema(
        summary="Read the evidence about the agreement of a dispute",
        responses={200: EvidenceReferenceSerializer(many=True), **PROBLEMS},
    )
    @action(detail=True, methods=["get"], filterset_fields=None, pagination_class=None)
    def evidence(self, request: Request, **_: Any) -> Response:
        """The market's own records about the agreement, its delivery, downloads and signatures, which both parties read. Not for third
        parties."""
        dispute = self.get_object()
        if not is_party(self.actor, dispute):
            raise Missing(kind="dispute", identifier=dispute.public_id)
        return Response(EvidenceReferenceSerializer(evidence_of(dispute), many=True).data)


class DisputeFileFilter(AskedFilterSet):
    """Filters by dispute and side."""

    dispute = filters.CharFilter(field_name="dispute__public_id")

    class Meta:
        model = DisputeFile
        fields = ("dispute", "party")


class DisputeFileViewSet(MarketReadViewSet[DisputeFile]):
    """Files that the sides of the caller's disputes handed in; all, for the operator."""

    reads = Permission.MARKET_READ
    serializer_class = DisputeFileSerializer
    queryset = DisputeFile.objects.none()
    filterset_class = DisputeFileFilter

    def get_parsers(self) -> list[Any]:
        """A file is sent as a form."""
        if self.request is not None and getattr(self, "action_map", {}).get("post") == "create":
            return [MultiPartParser()]
        return list(super().get_parsers())

    def get_queryset(self) -> QuerySet[DisputeFile]:
        """Rows in the caller's scope, without their content."""
        return visible_dispute_files(self.actor)

    @create_command(
        summary="Hand in a file in a dispute",
        needs=Permission.DELIVERIES_ANSWER,
        request=DisputeFileInput,
        response=DisputeFileSerializer,
        prepare=read_file,
    )
    def create(self, data: dict[str, Any]) -> DisputeFile:
        """Hand in a PDF, JPEG or PNG file, as a side of an open dispute. Sent as `multipart/form-data`."""
        return services.file_in_dispute(actor=self.actor, **data)

    @extend_schema(
        summary="Read a file of a dispute",
        responses={(200, media): OpenApiTypes.BINARY for media in SUFFIXES} | PROBLEMS,
    )
    @action(detail=True, methods=["get"], filterset_class=None)
    def content(self, request: Request, **_: Any) -> HttpResponse:
        """The file as it was uploaded; to be saved, never shown as part of a page."""
        return file_response(self.get_object())
