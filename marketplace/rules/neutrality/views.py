"""The API of neutrality bundles and counterfactuals: results for everybody, commands and identities for the auditor."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.api.permissions import PUBLIC, declare
from marketplace.api.views import PROBLEMS, MarketReadViewSet, create_command
from marketplace.evidence.serializers import RecordProofSerializer
from marketplace.kernel.permissions import Permission

from . import queries, services
from .models import Counterfactual, NeutralityBundle
from .serializers import (
    AskForBundleSerializer,
    AskForCounterfactualSerializer,
    AuditedCounterfactualSerializer,
    BundleSerializer,
    CounterfactualSerializer,
)

ZIP = "application/zip"


class NeutralityBundleViewSet(MarketReadViewSet[NeutralityBundle]):
    """Bundles from which anybody recomputes decisions, fees, ranking and order of processing; public."""

    reads = PUBLIC
    serializer_class = BundleSerializer
    filterset_fields = ("first_day", "last_day")
    queryset = NeutralityBundle.objects.none()

    def get_queryset(self) -> QuerySet[NeutralityBundle]:
        """Every bundle."""
        return queries.bundles()

    @create_command(
        summary="Ask for a neutrality bundle",
        needs=Permission.EVIDENCE_READ,
        request=AskForBundleSerializer,
        response=BundleSerializer,
        status=202,
        example={"first_day": "2026-10-01", "last_day": "2026-10-31"},
    )
    def create(self, data: dict[str, Any]) -> NeutralityBundle:
        """Ask for the bundle of days that are over; a job makes it. Months are made by themselves (auditor)."""
        return services.ask_for_bundle(actor=self.actor, **data)

    @extend_schema(
        summary="Download a neutrality bundle", responses={(200, ZIP): OpenApiTypes.BINARY, **PROBLEMS}
    )
    @action(detail=True, methods=["get"], filterset_fields=())
    def content(self, request: Request, id: str, **_: Any) -> HttpResponse:  # noqa: A002  the route's name
        """The public file: JSON lines with a manifest, for `verification/verify.py` and `replay.py`."""
        content, digest = queries.public_content(id)
        return _archive(content, digest, f"{id}.zip", "public, max-age=86400, immutable")

    @extend_schema(
        summary="Prove that a neutrality bundle is in the evidence log",
        responses={200: RecordProofSerializer, **PROBLEMS},
    )
    @action(detail=True, methods=["get"], filterset_fields=())
    def proof(self, request: Request, id: str, **_: Any) -> Response:  # noqa: A002  the route's name
        """What opens the record of the file's hash in the public log: a line of `records.jsonl` for `verification/verify.py`."""
        return Response(RecordProofSerializer(queries.proof_of(id)).data)

    @extend_schema(
        summary="Download the auditor's file of a neutrality bundle",
        responses={(200, ZIP): OpenApiTypes.BINARY, **PROBLEMS},
    )
    @action(detail=True, methods=["get"], url_path="auditors-content", filterset_fields=())
    @declare(Permission.EVIDENCE_READ)
    def auditors_content(self, request: Request, id: str, **_: Any) -> HttpResponse:  # noqa: A002  the route's name
        """The salt, the identities and what is withheld. That it was opened is recorded (auditor)."""
        content, digest = services.open_auditors_file(actor=self.actor, bundle=id)
        return _archive(content, digest, f"{id}-auditors.zip", "no-store")


def _archive(content: bytes, digest: str, name: str, caching: str) -> HttpResponse:
    return HttpResponse(
        content,
        content_type=ZIP,
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": caching,
            "ETag": f'"{digest}"',
            "X-Content-Type-Options": "nosniff",
        },
    )


class CounterfactualViewSet(MarketReadViewSet[Counterfactual]):
    """Periods that were replayed with two identities swapped: whether a decision followed a name; public."""

    reads = PUBLIC
    serializer_class = CounterfactualSerializer
    filterset_fields = ("first_day", "last_day")
    queryset = Counterfactual.objects.none()

    def get_queryset(self) -> QuerySet[Counterfactual]:
        """Every counterfactual."""
        return queries.counterfactuals()

    @create_command(
        summary="Ask for a counterfactual",
        needs=Permission.EVIDENCE_READ,
        request=AskForCounterfactualSerializer,
        response=AuditedCounterfactualSerializer,
        status=202,
        example={
            "first_day": "2026-10-01",
            "last_day": "2026-10-31",
            "first": "org_01JABCDEFGHJKMNPQRSTVWXYZ0",
            "second": "org_01JABCDEFGHJKMNPQRSTVWXYZ1",
        },
    )
    def create(self, data: dict[str, Any]) -> Counterfactual:
        """Replay the decisions of days that are over with two organisations swapped; a job does it (auditor)."""
        return services.ask_for_counterfactual(actor=self.actor, **data)

    @extend_schema(
        summary="Read a counterfactual with its identities",
        responses={200: AuditedCounterfactualSerializer, **PROBLEMS},
    )
    @action(detail=True, methods=["get"], filterset_fields=())
    @declare(Permission.EVIDENCE_READ)
    def audited(self, request: Request, **_: Any) -> Response:
        """The organisations swapped, and the decisions that followed a name (auditor)."""
        return Response(AuditedCounterfactualSerializer(self.get_object()).data)
