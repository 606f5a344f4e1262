"""The API of the keys with which organisations sign by themselves."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from marketplace.api.views import MarketReadViewSet, command, create_command
from marketplace.kernel.permissions import Permission

from . import key_queries, services
from .key_serializers import (
    ChallengeKeySerializer,
    KeyChallengeSerializer,
    OrganisationKeySerializer,
    RegisterKeySerializer,
    RevokeKeySerializer,
)
from .models import OrganisationKey

JWK_EXAMPLE = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}


class OrganisationKeyViewSet(MarketReadViewSet[OrganisationKey]):
    """Keys of the caller's organisation, live and revoked; all, for the operator."""

    reads = Permission.MARKET_READ
    serializer_class = OrganisationKeySerializer
    queryset = OrganisationKey.objects.none()

    def get_queryset(self) -> QuerySet[OrganisationKey]:
        """Rows in the caller's scope."""
        return key_queries.visible_keys(self.actor)

    @command(
        summary="Ask for the challenge of a key",
        request=ChallengeKeySerializer,
        response=KeyChallengeSerializer,
        needs=Permission.KEYS_WRITE,
        detail=False,
        example={"jwk": JWK_EXAMPLE},
    )
    def challenge(self, data: dict[str, Any]) -> dict[str, Any]:
        """What the key signs to prove that your organisation holds it; good for ten minutes."""
        return services.challenge_key(actor=self.actor, **data)

    @create_command(
        summary="Register a key",
        request=RegisterKeySerializer,
        response=OrganisationKeySerializer,
        needs=Permission.KEYS_WRITE,
        example={
            "jwk": JWK_EXAMPLE,
            "label": "契約管理システム",
            "challenge": "eyJhbGciOiJFZDI1NTE5In0.e30.c2lnbmF0dXJl",
            "proof": "eyJhbGciOiJFZDI1NTE5In0..c2lnbmF0dXJl",
        },
    )
    def create(self, data: dict[str, Any]) -> OrganisationKey:
        """Register a key with its signature of the challenge; it signs for your organisation from now on.

        With `replaces`, the key before is revoked at the same moment.
        """
        return services.register_key(actor=self.actor, **data)

    @command(
        summary="Revoke a key",
        request=RevokeKeySerializer,
        response=OrganisationKeySerializer,
        needs=Permission.KEYS_WRITE,
        example={"reason": "compromised"},
    )
    def revoke(self, data: dict[str, Any], public_id: str) -> OrganisationKey:
        """Revoke it at once and for ever. What it signed before stays valid."""
        return services.revoke_key(actor=self.actor, key=public_id, **data)
