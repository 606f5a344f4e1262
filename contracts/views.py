"""The API of contracts: templates, negotiations, agreements with their documents, disputes and adjustments."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response

from listings.questions import RightsAnswerSerializer, RightsQuestionSerializer, answer_question
from marketplace.api.renderers import AsAddressed, HtmlRenderer, PdfRenderer, TextRenderer
from marketplace.api.views import PROBLEMS, MarketReadViewSet, command, create_command
from marketplace.documents.errors import LanguageUnknown
from marketplace.documents.presentation import Language
from marketplace.documents.services import render_html
from marketplace.kernel.actors import Role
from marketplace.kernel.permissions import Permission

from . import queries, services
from .adjusting.views import ShowsFired
from .amending.queries import version_in_force
from .amending.views import VERSION, AmendsAgreements, asked_version
from .disclosures.models import DISCLOSING, MessageDisclosure
from .disclosures.serializers import DiscloseSerializer, DisclosureSerializer
from .document.agreement import TEMPLATE
from .document.rendering import agreement_pdf
from .document.views import AgreementBundleMixin
from .ending.lost_time import time_given_back
from .ending.views import EndsAgreements
from .filters import AgreementFilter, NegotiationFilter
from .law.views import ShowsLaw
from .models import Adjustment, Agreement, Negotiation
from .negotiating.rounds import rounds_of
from .negotiating.serializers import RoundSerializer
from .papers.views import AgreementPapers, NegotiationPapers
from .plan.views import ShowsPlan
from .renewing.views import RenewsAgreements
from .serializers import (
    AdjustmentSerializer,
    AgreementSerializer,
    ContractSerializer,
    NegotiationSerializer,
    ProposeTermsSerializer,
    RequestNegotiationSerializer,
    SignContractSerializer,
    SubmitSignatureSerializer,
    TerminateNegotiationSerializer,
    ToSignSerializer,
    VerificationSerializer,
)
from .states import AgreementState
from .view_examples import REQUEST_EXAMPLE

LANGUAGES: tuple[Language, ...] = ("ja", "en")
LANGUAGE = OpenApiParameter(
    name="language",
    type=OpenApiTypes.STR,
    enum=LANGUAGES,
    description="The language of the document, Japanese by default.",
)


class NegotiationViewSet(NegotiationPapers, ShowsPlan):
    """Negotiations of the caller's organisation, as buyer or seller; all, for the operator.

    States are those of the Dataspace Protocol 2025-1.
    """

    reads = Permission.MARKET_READ
    serializer_class = NegotiationSerializer
    queryset = Negotiation.objects.none()
    filterset_class = NegotiationFilter

    def get_queryset(self) -> QuerySet[Negotiation]:
        """Rows in the caller's scope; where staff reads, with what discloses the messages to it."""
        rows = queries.visible_negotiations(self.actor)
        reads = self.request.method in SAFE_METHODS and self.actor.role is Role.OPERATOR
        return queries.with_disclosures(rows, self.actor) if reads else rows

    def _read(self, negotiation: Negotiation) -> Negotiation:
        """The negotiation with its related rows."""
        return self.get_queryset().get(pk=negotiation.pk)

    @create_command(
        summary="Request a negotiation",
        needs=Permission.NEGOTIATIONS_WRITE,
        request=RequestNegotiationSerializer,
        response=NegotiationSerializer,
        example=REQUEST_EXAMPLE,
        moves_money=True,
    )
    def create(self, data: dict[str, Any]) -> Negotiation:
        """Request a contract over a published listing, at the published terms or with changes (buyer)."""
        return self._read(services.request_negotiation(actor=self.actor, **data))

    @command(
        summary="Offer terms",
        needs=Permission.NEGOTIATIONS_WRITE,
        request=ProposeTermsSerializer,
        response=NegotiationSerializer,
        example={"terms": {"price_minor": 110000}, "note": "この価格であればご提供できます。"},
        moves_money=True,
    )
    def offer(self, data: dict[str, Any], public_id: str) -> Negotiation:
        """Answer a request with an offer (seller)."""
        return self._read(services.make_offer(actor=self.actor, negotiation=public_id, **data))

    @command(
        summary="Request other terms",
        needs=Permission.NEGOTIATIONS_WRITE,
        request=ProposeTermsSerializer,
        response=NegotiationSerializer,
        example={"terms": {"price_minor": 100000}},
        moves_money=True,
    )
    def counter(self, data: dict[str, Any], public_id: str) -> Negotiation:
        """Answer an offer with a request for other terms (buyer)."""
        return self._read(services.counter_request(actor=self.actor, negotiation=public_id, **data))

    @command(
        summary="Accept the offered terms",
        needs=Permission.NEGOTIATIONS_WRITE,
        response=NegotiationSerializer,
        moves_money=True,
    )
    def accept(self, data: dict[str, Any], public_id: str) -> Negotiation:
        """Accept the seller's offer; the seller signs next (buyer)."""
        return self._read(services.accept_offer(actor=self.actor, negotiation=public_id))

    @command(
        summary="Sign the contract",
        needs=Permission.CONTRACTS_SIGN,
        request=SignContractSerializer,
        response=NegotiationSerializer,
        example={"signed_hash": "0" * 64},
        moves_money=True,
    )
    def sign(self, data: dict[str, Any], public_id: str) -> Negotiation:
        """Sign the contract by market-side signature: the seller first, then the buyer, which concludes the agreement."""
        return queries.load_shown(services.sign(actor=self.actor, negotiation=public_id, **data))

    @command(
        summary="Submit a signature of the contract",
        needs=Permission.CONTRACTS_SUBMIT,
        request=SubmitSignatureSerializer,
        response=NegotiationSerializer,
        example={"signed_hash": "0" * 64, "signature": "eyJhbGciOiJFZDI1NTE5In0..c2lnbmF0dXJl"},
        moves_money=True,
    )
    def submit_signature(self, data: dict[str, Any], public_id: str) -> Negotiation:
        """Sign the contract with your organisation's own key, as a signatory or as a program within a mandate.

        The signature is a detached JWS over the `content` of `to-sign/`. Otherwise as `sign/`.
        """
        return queries.load_shown(services.submit_signature(actor=self.actor, negotiation=public_id, **data))

    @extend_schema(summary="Read what your own key signs", responses={200: ToSignSerializer, **PROBLEMS})
    @action(detail=True, methods=["get"], url_path="to-sign", filterset_class=None)
    def to_sign(self, request: Request, **_: Any) -> Response:
        """The exact bytes that your organisation signs with its own key, over the current terms."""
        return Response(ToSignSerializer(queries.to_sign(self.actor, self.get_object())).data)

    @command(
        summary="End a negotiation",
        needs=(Permission.NEGOTIATIONS_SETTLE, Permission.DISPUTES_WRITE),
        request=TerminateNegotiationSerializer,
        response=NegotiationSerializer,
        example={"reason_code": "too_expensive", "reason": "予算を超えています。"},
    )
    def terminate(self, data: dict[str, Any], public_id: str) -> Negotiation:
        """End the negotiation without agreement (a party, or the operator with a reason)."""
        return self._read(services.terminate(actor=self.actor, negotiation=public_id, **data))

    @command(
        summary="Disclose the messages to staff",
        needs=DISCLOSING,
        request=DiscloseSerializer,
        response=DisclosureSerializer,
        status=201,
        example={"reference": "SUP-2026-0117"},
    )
    def disclosures(self, data: dict[str, Any], public_id: str) -> MessageDisclosure:
        """Let the operator's staff read what both parties wrote in this negotiation, for a dispute or support case (a party).

        Only staff of disputes and support reads it, under an access of which you are told. Revoke it at any time.
        """
        return services.disclose_messages(actor=self.actor, negotiation=public_id, **data)

    @extend_schema(summary="Read the contract to be signed", responses={200: ContractSerializer, **PROBLEMS})
    @action(detail=True, methods=["get"], filterset_class=None)
    def contract(self, request: Request, **_: Any) -> Response:
        """The contract over the current terms: its text in both languages, the object that is signed, and its hash."""
        return Response(ContractSerializer(queries.contract_of(self.get_object())).data)

    @extend_schema(
        summary="Read what each proposal changes",
        responses={200: RoundSerializer(many=True), **PROBLEMS},
    )
    @action(detail=True, methods=["get"], filterset_class=None, pagination_class=None)
    def rounds(self, request: Request, **_: Any) -> Response:
        """Each proposal against the published offer and against the proposal before it: every term that changed, in words, and
        whether the rights of use are narrower, wider, equal, neither, or undecided, on the whole and for each changed right."""
        return Response(RoundSerializer(rounds_of(self.get_object()), many=True).data)


