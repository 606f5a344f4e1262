"""Locks of logins and resets of second factors in the API, and the input of their commands."""

from __future__ import annotations

from rest_framework import serializers

from marketplace.api.serializers import ChoiceLabelField, StrictSerializer

from .models import LoginLock, SecondFactorReset
from .states import SecondFactorResetState


class LoginLockSerializer(serializers.ModelSerializer[LoginLock]):
    """A locked login, for the operator."""

    id = serializers.CharField(source="public_id")
    person = serializers.CharField(source="user.public_id")

    class Meta:
        model = LoginLock
        fields = (
            "id",
            "person",
            "reason",
            "salt",
            "locked_by",
            "locked_at",
            "release_proposed_by",
            "release_proposed_at",
            "released_by",
            "released_at",
        )


class SecondFactorResetSerializer(serializers.ModelSerializer[SecondFactorReset]):
    """The reset of a member's second factor."""

    id = serializers.CharField(source="public_id")
    organisation = serializers.CharField(source="membership.organisation.public_id")
    member = serializers.CharField(source="membership.public_id")
    state_label = ChoiceLabelField(SecondFactorResetState, source="state")

    class Meta:
        model = SecondFactorReset
        fields = (
            "id",
            "organisation",
            "member",
            "reason",
            "salt",
            "state",
            "state_label",
            "asked_by",
            "asked_at",
            "confirmed_by",
            "ends_at",
            "ended_by",
            "ended_at",
        )


class LockLoginSerializer(StrictSerializer):
    """Whose login is locked, and why."""

    person = serializers.CharField(max_length=31)
    reason = serializers.CharField(max_length=2_000)


class AskResetSerializer(StrictSerializer):
    """Who lost its second factor, and how its owner knows."""

    member = serializers.CharField(max_length=31)
    reason = serializers.CharField(max_length=2_000)
