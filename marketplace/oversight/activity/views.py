"""The API of activity records."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import FileResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request

from marketplace.api.renderers import AsAddressed
from marketplace.api.serializers import EmptySerializer
from marketplace.api.views import PROBLEMS, MarketReadViewSet, create_command

from . import queries, services
from .models import MEMBER, ActivityRecord
from .serializers import ActivityRecordSerializer


class ActivityRecordViewSet(MarketReadViewSet[ActivityRecord]):
    """Records of the caller's own organisation's activity: everything that is its, as one signed file."""

    reads = MEMBER
    serializer_class = ActivityRecordSerializer
    filterset_fields: tuple[str, ...] = ()
    queryset = ActivityRecord.objects.none()

    def get_queryset(self) -> QuerySet[ActivityRecord]:
        """Rows in the caller's scope."""
        return queries.visible_records(self.actor)

    @create_command(
        summary="Ask for the records of one's activity",
        needs=MEMBER,
        request=EmptySerializer,
        response=ActivityRecordSerializer,
    )
    def create(self, data: dict[str, Any]) -> ActivityRecord:
        """A job makes one file of everything that is the organisation's; `jobs/` shows how far it is."""
        return services.ask_records(actor=self.actor)

    @extend_schema(
        summary="Download the records of one's activity",
        responses={(200, "application/zip"): OpenApiTypes.BINARY, **PROBLEMS},
    )
    @action(detail=True, methods=["get"], content_negotiation_class=AsAddressed, filterset_fields=())
    def content(self, request: Request, id: str) -> FileResponse:  # noqa: A002
        """The file: JSON lines a kind, a manifest with their hashes, and the market's signature over it."""
        record, file = services.file_to_send(actor=self.actor, record=id)
        response = FileResponse(
            file,
            as_attachment=True,
            filename=f"{record.public_id}.zip",
            content_type="application/zip",
        )
        response["Cache-Control"] = "private, no-store"
        response["ETag"] = f'"{record.sha256}"'
        return response
