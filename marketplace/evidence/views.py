"""The evidence API: records with proofs for the operator; checkpoints, their consistency and keys for the public."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.api.permissions import PUBLIC
from marketplace.api.views import PROBLEMS, MarketReadViewSet
from marketplace.kernel.parameters import parameter
from marketplace.kernel.permissions import Permission

from . import queries
from .cosignatures import witness_relations
from .filters import EvidenceRecordFilter
from .keys import public_keys
from .models import Checkpoint, EvidenceRecord, KeyAnnouncement
from .serializers import (
    ConsistencyProofSerializer,
    EvidenceRecordSerializer,
    KeyAnnouncementSerializer,
    ProvedRecordSerializer,
    RecordProofSerializer,
)
from .witness_serializers import WitnessedCheckpointSerializer


class EvidenceRecordViewSet(MarketReadViewSet[EvidenceRecord]):
    """Evidence records to which the caller's organisation is a party; all, for the auditors of the operator."""

    reads = Permission.MARKET_READ
    serializer_class = EvidenceRecordSerializer
    filterset_class = EvidenceRecordFilter
    queryset = EvidenceRecord.objects.none()

    def get_queryset(self) -> QuerySet[EvidenceRecord]:
        """Rows in the caller's scope."""
        return queries.visible_records(self.actor)

    @extend_schema(
        summary="Prove that a record is in the evidence log",
        responses={200: RecordProofSerializer, **PROBLEMS},
    )
    @action(detail=True, methods=["get"], filterset_class=None)
    def proof(self, request: Request, **_: Any) -> Response:
        """What opens the record's commitment, and its path of hashes to the root of the newest checkpoint."""
        return Response(RecordProofSerializer(queries.prove_record(self.get_object())).data)


class ProvedRecordViewSet(EvidenceRecordViewSet):
    """Evidence records with their proofs, for records of activity; no route shows it."""

    serializer_class = ProvedRecordSerializer


class CheckpointViewSet(MarketReadViewSet[Checkpoint]):
    """Signed Merkle roots over the evidence log; public, so that anyone can keep and compare them."""

    reads = PUBLIC
    serializer_class = WitnessedCheckpointSerializer
    queryset = Checkpoint.objects.select_related("timestamp").prefetch_related("cosignatures__witness")

    def get_serializer_context(self) -> dict[str, Any]:
        """With what the rulebook asks of witnesses, and which of their organisations are related."""
        return {
            **super().get_serializer_context(),
            "witnesses_min": parameter("witnesses_min"),
            "witness_relations": witness_relations(),
        }

    @extend_schema(
        summary="Prove that a checkpoint continues an older one",
        parameters=[
            OpenApiParameter(
                "older", str, description="The older checkpoint; without it, the one before this one."
            )
        ],
        responses={200: ConsistencyProofSerializer, **PROBLEMS},
    )
    @action(detail=True, methods=["get"])
    def consistency(self, request: Request, **_: Any) -> Response:
        """The hashes which prove that the log was only appended to between the two checkpoints."""
        older = request.query_params.get("older", "")
        proof = queries.prove_consistency(newer=self.get_object(), older_id=older)
        return Response(ConsistencyProofSerializer(proof).data)


KEY_EXAMPLE = {"verifier_key": "market.example/log+00000000+AQAA", "reason": "The yearly rotation."}


class KeyAnnouncementViewSet(MarketReadViewSet[KeyAnnouncement]):
    """Announcements of the market's signing keys; public."""

    reads = PUBLIC
    serializer_class = KeyAnnouncementSerializer
    queryset = KeyAnnouncement.objects.all()


class PublicKeysView(APIView):
    """The JWK Set of the market's signing keys, with their history."""

    reads = PUBLIC
    authentication_classes = ()

    @extend_schema(responses={200: {"type": "object"}}, summary="The market's public keys (JWK Set)")
    def get(self, request: Request) -> Response:
        """The keys that verify the signatures of checkpoints, agreements and statements; past ones stay, with their days."""
        return Response(public_keys())
