"""Rulebooks, decisions, halts and neutrality in the API, and the input of their commands."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from marketplace.api.serializers import BilingualField, ChoiceLabelField, InstantField, StrictSerializer

from .models import Decision, Halt, Rulebook
from .neutrality.aimed import Aim
from .parameters import ParameterType, Weaker
from .queries import reasons_for, withheld_from
from .states import HaltScope, Lane


class WarningSerializer(serializers.Serializer[Any]):
    """A warning about a rule or fee, from the impact report."""

    id = serializers.CharField()
    code = serializers.CharField()
    rule = serializers.CharField()
    message = BilingualField()


class RulebookSummarySerializer(serializers.ModelSerializer[Rulebook]):
    """A version of the rulebook without its text."""

    id = serializers.CharField(source="public_id")
    title = BilingualField(source="document.title")
    replaces = serializers.CharField(source="replaces.public_id", allow_null=True, default=None)
    lane_label = ChoiceLabelField(Lane, source="lane")

    class Meta:
        model = Rulebook
        fields: tuple[str, ...] = (
            "id",
            "number",
            "replaces",
            "lane",
            "lane_label",
            "title",
            "digest",
            "published_at",
            "published_by",
            "first_person",
            "effective_from",
        )


class RulebookSerializer(RulebookSummarySerializer):
    """A version of the rulebook: its text, the facts available at each point, and the facts that each rule reads."""

    document = serializers.DictField()
    vocabulary = serializers.DictField()
    warnings = WarningSerializer(
        many=True, help_text="What both people had acknowledged before they published it."
    )

    class Meta(RulebookSummarySerializer.Meta):
        fields = (
            *RulebookSummarySerializer.Meta.fields,
            "document",
            "vocabulary",
            "vocabulary_digest",
            "warnings",
        )


class InForceSerializer(StrictSerializer):
    """The moment at which a version was, or will be, in force; now, if not given."""

    at = InstantField(required=False)


class ReasonSerializer(serializers.Serializer[Any]):
    """One reason of a decision: the rule (``DEFAULT`` if none applies) and its outcome."""

    rule = serializers.CharField()
    outcome = serializers.CharField()
    basis = serializers.CharField()
    text = BilingualField()


class DecisionSerializer(serializers.ModelSerializer[Decision]):
    """A decision, with its facts and its version of the rulebook. A party does not read facts about the other's money.

    Nor reasons that rest on them: of such a one it reads the outcome and, as ``rule``, ``OTHER_PARTY``.

    ``digest``: SHA-256 over RFC 8785 of ``point``, ``subject``, ``rulebook`` (its digest), ``vocabulary`` (its digest), ``facts``,
    ``outcome``, ``reasons`` and ``salt``. ``salt``: null where facts are withheld, which it would let the reader guess.
    """

    id = serializers.CharField(source="public_id")
    rulebook = serializers.CharField(source="rulebook.public_id")
    rulebook_digest = serializers.CharField(source="rulebook.digest")
    vocabulary_digest = serializers.CharField(source="rulebook.vocabulary_digest")
    facts = serializers.DictField()
    reasons = ReasonSerializer(many=True)
    salt = serializers.CharField(allow_null=True)

    class Meta:
        model = Decision
        fields = (
            "id",
            "point",
            "subject",
            "outcome",
            "reasons",
            "facts",
            "rulebook",
            "rulebook_digest",
            "vocabulary_digest",
            "salt",
            "digest",
            "parties",
            "actor",
            "engine",
            "decided_at",
        )

    def to_representation(self, instance: Decision) -> dict[str, Any]:
        """Without the facts about the money of another party than the caller, what rests on them, and then without the salt."""
        shown = super().to_representation(instance)
        actor = self.context["view"].actor
        if not actor.may_see():
            withheld = withheld_from(instance, actor.organisation or "")
            shown["facts"] = {name: value for name, value in shown["facts"].items() if name not in withheld}
            shown["reasons"] = reasons_for(instance, actor.organisation or "")
            shown["salt"] = None if withheld else shown["salt"]
        return shown


class PreviewSerializer(StrictSerializer):
    """A subject to try the rules on. ``given``: facts by namespace, where the point takes them from its caller."""

    point = serializers.CharField(max_length=40)
    subject = serializers.CharField(max_length=60)
    given = serializers.DictField(child=serializers.DictField(), required=False)


class PreviewedSerializer(serializers.Serializer[Any]):
    """The outcome under the rules in force. Nothing is recorded."""

    point = serializers.CharField()
    subject = serializers.CharField()
    outcome = serializers.CharField()
    reasons = ReasonSerializer(many=True)
    rulebook = serializers.CharField()
    facts = serializers.DictField()


class ReplaySerializer(serializers.Serializer[Any]):
    """Whether the replay of a decision gives the same outcome, reasons and digest."""

    decision = serializers.CharField()
    same = serializers.BooleanField()


class AimedRuleSerializer(serializers.Serializer[Any]):
    """What of a rulebook is aimed at somebody, or looks so; ``entry`` is empty for a whole version."""

    rulebook = serializers.CharField()
    number = serializers.IntegerField()
    entry = serializers.CharField(allow_blank=True)
    aim = serializers.ChoiceField(choices=[aim.value for aim in Aim])


class NeutralitySerializer(serializers.Serializer[Any]):
    """Figures that show whether the same rules apply to every participant, of the days from ``first_day`` to ``last_day``.

    Everybody reads those of the newest neutrality bundle; a figure from fewer than three participants is null. Auditors read
    those of all days up to now, with ``decisions_by_rulebook``.
    """

    first_day = serializers.DateField(allow_null=True)
    last_day = serializers.DateField(allow_null=True)
    decisions = serializers.DictField(
        child=serializers.DictField(child=serializers.IntegerField(allow_null=True))
    )
    decisions_by_rulebook = serializers.DictField(child=serializers.IntegerField(), required=False)
    decisions_replayed = serializers.IntegerField()
    replayed_the_same = serializers.IntegerField()
    facts_behind_fees = serializers.ListField(child=serializers.CharField())
    admissions_of_operator_and_affiliates = serializers.IntegerField()
    aimed_rules = AimedRuleSerializer(many=True)
    latest_bundle = serializers.CharField(allow_null=True)
    made_at = serializers.DateTimeField()


class ParameterSerializer(serializers.Serializer[Any]):
    """A parameter of the rulebook: its current value, its default and its meaning."""

    name = serializers.CharField()
    type = serializers.ChoiceField(choices=[kind.value for kind in ParameterType])
    value = serializers.JSONField(help_text="An integer or a boolean, as ``type`` says.")
    default = serializers.JSONField(help_text="The value where the rulebook does not set the parameter.")
    weaker = serializers.ChoiceField(
        choices=[change.value for change in Weaker],
        help_text="Which change weakens a control: it takes two people and ``control_notice_hours``.",
    )
    lowest = serializers.IntegerField(allow_null=True)
    highest = serializers.IntegerField(allow_null=True)
    meaning = BilingualField()


class ParametersSerializer(serializers.Serializer[Any]):
    """All parameters under the rulebook in force (null if there is none)."""

    rulebook = serializers.CharField(allow_null=True)
    parameters = ParameterSerializer(many=True)


class HaltSerializer(serializers.ModelSerializer[Halt]):
    """A halt; ``subject`` is empty for the whole market."""

    id = serializers.CharField(source="public_id")
    scope_label = ChoiceLabelField(HaltScope, source="scope")
    reason = BilingualField()
    lift_reason = BilingualField(allow_null=True)

    class Meta:
        model = Halt
        fields = (
            "id",
            "scope",
            "scope_label",
            "subject",
            "reason",
            "started_at",
            "lifted_at",
            "lift_reason",
        )


class HaltTradingSerializer(StrictSerializer):
    """The scope of a halt and its reason. ``subject``: the listing's identifier or the segment's code."""

    scope = serializers.ChoiceField(choices=HaltScope.choices)
    subject = serializers.CharField(max_length=60, required=False, allow_blank=True)
    reason = BilingualField()


class LiftHaltSerializer(StrictSerializer):
    """The reason for lifting a halt."""

    reason = BilingualField()
