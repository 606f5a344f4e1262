"""Witnesses of the log, and the route at which they cosign; both are public."""

from __future__ import annotations

from http import HTTPStatus

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.api.permissions import PUBLIC, declare
from marketplace.api.views import PROBLEMS, MarketReadViewSet

from .cosignatures import cosign
from .models import Cosignature, Witness
from .witness_serializers import CosignatureSerializer, CosignSerializer, WitnessSerializer

COSIGN_EXAMPLE = {"size": 7, "cosignature": "— witness.example AAAAAAA="}
WITNESS_EXAMPLE = {"verifier_key": "witness.example+00000000+BAAA"}


class WitnessViewSet(MarketReadViewSet[Witness]):
    """Every witness that the market knows, live and ended, with its key."""

    reads = PUBLIC
    serializer_class = WitnessSerializer
    queryset = Witness.objects.all()


class CosignatureViewSet(viewsets.GenericViewSet[Cosignature]):
    """Where witnesses post their cosignatures."""

    serializer_class = CosignatureSerializer
    queryset = Cosignature.objects.none()

    @declare(PUBLIC)
    @extend_schema(
        summary="Cosign a checkpoint",
        request=CosignSerializer,
        responses={201: CosignatureSerializer, **PROBLEMS},
        examples=[OpenApiExample("example", value=COSIGN_EXAMPLE, request_only=True)],
    )
    def create(self, request: Request) -> Response:
        """Take a witness's signature line (C2SP tlog-cosignature). The signature says who it is: it needs no token.

        It takes no Idempotency-Key: the same cosignature again gives the same answer.
        """
        serializer = CosignSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        row = cosign(**serializer.validated_data)
        return Response(CosignatureSerializer(row).data, status=HTTPStatus.CREATED)