class AgreementViewSet(
    AgreementPapers,
    AmendsAgreements,
    RenewsAgreements,
    EndsAgreements,
    ShowsFired,
    ShowsLaw,
    AgreementBundleMixin,
):
    """Agreements of the caller's organisation; all, for the operator."""

    reads = Permission.MARKET_READ
    serializer_class = AgreementSerializer
    queryset = Agreement.objects.none()
    filterset_class = AgreementFilter

    def get_queryset(self) -> QuerySet[Agreement]:
        """Rows in the caller's scope; with the contract's texts for those who read it."""
        rows = queries.visible_agreements(self.actor)
        return rows if self.action in ("list", "retrieve") else queries.with_texts(rows)

    @extend_schema(
        summary="Read the signed contract",
        parameters=[VERSION],
        responses={200: ContractSerializer, **PROBLEMS},
    )
    @action(detail=True, methods=["get"], filterset_class=None)
    def contract(self, request: Request, **_: Any) -> Response:
        """The text in both languages, the object that was signed, and its hash."""
        return Response(
            ContractSerializer(
                queries.drawn_contract(asked_version(request, self.get_object()).instrument)
            ).data
        )

    @extend_schema(
        summary="Verify the signed contract",
        parameters=[VERSION],
        responses={200: VerificationSerializer, **PROBLEMS},
    )
    @action(detail=True, methods=["get"], filterset_class=None)
    def verification(self, request: Request, **_: Any) -> Response:
        """Recompute every hash and verify every signature."""
        agreement = self.get_object()
        found = queries.verification_of(agreement, asked_version(request, agreement).instrument)
        return Response(VerificationSerializer(found).data)

    @extend_schema(
        summary="Ask what the agreement permits",
        parameters=[RightsQuestionSerializer],
        responses={200: RightsAnswerSerializer, **PROBLEMS},
    )
    @action(detail=True, methods=["get"], url_path="permitted-use", filterset_class=None)
    def permitted_use(self, request: Request, **_: Any) -> Response:
        """Whether the buyer may do something under the agreement, by its policy alone: the answer, the rule that decided, and
        the duties that are still to be met. A duration ends later by the access that was lost and given back. What the market or a
        court holds up beside it is not in it."""
        agreement = self.get_object()
        found = answer_question(
            version_in_force(agreement).said["policy"],
            request.query_params,
            agreed_at=agreement.concluded_at,
            given_back=time_given_back(agreement.public_id),
            has_ended=agreement.state != AgreementState.IN_FORCE,
        )
        return Response(RightsAnswerSerializer(found).data)

    @extend_schema(
        summary="Read the agreement as PDF",
        parameters=[LANGUAGE, VERSION],
        responses={(200, "application/pdf"): OpenApiTypes.BINARY, **PROBLEMS},
    )
    @action(
        detail=True,
        methods=["get"],
        url_path="document.pdf",
        url_name="pdf",
        filterset_class=None,
        renderer_classes=[PdfRenderer],
        content_negotiation_class=AsAddressed,
    )
    def document_pdf(self, request: Request, **_: Any) -> Response:
        """The agreement with its signatures as PDF/A. A large one is made by a job: until it is there, 409 with `Retry-After`."""
        agreement, language = self.get_object(), _language(request)
        signed = asked_version(request, agreement)
        content = agreement_pdf(agreement, language, self.actor.organisation or "", signed)
        return _document(content, agreement, language, "pdf")

    @extend_schema(
        summary="Read the agreement as HTML",
        parameters=[LANGUAGE, VERSION],
        responses={(200, "text/html"): OpenApiTypes.STR, **PROBLEMS},
    )
    @action(
        detail=True,
        methods=["get"],
        url_path="document.html",
        url_name="html",
        filterset_class=None,
        renderer_classes=[HtmlRenderer],
        content_negotiation_class=AsAddressed,
    )
    def document_html(self, request: Request, **_: Any) -> Response:
        """The agreement with its signatures as one HTML page."""
        agreement = self.get_object()
        data, language = (
            queries.document_data(agreement, asked_version(request, agreement)),
            _language(request),
        )
        return _document(
            render_html(template=TEMPLATE, data=data, language=language),
            agreement,
            language,
            "html",
        )

    @extend_schema(
        summary="Read the agreement's text",
        parameters=[LANGUAGE, VERSION],
        responses={(200, "text/plain"): OpenApiTypes.STR, **PROBLEMS},
    )
    @action(
        detail=True,
        methods=["get"],
        url_path="document.txt",
        url_name="text",
        filterset_class=None,
        renderer_classes=[TextRenderer],
        content_negotiation_class=AsAddressed,
    )
    def document_text(self, request: Request, **_: Any) -> Response:
        """The text whose SHA-256 was signed, byte for byte."""
        agreement, language = self.get_object(), _language(request)
        instrument = asked_version(request, agreement).instrument
        text = instrument.text_en if language == "en" else instrument.text_ja
        return _document(text, agreement, language, "txt")


def _language(request: Request) -> Language:
    """The requested language; raises LanguageUnknown."""
    asked = request.query_params.get("language", "ja")
    for language in LANGUAGES:
        if asked == language:
            return language
    raise LanguageUnknown(language=asked)


def _document(content: bytes | str, agreement: Agreement, language: str, suffix: str) -> Response:
    name = f"{agreement.public_id}.{language}.{suffix}"
    return Response(
        content,
        headers={"Content-Disposition": f'inline; filename="{name}"', "Content-Language": language},
    )


class AdjustmentViewSet(MarketReadViewSet[Adjustment]):
    """Adjustments of the prices of the caller's agreements; all, for the operator."""

    reads = Permission.MARKET_READ
    serializer_class = AdjustmentSerializer
    queryset = Adjustment.objects.none()
    filterset_fields = ("reason_code",)

    def get_queryset(self) -> QuerySet[Adjustment]:
        """Rows in the caller's scope."""
        return queries.visible_adjustments(self.actor)
