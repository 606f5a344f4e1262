"""Limits of authority in the API, and the input of their command."""

from __future__ import annotations

from rest_framework import serializers

from marketplace.api.serializers import AmountField, ChoiceLabelField, StrictSerializer

from .authority import ROLES, LimitedAct
from .models import AuthorityLimit

LIMITED_ROLES = sorted({role for roles in ROLES.values() for role in roles})


class AuthorityLimitSerializer(serializers.ModelSerializer[AuthorityLimit]):
    """Up to what value a role or a person commits the organisation alone, from a moment on. Of those that hold, the newest counts."""

    id = serializers.CharField(source="public_id")
    organisation = serializers.CharField(source="organisation.public_id")
    act_label = ChoiceLabelField(LimitedAct, source="act")
    approval = serializers.CharField(source="approval.public_id", allow_null=True, default=None)

    class Meta:
        model = AuthorityLimit
        fields = (
            "id", "organisation", "act", "act_label", "role", "person", "currency", "per_act_minor", "per_month_minor",
            "stated_by", "stated_at", "effective_from", "approval",
        )  # fmt: skip


class StateAuthorityLimitSerializer(StrictSerializer):
    """A limit for a role or for a person; without both amounts it is taken back."""

    act = serializers.ChoiceField(choices=LimitedAct.choices)
    role = serializers.ChoiceField(choices=LIMITED_ROLES, required=False)
    person = serializers.CharField(max_length=31, required=False)
    currency = serializers.RegexField(r"^[A-Z]{3}$", default="JPY")
    per_act_minor = AmountField(min_value=0, allow_null=True, default=None)
    per_month_minor = AmountField(min_value=0, allow_null=True, default=None)
