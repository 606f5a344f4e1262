"""The rules API: rulebooks, halts and neutrality for the public, decisions for their parties."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.api.permissions import PUBLIC
from marketplace.api.principal import reader_of
from marketplace.api.views import PROBLEMS, MarketReadViewSet, command, create_command
from marketplace.kernel.errors import Missing
from marketplace.kernel.permissions import Permission

from . import queries, services
from .errors import NoRulebook
from .figures import NEUTRALITY, running_report
from .filters import DecisionFilter, HaltFilter
from .models import Decision, Halt, Rulebook
from .serializers import (
    DecisionSerializer,
    HaltSerializer,
    HaltTradingSerializer,
    InForceSerializer,
    NeutralitySerializer,
    ParametersSerializer,
    PreviewedSerializer,
    PreviewSerializer,
    ReplaySerializer,
    RulebookSerializer,
    RulebookSummarySerializer,
)

DOCUMENT_EXAMPLE = {
    "title": {"ja": "規程", "en": "Rulebook"},
    "rules": [
        {
            "code": "ADM-01",
            "point": "admission",
            "when": "applicant.kind == 'business' && applicant.antisocial_forces_excluded",
            "outcome": "allow",
            "text": {"ja": "参加の要件を満たしています。", "en": "The requirements are met."},
        }
    ],
    "tariffs": [
        {
            "code": "STANDARD-5",
            "point": "trade_fee",
            "when": "true",
            "rate_bp": 500,
            "minimum_minor": 100,
            "cap_minor": 500000,
            "borne_by": "seller",
        }
    ],
    "tax_rates": [{"category": "standard", "rate_bp": 1000, "from": "2019-10-01"}],
    "parameters": {"second_person_minor": 1000000},
    "examples": {
        "cases": [
            {
                "point": "admission",
                "facts": {"applicant.kind": "business", "applicant.antisocial_forces_excluded": True},
                "outcome": "allow",
                "rules": ["ADM-01"],
            }
        ]
    },
}
PREVIEW_EXAMPLE = {
    "point": "trading",
    "subject": "lst_01JDEMO",
    "given": {"trade": {"segment": "mobility", "price_minor": 120000, "currency": "JPY"}},
}

HALT_EXAMPLE = {
    "scope": "segment",
    "subject": "mobility",
    "reason": {
        "ja": "提供データの誤りが見つかったため、確認が終わるまで停止します。",
        "en": "Data on sale was found to be wrong; trading stops until it has been checked.",
    },
}
LIFT_EXAMPLE = {"reason": {"ja": "確認が終わりました。", "en": "The check is done."}}


class RulebookViewSet(MarketReadViewSet[Rulebook]):
    """Every version of the rulebook; public. A draft that two people approve becomes the next (``drafts``)."""

    reads = PUBLIC
    queryset = Rulebook.objects.none()

    def get_queryset(self) -> QuerySet[Rulebook]:
        """Every version."""
        return queries.published_rulebooks()

    def get_serializer_class(self) -> Any:
        """Lists omit the text."""
        return RulebookSummarySerializer if self.action == "list" else RulebookSerializer

    @extend_schema(
        summary="Read the rulebook in force",
        parameters=[InForceSerializer],
        responses={200: RulebookSerializer, **PROBLEMS},
    )
    @action(detail=False, methods=["get"])
    def current(self, request: Request) -> Response:
        """The version that is in force now, or at the moment `at`: exactly one, of those effective by then the highest number."""
        given = request.query_params.get("at")
        asked = InForceSerializer(data={} if given is None else {"at": given})
        asked.is_valid(raise_exception=True)
        try:
            rulebook = queries.rulebook_in_force(asked.validated_data.get("at"))
        except NoRulebook as error:
            raise Missing(kind="rulebook", identifier="current") from error
        return Response(RulebookSerializer(rulebook).data)


class DecisionViewSet(MarketReadViewSet[Decision]):
    """Decisions that the caller's organisation is a party of; all, for the operator."""

    reads = Permission.MARKET_READ
    serializer_class = DecisionSerializer
    filterset_class = DecisionFilter
    queryset = Decision.objects.none()

    def get_queryset(self) -> QuerySet[Decision]:
        """Rows in the caller's scope."""
        return queries.visible_decisions(self.actor)

    @extend_schema(summary="Replay a decision", responses={200: ReplaySerializer, **PROBLEMS})
    @action(detail=True, methods=["get"], filterset_class=None)
    def replay(self, request: Request, **_: Any) -> Response:
        """Evaluate the recorded facts again under the same version of the rulebook, and compare the results."""
        public_id = self.get_object().public_id
        same = services.replay(public_id, actor=self.actor)
        return Response(ReplaySerializer({"decision": public_id, "same": same}).data)

    @command(
        summary="Preview a decision",
        request=PreviewSerializer,
        response=PreviewedSerializer,
        detail=False,
        needs=(Permission.RULEBOOK_WRITE, Permission.ADMISSION_READ),
        example=PREVIEW_EXAMPLE,
    )
    def preview(self, data: dict[str, Any]) -> services.Judgement:
        """Evaluate the rules in force on a subject without recording a decision (operator)."""
        return services.preview(actor=self.actor, **data)


class HaltViewSet(MarketReadViewSet[Halt]):
    """Halts, in force and lifted; public. ``clearing.approvals`` adds the command that lifts one."""

    reads = PUBLIC
    serializer_class = HaltSerializer
    filterset_class = HaltFilter
    queryset = Halt.objects.none()

    def get_queryset(self) -> QuerySet[Halt]:
        """Every halt."""
        return queries.halts()

    @create_command(
        summary="Halt trading",
        needs=Permission.TRADING_HALT,
        request=HaltTradingSerializer,
        response=HaltSerializer,
        example=HALT_EXAMPLE,
    )
    def create(self, data: dict[str, Any]) -> Halt:
        """Halt trading in a listing, a segment or the whole market, with immediate effect (operator)."""
        return services.halt_trading(actor=self.actor, **data)


class NeutralityView(APIView):
    """The neutrality report; public."""

    reads = PUBLIC

    @extend_schema(
        summary="Read the neutrality report",
        responses={200: NeutralitySerializer},
        operation_id="neutrality",
    )
    def get(self, request: Request) -> Response:
        """Figures of the newest neutrality bundle's period, of whose decisions the newest 200 were replayed at `made_at`.

        The operator's auditors read those of all days up to now.
        """
        is_auditor = reader_of(request, Permission.EVIDENCE_READ)
        report = running_report() if is_auditor else NEUTRALITY.read()
        return Response(NeutralitySerializer(report).data)


class ParametersView(APIView):
    """The parameters of the rulebook; public."""

    reads = PUBLIC

    @extend_schema(
        summary="Read the parameters in force",
        responses={200: ParametersSerializer},
        operation_id="parameters",
    )
    def get(self, request: Request) -> Response:
        """Every parameter with its value, its default and its meaning."""
        return Response(ParametersSerializer(queries.parameters_in_force()).data)
