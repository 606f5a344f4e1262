"""People in the API: members, invitations and changes of memberships, and the input of their commands."""

from __future__ import annotations

from rest_framework import serializers

from marketplace.api.serializers import ChoiceLabelField, StrictSerializer

from .models import LANGUAGES, Invitation, MemberChange, Membership
from .states import InvitationState, MemberChangeKind, MemberChangeState, MemberRole

TOKEN_LENGTH_MAX = 100


class MemberSerializer(serializers.ModelSerializer[Membership]):
    """A person who acts for an organisation."""

    id = serializers.CharField(source="public_id")
    organisation = serializers.CharField(source="organisation.public_id")
    user = serializers.CharField(source="user.public_id")
    email = serializers.EmailField(source="user.email")
    name = serializers.CharField(source="user.name")
    roles = serializers.ListField(
        child=serializers.ChoiceField(choices=MemberRole.choices), max_length=len(MemberRole)
    )

    class Meta:
        model = Membership
        fields = ("id", "organisation", "user", "email", "name", "roles", "since", "ended_at")


class InvitationSerializer(serializers.ModelSerializer[Invitation]):
    """An invitation of the caller's organisation. Its token is in the mail alone."""

    id = serializers.CharField(source="public_id")
    organisation = serializers.CharField(source="organisation.public_id")
    roles = serializers.ListField(
        child=serializers.ChoiceField(choices=MemberRole.choices), max_length=len(MemberRole)
    )
    state_label = ChoiceLabelField(InvitationState, source="state")

    class Meta:
        model = Invitation
        fields = (
            "id",
            "organisation",
            "email",
            "roles",
            "language",
            "state",
            "state_label",
            "invited_by",
            "invited_at",
            "confirmed_by",
            "confirmed_at",
            "mails",
            "expires_at",
            "ended_by",
            "ended_at",
        )


class MemberChangeSerializer(serializers.ModelSerializer[MemberChange]):
    """A change of what a member may do, with who decided it."""

    id = serializers.CharField(source="public_id")
    organisation = serializers.CharField(source="membership.organisation.public_id")
    member = serializers.CharField(source="membership.public_id")
    user = serializers.CharField(source="membership.user.public_id")
    kind_label = ChoiceLabelField(MemberChangeKind, source="kind")
    role = serializers.ChoiceField(choices=MemberRole.choices, allow_blank=True)
    state_label = ChoiceLabelField(MemberChangeState, source="state")

    class Meta:
        model = MemberChange
        fields = (
            "id",
            "organisation",
            "member",
            "user",
            "kind",
            "kind_label",
            "role",
            "reason",
            "salt",
            "state",
            "state_label",
            "proposed_by",
            "proposed_at",
            "confirmed_by",
            "expires_at",
            "ended_at",
        )


class InviteSerializer(StrictSerializer):
    """Who is invited to the caller's organisation, as what."""

    email = serializers.CharField(max_length=254)
    roles = serializers.ListField(
        child=serializers.ChoiceField(choices=MemberRole.choices), max_length=len(MemberRole), min_length=1
    )
    language = serializers.ChoiceField(choices=LANGUAGES, default="ja")


class AcceptInvitationSerializer(StrictSerializer):
    """The token of the mail, and the login that the invited person makes."""

    token = serializers.CharField(max_length=TOKEN_LENGTH_MAX)
    name = serializers.CharField(max_length=100)
    password = serializers.CharField(max_length=128, trim_whitespace=False)


class JoinSerializer(StrictSerializer):
    """The token of the mail."""

    token = serializers.CharField(max_length=TOKEN_LENGTH_MAX)


class ChangeRoleSerializer(StrictSerializer):
    """A role that a member gets or loses, and why."""

    role = serializers.ChoiceField(choices=MemberRole.choices)
    reason = serializers.CharField(max_length=2_000, required=False, default="", allow_blank=True)


class EndMembershipSerializer(StrictSerializer):
    """Why a membership ends."""

    reason = serializers.CharField(max_length=2_000)
