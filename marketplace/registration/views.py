"""The API of registration: applicants by the key of their application, and the operator."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.api.addresses import counted_address
from marketplace.api.authentication import MarketAuthentication
from marketplace.api.permissions import BY_KEY, PUBLIC, declare
from marketplace.api.views import PROBLEMS, MarketReadViewSet, command
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.permissions import Permission
from marketplace.participants.media import SUFFIXES

from . import queries, services
from .authentication import HEADER, Applicant, ApplicantAuthentication, IsApplicant
from .bounds import DOCUMENT_BYTES_MAX
from .examples import APPLICATION_EXAMPLE, OWNERS_EXAMPLE
from .models import Registration, Screening, SupportingDocument
from .serializers import (
    AddDocumentSerializer,
    ApplyForRegistrationSerializer,
    AssessSerializer,
    BegunRegistrationSerializer,
    ProposeSerializer,
    ProveEmailSerializer,
    RefuseSerializer,
    RegistrationSerializer,
    RegistrationSummarySerializer,
    ReturnSerializer,
    ReviewedRegistrationSerializer,
    ScreeningSerializer,
    StateOwnersSerializer,
    SupportingDocumentSerializer,
)
from .services.filing import TOO_LARGE

KEY_PARAMETER = OpenApiParameter(
    name=HEADER,
    type=OpenApiTypes.STR,
    location=OpenApiParameter.HEADER,
    description="The key of the application, for its applicant.",
)


def read_document(_view: RegistrationViewSet | None, data: dict[str, Any], _registration: str) -> None:
    """Replace the uploaded file by its bytes and name, before the command's transaction. Raises FieldInvalid."""
    file = data.pop("file")
    if file.size > DOCUMENT_BYTES_MAX:
        raise FieldInvalid("file", TOO_LARGE)
    data |= {"content": file.read(), "name": file.name}


