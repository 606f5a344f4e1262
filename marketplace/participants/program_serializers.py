"""Programs in the API, and the input of their commands."""

from __future__ import annotations

from rest_framework import serializers

from marketplace.api.serializers import StrictSerializer
from marketplace.kernel.permissions import SCOPES

from .bounds import PROGRAM_VALID
from .models import Application
from .services.programs import HOURS_MAX


class ApplicationSerializer(serializers.ModelSerializer[Application]):
    """A program that acts for an organisation. The secret is shown once, when it is made."""

    id = serializers.CharField(source="public_id")
    organisation = serializers.CharField(source="organisation.public_id")
    responsible = serializers.CharField(source="responsible.public_id")
    next_responsible = serializers.CharField(
        source="next_responsible.public_id", default=None, allow_null=True
    )
    client_secret = serializers.CharField(source="issued_secret", allow_null=True)

    class Meta:
        model = Application
        fields = (
            "id",
            "organisation",
            "responsible",
            "next_responsible",
            "name",
            "scopes",
            "client_id",
            "client_secret",
            "created",
            "expires_at",
            "previous_until",
            "last_used_at",
            "revoked_at",
            "revoked_by",
        )


class CreateApplicationSerializer(StrictSerializer):
    """A new program of the caller's organisation; without ``scopes`` it gets all that the caller may give it."""

    name = serializers.CharField(max_length=255)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=sorted(SCOPES)), max_length=len(SCOPES), required=False
    )
    valid_days = serializers.IntegerField(
        min_value=1, max_value=PROGRAM_VALID.days, default=PROGRAM_VALID.days
    )


class RotateSecretSerializer(StrictSerializer):
    """For how many hours the secret before stays good."""

    overlap_hours = serializers.IntegerField(min_value=0, max_value=HOURS_MAX, default=0)


class NarrowScopesSerializer(StrictSerializer):
    """The scopes that a program keeps."""

    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=sorted(SCOPES)), max_length=len(SCOPES), min_length=1
    )


class OfferProgramSerializer(StrictSerializer):
    """The member who is to answer for a program."""

    person = serializers.CharField(max_length=31)
