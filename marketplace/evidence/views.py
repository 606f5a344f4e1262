"""The evidence API: records for the operator, checkpoints and keys for the public."""

from __future__ import annotations

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.api.permissions import IsOperator
from marketplace.api.views import MarketReadViewSet

from . import queries
from .models import Checkpoint, EvidenceRecord
from .serializers import CheckpointSerializer, EvidenceRecordSerializer
from .signatures import public_keys


class EvidenceRecordViewSet(MarketReadViewSet[EvidenceRecord]):
    """Evidence records, for the operator and its auditors."""

    serializer_class = EvidenceRecordSerializer
    permission_classes = (IsOperator,)
    filterset_fields = ("kind", "subject", "actor")
    queryset = EvidenceRecord.objects.none()

    def get_queryset(self) -> QuerySet[EvidenceRecord]:
        """Every record."""
        return queries.all_records()


class CheckpointViewSet(MarketReadViewSet[Checkpoint]):
    """Signed Merkle roots over the evidence log; public, so that anyone can keep and compare them."""

    serializer_class = CheckpointSerializer
    permission_classes = (AllowAny,)
    queryset = Checkpoint.objects.all()


class PublicKeysView(APIView):
    """The JWK Set of the market's signing keys."""

    permission_classes = (AllowAny,)
    authentication_classes = ()

    @extend_schema(responses={200: {"type": "object"}}, summary="The market's public keys (JWK Set)")
    def get(self, request: Request) -> Response:
        """The keys that verify the signatures of checkpoints, agreements and statements."""
        return Response(public_keys())
