"""The API of recoveries of owners: anybody files one, the operator decides, members and known contacts object."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.api.permissions import PUBLIC, declare
from marketplace.api.principal import actor_of
from marketplace.api.views import PROBLEMS, MarketReadViewSet, command
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.permissions import Permission

from . import people_queries, services
from .bounds import EVIDENCE_BYTES_MAX
from .media import SUFFIXES
from .models import OwnerRecovery, RecoveryEvidence
from .recovery_serializers import (
    FiledRecoverySerializer,
    FileRecoverySerializer,
    OwnerRecoverySerializer,
    RecoveryEvidenceSerializer,
    RecoveryReasonSerializer,
)
from .services.recovering import NOT_TAKEN


class OwnerRecoveryViewSet(MarketReadViewSet[OwnerRecovery]):
    """Recoveries of owners (operator). Anybody files one; members of the organisation object."""

    reads = Permission.ADMISSION_READ
    serializer_class = OwnerRecoverySerializer
    filterset_fields = ("state", "organisation__public_id")
    queryset = OwnerRecovery.objects.none()

    def get_queryset(self) -> QuerySet[OwnerRecovery]:
        """Every recovery."""
        return people_queries.owner_recoveries()

    def get_parsers(self) -> list[Any]:
        """A form with a file for a new request; JSON for the other commands."""
        if self.request is not None and getattr(self, "action_map", {}).get("post") == "create":
            return [MultiPartParser()]
        return list(super().get_parsers())

    @declare(PUBLIC)
    @extend_schema(
        summary="Ask to recover a lost owner",
        request={"multipart/form-data": FileRecoverySerializer},
        responses={201: FiledRecoverySerializer, **PROBLEMS},
    )
    def create(self, request: Request) -> Response:
        """Anybody asks, with evidence, that a person becomes the owner of an organisation whose owners are lost.

        Two people of the operator decide; then every known contact is told and may object for five business days.
        """
        serializer = FileRecoverySerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        data = dict(serializer.validated_data)
        file = data.pop("file")
        if file.size > EVIDENCE_BYTES_MAX:
            raise FieldInvalid("file", NOT_TAKEN)
        actor = actor_of(request) if request.auth is not None else None
        row = services.file_recovery(actor=actor, content=file.read(), **data)
        return Response(
            FiledRecoverySerializer(row).data,
            status=HTTPStatus.CREATED,
            headers={"Cache-Control": "no-store"},
        )

    @command(
        summary="Propose to recover an owner",
        request=RecoveryReasonSerializer,
        response=OwnerRecoverySerializer,
        needs=Permission.ADMISSION_WRITE,
        example={"reason": "登記事項証明書と委任状を確認しました。"},
    )
    def propose(self, data: dict[str, Any], public_id: str) -> OwnerRecovery:
        """The first of two people proposes it (operator)."""
        return services.propose_recovery(actor=self.actor, recovery=public_id, **data)

    @command(
        summary="Confirm the recovery of an owner",
        response=OwnerRecoverySerializer,
        needs=Permission.ADMISSION_WRITE,
    )
    def confirm(self, data: dict[str, Any], public_id: str) -> OwnerRecovery:
        """Another person confirms it: every known contact is told, and five business days begin (operator)."""
        return services.confirm_recovery(actor=self.actor, recovery=public_id)

    @command(
        summary="Refuse the recovery of an owner",
        request=RecoveryReasonSerializer,
        response=OwnerRecoverySerializer,
        needs=Permission.ADMISSION_WRITE,
        example={"reason": "現在の代表管理者から異議がありました。"},
    )
    def refuse(self, data: dict[str, Any], public_id: str) -> OwnerRecovery:
        """Refuse it, also after an objection (operator)."""
        return services.refuse_recovery(actor=self.actor, recovery=public_id, **data)

    @command(
        summary="Object to the recovery of an owner",
        request=RecoveryReasonSerializer,
        response=FiledRecoverySerializer,
        needs=Permission.PERSON_OWN,
        path="object",
        example={"reason": "代表管理者は在籍しています。"},
    )
    def object_to(self, data: dict[str, Any], public_id: str) -> OwnerRecovery:
        """Any member of the organisation objects in the waiting time: the recovery stops."""
        return services.object_as_member(actor=self.actor, recovery=public_id, **data)


class RecoveryEvidenceViewSet(MarketReadViewSet[RecoveryEvidence]):
    """Files of evidence of recoveries (operator)."""

    reads = Permission.ADMISSION_READ
    serializer_class = RecoveryEvidenceSerializer
    filterset_fields = ("recovery__public_id",)
    queryset = RecoveryEvidence.objects.defer("content")

    @extend_schema(
        summary="Read a file of evidence",
        responses={(200, media): OpenApiTypes.BINARY for media in SUFFIXES} | PROBLEMS,
    )
    @action(detail=True, methods=["get"], filterset_fields=())
    def content(self, request: Request, **_: Any) -> HttpResponse:
        """The file as it was uploaded; to be saved, never shown as part of a page."""
        row = self.get_object()
        return HttpResponse(
            bytes(row.content),
            content_type=row.media_type,
            headers={
                "Content-Disposition": f'attachment; filename="{row.public_id}.{SUFFIXES[row.media_type]}"',
                "Cache-Control": "no-store",
                "X-Content-Type-Options": "nosniff",
            },
        )