class RegistrationViewSet(MarketReadViewSet[Registration]):
    """Applications to be registered. An applicant acts on its own by its key (`Registration-Key`); the operator reads all."""

    reads = Permission.ADMISSION_READ
    serializer_class = ReviewedRegistrationSerializer
    authentication_classes = (MarketAuthentication, ApplicantAuthentication)
    filterset_fields = ("state", "kind", "corporate_number")
    queryset = Registration.objects.none()

    def get_permissions(self) -> list[Any]:
        """An applicant reads its application by its key, which gives no permission of the market."""
        if self.action == "retrieve" and isinstance(self.request.user, Applicant):
            return [IsApplicant()]
        return list(super().get_permissions())

    def get_queryset(self) -> QuerySet[Registration]:
        """Rows in the caller's scope."""
        return queries.visible_registrations(self.actor)

    def get_serializer_class(self) -> type[Any]:
        """What an applicant reads, and what the operator."""
        if self.action == "list":
            return RegistrationSummarySerializer
        is_applicant = isinstance(self.request.user, Applicant)
        return RegistrationSerializer if is_applicant else ReviewedRegistrationSerializer

    @declare(PUBLIC)
    @extend_schema(
        summary="Apply for registration",
        request=ApplyForRegistrationSerializer,
        responses={201: BegunRegistrationSerializer, **PROBLEMS},
        examples=[OpenApiExample("example", value=APPLICATION_EXAMPLE, request_only=True)],
    )
    def create(self, request: Request) -> Response:
        """Anybody applies. Only this response contains the key of the application; a code is sent to the mail address.

        The answer is the same whether the address is known or not. It takes no Idempotency-Key, because the response would
        have to be stored together with the key.
        """
        serializer = ApplyForRegistrationSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        address = counted_address(request._request)
        row = services.apply(client_address=address, **serializer.validated_data)
        return Response(BegunRegistrationSerializer(row).data, status=HTTPStatus.CREATED)

    @extend_schema(summary="Read an application", parameters=[KEY_PARAMETER])
    def retrieve(self, request: Request, *args: Any, **options: Any) -> Response:
        """Its applicant reads what it stated and the decision, the operator its screenings too."""
        return super().retrieve(request, *args, **options)

    def finalize_response(self, request: Request, response: Response, *args: Any, **options: Any) -> Response:
        """Every answer is kept out of caches: what stands in an application is personal data."""
        final: Response = super().finalize_response(request, response, *args, **options)
        final.headers.setdefault("Cache-Control", "no-store")
        return final

    @command(
        summary="Send another code",
        response=RegistrationSerializer,
        needs=BY_KEY,
        permissions=(IsApplicant,),
    )
    def send_code(self, data: dict[str, Any], public_id: str) -> Registration:
        """Send another code to the mail address; the codes before it are void (applicant)."""
        return services.send_code(actor=self.actor, registration=public_id)

    @command(
        summary="Prove the mail address",
        request=ProveEmailSerializer,
        response=RegistrationSerializer,
        needs=BY_KEY,
        permissions=(IsApplicant,),
        example={"code": "01234567"},
    )
    def prove_email(self, data: dict[str, Any], public_id: str) -> Registration:
        """Prove the mail address by the code that was sent to it (applicant)."""
        return services.prove_email(actor=self.actor, registration=public_id, **data)

    @command(
        summary="Add a supporting document",
        request=AddDocumentSerializer,
        response=SupportingDocumentSerializer,
        status=201,
        needs=BY_KEY,
        permissions=(IsApplicant,),
        parser_classes=[MultiPartParser],
        prepare=read_document,
        path="documents",
    )
    def add_document(self, data: dict[str, Any], public_id: str) -> SupportingDocument:
        """Add a PDF, JPEG or PNG file of at most 5 MiB; an application has at most ten (applicant)."""
        return services.add_document(actor=self.actor, registration=public_id, **data)

    @command(
        summary="State the beneficial owners",
        request=StateOwnersSerializer,
        response=RegistrationSerializer,
        needs=BY_KEY,
        permissions=(IsApplicant,),
        path="owners",
        example=OWNERS_EXAMPLE,
    )
    def state_owners(self, data: dict[str, Any], public_id: str) -> Registration:
        """State all natural persons who own a quarter or more, or control the organisation (applicant)."""
        return services.state_owners(actor=self.actor, registration=public_id, **data)

    @command(
        summary="Submit an application",
        response=RegistrationSerializer,
        needs=BY_KEY,
        permissions=(IsApplicant,),
    )
    def submit(self, data: dict[str, Any], public_id: str) -> Registration:
        """Submit the application; nothing of it can be changed afterwards (applicant)."""
        return services.submit(actor=self.actor, registration=public_id)

    @command(
        summary="Propose to accept an application",
        request=ProposeSerializer,
        response=ReviewedRegistrationSerializer,
        needs=Permission.ADMISSION_WRITE,
        example={"reason": "同名別人であることを生年月日で確認しました。"},
    )
    def propose(self, data: dict[str, Any], public_id: str) -> Registration:
        """The first of two people proposes to accept it (operator)."""
        return services.propose(actor=self.actor, registration=public_id, **data)

    @command(
        summary="Return an application to review",
        request=ReturnSerializer,
        response=ReviewedRegistrationSerializer,
        needs=Permission.ADMISSION_WRITE,
        example={"reason": "The address differs from the registry."},
        path="return",
    )
    def return_to_review(self, data: dict[str, Any], public_id: str) -> Registration:
        """Void the proposal to accept it, with the reason, which the operator's people read (operator)."""
        return services.return_to_review(actor=self.actor, registration=public_id, **data)

    @command(
        summary="Accept an application",
        response=ReviewedRegistrationSerializer,
        needs=Permission.ADMISSION_WRITE,
    )
    def accept(self, data: dict[str, Any], public_id: str) -> Registration:
        """Another person accepts what the first proposed: the organisation is registered with its first owner (operator)."""
        return services.accept(actor=self.actor, registration=public_id)

    @command(
        summary="Refuse an application",
        request=RefuseSerializer,
        response=ReviewedRegistrationSerializer,
        needs=Permission.ADMISSION_WRITE,
        example={"reason": "登記事項証明書の代表者と申請内容が一致しません。"},
    )
    def refuse(self, data: dict[str, Any], public_id: str) -> Registration:
        """Refuse it, with the reason that the applicant reads (operator)."""
        return services.refuse(actor=self.actor, registration=public_id, **data)

    @command(
        summary="Assess the findings of a screening",
        request=AssessSerializer,
        response=ScreeningSerializer,
        needs=Permission.ADMISSION_WRITE,
        example={"screening": "scr_01K3ZQ0V9Q6C6M6H2V8Q1T9W5E", "assessment": "同名別人と確認しました。"},
    )
    def assess(self, data: dict[str, Any], public_id: str) -> Screening:
        """Record what the findings mean; that closes the task about them, and changes nothing else (operator)."""
        return services.assess(actor=self.actor, registration=public_id, **data)


class SupportingDocumentViewSet(MarketReadViewSet[SupportingDocument]):
    """Supporting documents of applications (operator)."""

    reads = Permission.ADMISSION_READ
    serializer_class = SupportingDocumentSerializer
    filterset_fields = ("kind", "registration__public_id")
    queryset = SupportingDocument.objects.defer("content").select_related("registration")

    @extend_schema(
        summary="Read a supporting document",
        responses={(200, media): OpenApiTypes.BINARY for media in SUFFIXES} | PROBLEMS,
    )
    @action(detail=True, methods=["get"], filterset_fields=())
    def content(self, request: Request, **_: Any) -> HttpResponse:
        """The file as it was uploaded; to be saved, never shown as part of a page."""
        row = self.get_object()
        name = f"{row.public_id}.{SUFFIXES[row.media_type]}"
        return HttpResponse(
            bytes(row.content),
            content_type=row.media_type,
            headers={
                "Content-Disposition": f'attachment; filename="{name}"',
                "Cache-Control": "no-store",
                "X-Content-Type-Options": "nosniff",
            },
        )
