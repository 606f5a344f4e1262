"""The API of attachments."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.http import content_disposition_header
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request

from marketplace.api.filters import AskedFilterSet
from marketplace.api.views import PROBLEMS, MarketReadViewSet, create_command
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.permissions import Permission
from marketplace.participants.media import SUFFIXES

from .. import services
from ..services.attachments import TOO_LARGE
from .models import ATTACHMENT_BYTES_MAX, Attachment
from .queries import visible_attachments
from .serializers import AttachFileSerializer, AttachmentSerializer


def read_file(_view: object, data: dict[str, Any]) -> None:
    """Replace the uploaded file by its bytes and name, before the command's transaction. Raises FieldInvalid."""
    file = data.pop("file")
    if file.size > ATTACHMENT_BYTES_MAX:
        raise FieldInvalid("file", TOO_LARGE)
    data |= {"content": file.read(), "name": file.name}


def file_response(row: Any) -> HttpResponse:
    """The file of a row with ``file_name``, ``media_type`` and ``content``, to be saved."""
    named = content_disposition_header(as_attachment=True, filename=row.file_name)
    return HttpResponse(
        bytes(row.content),
        content_type=row.media_type,
        headers={
            "Content-Disposition": named or "attachment",
            "Cache-Control": "private, no-store",
            "Content-Security-Policy": "sandbox",
            "X-Content-Type-Options": "nosniff",
        },
    )


class AttachmentFilter(AskedFilterSet):
    """Filters by negotiation and party."""

    negotiation = filters.CharFilter(field_name="proposal__negotiation__public_id")

    class Meta:
        model = Attachment
        fields = ("negotiation", "party")


class AttachmentViewSet(MarketReadViewSet[Attachment]):
    """Files that the parties of the caller's negotiations attached to their proposals. Staff reads them once a party discloses the messages."""

    reads = Permission.MARKET_READ
    serializer_class = AttachmentSerializer
    queryset = Attachment.objects.none()
    filterset_class = AttachmentFilter

    def get_parsers(self) -> list[Any]:
        """A file is sent as a form."""
        if self.request is not None and getattr(self, "action_map", {}).get("post") == "create":
            return [MultiPartParser()]
        return list(super().get_parsers())

    def get_queryset(self) -> QuerySet[Attachment]:
        """Rows in the caller's scope, without their content."""
        return visible_attachments(self.actor)

    @create_command(
        summary="Attach a file to a proposal",
        needs=Permission.NEGOTIATIONS_WRITE,
        request=AttachFileSerializer,
        response=AttachmentSerializer,
        prepare=read_file,
    )
    def create(self, data: dict[str, Any]) -> Attachment:
        """Attach a PDF, JPEG or PNG file to your own latest proposal, while the other party is to answer it.

        It becomes an annex of the contract over that proposal; a later proposal has none of it. Sent as `multipart/form-data`.
        """
        return services.attach_file(actor=self.actor, **data)

    @extend_schema(
        summary="Read an attachment",
        responses={(200, media): OpenApiTypes.BINARY for media in SUFFIXES} | PROBLEMS,
    )
    @action(detail=True, methods=["get"], filterset_class=None)
    def content(self, request: Request, **_: Any) -> HttpResponse:
        """The file as it was uploaded; to be saved, never shown as part of a page."""
        return file_response(self.get_object())
