"""Questions about rights of use in the API: what a route takes and returns. Public to applications with such a route."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from rest_framework import serializers

from marketplace.api.serializers import BilingualField, InstantField, StrictSerializer
from marketplace.kernel import clock

from .rights import ACTIONS, END_OF_USE, SCOPES, Purpose, Question, World, answer

ASKED_PURPOSES = [
    purpose.value for purpose in Purpose if purpose not in (Purpose.UNRESTRICTED, Purpose.TO_BE_AGREED)
]
USES_MAX = 1_000_000_000


class RightsQuestionSerializer(StrictSerializer):
    """What the buyer wants to do. What you leave out is unknown, and what the rights limit is then not permitted."""

    action = serializers.ChoiceField(
        list(ACTIONS),
        default="use",
        help_text="What the buyer wants to do with the data; to use it by default.",
    )
    purpose = serializers.ChoiceField(ASKED_PURPOSES, required=False, help_text="For which purpose.")
    recipient = serializers.ChoiceField(
        [scope.value for scope in SCOPES], required=False, help_text="Who at the buyer has the data."
    )
    region = serializers.RegexField(
        r"\A[A-Z]{2}\Z", required=False, max_length=2, help_text="Where: a two-letter ISO 3166-1 code."
    )
    use_number = serializers.IntegerField(
        required=False, min_value=1, max_value=USES_MAX, help_text="Which use it is, from 1."
    )
    at = InstantField(required=False, help_text="When; now by default.")


class PendingDutySerializer(serializers.Serializer[Any]):
    """A duty that is still to be met. ``is_due`` is null where that is unknown."""

    action = serializers.CharField()
    label = BilingualField()  # type: ignore[assignment]
    is_due = serializers.BooleanField(allow_null=True)


class DecidingRuleSerializer(serializers.Serializer[Any]):
    """The rule of the policy that decided."""

    kind = serializers.ChoiceField(["permission", "prohibition"])
    action = serializers.CharField(allow_null=True)


class RightsAnswerSerializer(serializers.Serializer[Any]):
    """Whether it is permitted, prohibited or not permitted, the deciding rule, and why."""

    outcome = serializers.ChoiceField(["permitted", "prohibited", "not_permitted"])
    outcome_label = BilingualField()
    reason = BilingualField()
    rule = DecidingRuleSerializer(allow_null=True)
    pending = PendingDutySerializer(many=True)


def answer_question(
    policy: Mapping[str, Any],
    params: Mapping[str, Any],
    *,
    agreed_at: datetime | None = None,
    given_back: timedelta = timedelta(),
    has_ended: bool = False,
) -> dict[str, Any]:
    """The answer to the question in ``params`` under a stored policy, on behalf of its assignee; raises
    ValidationError, which names the parameter. ``agreed_at`` is None for an offer: its periods then begin now. ``given_back``: what of its periods was lost."""
    asked = RightsQuestionSerializer(data=params)
    asked.is_valid(raise_exception=True)
    data = asked.validated_data
    now = data.get("at") or clock.now()
    facts = {
        "purpose": f"m:{data['purpose']}" if "purpose" in data else None,
        "recipient": f"m:{data['recipient']}" if "recipient" in data else None,
        "spatial": data.get("region"),
        "count": str(data["use_number"]) if "use_number" in data else None,
    }
    question = Question(
        action=ACTIONS[data["action"]][0],
        party=policy.get("assignee"),
        target=policy.get("target"),
        facts={name: value for name, value in facts.items() if value is not None},
    )
    world = World(
        zone=clock.market_zone(),
        now=now,
        agreed_at=agreed_at or clock.now(),
        given_back=given_back,
        events=frozenset({END_OF_USE}) if has_ended else frozenset(),
    )
    return answer(policy, question, world)
