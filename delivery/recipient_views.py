"""Who at the buyer has access, in the API: its owner declares and withdraws it."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from marketplace.api.serializers import StrictSerializer
from marketplace.api.views import command
from marketplace.kernel.permissions import Permission

from . import services
from .models import Entitlement
from .models.recipients import DECLARED_SCOPES
from .serializers import DeliverySerializer

EXAMPLE_PERSON = "usr_01JDQ7M2F0000000000000000A"


class RecipientInput(StrictSerializer):
    """A member (``usr_…``) or program (``app_…``) of the buyer."""

    recipient = serializers.CharField(max_length=31)


class DeclarationInput(RecipientInput):
    """Who it is, and the narrowest scope of disclosure that it is in."""

    scope = serializers.ChoiceField(list(DECLARED_SCOPES))


class DeclaredRecipients:
    """The commands of a delivery that say who at the buyer has access."""

    @command(
        summary="Declare who has access",
        needs=Permission.MEMBERS_WRITE,
        request=DeclarationInput,
        response=DeliverySerializer,
        example={"recipient": EXAMPLE_PERSON, "scope": "department"},
    )
    def declare_recipient(self: Any, data: dict[str, Any], public_id: str) -> Entitlement:
        """Declare a member or program as the person in charge or of the department (an owner of the buyer). Where the rights limit
        disclosure to either, only who is declared downloads."""
        services.declare_recipient(actor=self.actor, entitlement=public_id, **data)
        delivery: Entitlement = self.get_object()
        return delivery

    @command(
        summary="Withdraw who has access",
        needs=Permission.MEMBERS_WRITE,
        request=RecipientInput,
        response=DeliverySerializer,
        example={"recipient": EXAMPLE_PERSON},
    )
    def withdraw_recipient(self: Any, data: dict[str, Any], public_id: str) -> Entitlement:
        """Withdraw a declaration (an owner of the buyer): the person or program begins no download by it any more."""
        services.withdraw_recipient(actor=self.actor, entitlement=public_id, **data)
        delivery: Entitlement = self.get_object()
        return delivery
