"""The API of programs."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.api.permissions import declare
from marketplace.api.views import PROBLEMS, MarketReadViewSet, command
from marketplace.kernel.permissions import Permission

from . import people_queries, services
from .models import Application
from .program_serializers import (
    ApplicationSerializer,
    CreateApplicationSerializer,
    NarrowScopesSerializer,
    OfferProgramSerializer,
    RotateSecretSerializer,
)

TIGHTENING = (Permission.PROGRAMS_WRITE, Permission.ORGANISATION_WRITE)
"""Owners hold both; in insolvency proceedings the trustee holds the second, and may take access away."""


class ApplicationViewSet(MarketReadViewSet[Application]):
    """Programs of the caller's organisation; all, for the operator."""

    reads = Permission.MARKET_READ
    serializer_class = ApplicationSerializer
    queryset = Application.objects.none()

    def get_queryset(self) -> QuerySet[Application]:
        """Rows in the caller's scope."""
        return people_queries.visible_applications(self.actor)

    @declare(Permission.PROGRAMS_WRITE)
    @extend_schema(
        summary="Create access for a program",
        request=CreateApplicationSerializer,
        responses={201: ApplicationSerializer, **PROBLEMS},
        examples=[OpenApiExample("example", value={"name": "trading desk"}, request_only=True)],
    )
    def create(self, request: Request) -> Response:
        """Give a program access to act for the caller's organisation; the caller answers for it.

        Only this response contains its secret, which is good for a year at most.

        It takes no Idempotency-Key, because the response would have to be stored together with the secret.
        """
        serializer = CreateApplicationSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return _with_secret(services.create_application(actor=self.actor, **serializer.validated_data), 201)

    @declare(Permission.PERSON_OWN)
    @extend_schema(
        summary="Rotate the secret of a program",
        request=RotateSecretSerializer,
        responses={200: ApplicationSerializer, **PROBLEMS},
        examples=[OpenApiExample("example", value={"overlap_hours": 24}, request_only=True)],
    )
    @action(detail=True, methods=["post"], url_path="rotate-secret")
    def rotate_secret(self, request: Request, **captured: Any) -> Response:
        """Make a new secret, good for a year; the one before ends at once, or within 24 hours as stated.

        Only the person who answers for the program may, after a fresh proof. Only this response contains it. It takes no Idempotency-Key, as above.
        """
        serializer = RotateSecretSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        rotated = services.rotate_secret(
            actor=self.actor, application=captured["id"], **serializer.validated_data
        )
        return _with_secret(rotated, 200)

    @command(summary="Revoke a program", response=ApplicationSerializer, needs=TIGHTENING)
    def revoke(self, data: dict[str, Any], public_id: str) -> Application:
        """Revoke it for ever; its tokens end at once."""
        return services.revoke_program(actor=self.actor, application=public_id)

    @command(
        summary="Narrow the scopes of a program",
        request=NarrowScopesSerializer,
        response=ApplicationSerializer,
        needs=TIGHTENING,
        example={"scopes": ["market:read"]},
    )
    def narrow_scopes(self, data: dict[str, Any], public_id: str) -> Application:
        """Leave it some of its scopes; its tokens lose the others at once."""
        return services.narrow_scopes(actor=self.actor, application=public_id, **data)

    @command(
        summary="Offer a program to another person",
        request=OfferProgramSerializer,
        response=ApplicationSerializer,
        needs=TIGHTENING,
        example={"person": "usr_01K3ZQ0V9Q6C6M6H2V8Q1T9W5E"},
    )
    def offer(self, data: dict[str, Any], public_id: str) -> Application:
        """Offer it to another member, who answers for it once it takes it over."""
        return services.offer_program(actor=self.actor, application=public_id, **data)

    @command(summary="Take over a program", response=ApplicationSerializer, needs=Permission.PERSON_OWN)
    def take_over(self, data: dict[str, Any], public_id: str) -> Application:
        """The member to whom it was offered answers for it from now on, and makes it another secret: the one that others know
        ends within a day, at once where the person before has left."""
        return services.take_over_program(actor=self.actor, application=public_id)


def _with_secret(application: Application, status: int) -> Response:
    return Response(
        ApplicationSerializer(application).data, status=status, headers={"Cache-Control": "no-store"}
    )
