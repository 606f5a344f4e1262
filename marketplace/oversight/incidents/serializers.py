"""Incidents in the API, and the input of their commands."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from marketplace.api.serializers import ChoiceLabelField, InstantField, RowSerializer, StrictSerializer
from marketplace.kernel.actors import Actor, Role
from marketplace.kernel.bounds import COUNT_MAX

from .models import Incident, IncidentAssessment, IncidentDeadline, IncidentEntry
from .states import (
    ADDRESSEE_LENGTH_MAX,
    CONCERNED_MAX,
    DATA_LENGTH_MAX,
    SUBJECT_LENGTH_MAX,
    TEXT_LENGTH_MAX,
    Duty,
    EntryKind,
    Ground,
    IncidentKind,
)


class IncidentAssessmentSerializer(RowSerializer[IncidentAssessment]):
    """On which ground an incident is reported, of how many persons, and since when it is known.

    ``assessed_by`` and ``first_person``: who of the operator assessed it, and who gave the command first where it takes two; null for
    participants.
    """

    ground_label = ChoiceLabelField(Ground, source="ground")
    assessed_by = serializers.CharField(allow_null=True)
    first_person = serializers.CharField(allow_null=True, allow_blank=True)

    class Meta:
        model = IncidentAssessment
        fields = (
            "ground",
            "ground_label",
            "persons",
            "known_at",
            "assessed_at",
            "assessed_by",
            "first_person",
        )

    def to_representation(self, instance: IncidentAssessment) -> dict[str, Any]:
        """The assessment, without the operator's people for participants."""
        shown: dict[str, Any] = super().to_representation(instance)
        if not _is_staff(self):
            shown.update(assessed_by=None, first_person=None)
        return shown


class IncidentDeadlineSerializer(RowSerializer[IncidentDeadline]):
    """Until when a report is due, and by which law. The day of knowing is day 1 of ``days``."""

    duty_label = ChoiceLabelField(Duty, source="duty")

    class Meta:
        model = IncidentDeadline
        fields = ("duty", "duty_label", "days", "due_on", "due_at", "source")


class IncidentEntrySerializer(serializers.Serializer[IncidentEntry]):
    """What was done, or which report was made to whom. ``text`` and ``salt`` of a report are the operator's."""

    kind = serializers.ChoiceField(choices=EntryKind.choices)
    kind_label = ChoiceLabelField(EntryKind, source="kind")
    duty = serializers.CharField()
    addressee = serializers.CharField()
    text = serializers.CharField(allow_null=True)
    commitment = serializers.CharField()
    salt = serializers.CharField(allow_null=True)
    written_at = serializers.DateTimeField()

    def to_representation(self, instance: IncidentEntry) -> dict[str, Any]:
        """The entry, without the text of a report for participants."""
        shown: dict[str, Any] = super().to_representation(instance)
        if instance.kind == EntryKind.REPORT and not _is_staff(self):
            shown.update(text=None, salt=None)
        return shown


class IncidentSerializer(RowSerializer[Incident]):
    """An incident. ``deadlines``: of the latest of its ``assessments``. A participant sees of ``organisations`` itself alone.

    ``commitment`` is the SHA-256 over the lines ``salt``, ``data`` and ``description``; it stands in evidence.
    """

    id = serializers.CharField(source="public_id")
    kind_label = ChoiceLabelField(IncidentKind, source="kind")
    assessments = IncidentAssessmentSerializer(many=True)
    deadlines = serializers.SerializerMethodField()
    organisations = serializers.SerializerMethodField()
    entries = IncidentEntrySerializer(many=True)

    class Meta:
        model = Incident
        fields = (
            "id", "kind", "kind_label", "data", "description", "subject", "organisations", "opened_at", "assessments",
            "deadlines", "entries", "closed_at", "conclusion", "commitment", "salt",
        )  # fmt: skip

    @extend_schema_field(IncidentDeadlineSerializer(many=True))
    def get_deadlines(self, row: Incident) -> list[dict[str, Any]]:
        """The deadlines of the latest assessment."""
        latest = max((each.pk for each in row.assessments.all()), default=None)
        current = [each for each in row.deadlines.all() if each.assessment_id == latest]
        shown: list[dict[str, Any]] = IncidentDeadlineSerializer(current, many=True).data  # type: ignore[assignment]
        return shown

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_organisations(self, row: Incident) -> list[str]:
        """The participants concerned that the caller may see."""
        actor = _actor(self)
        own = actor.organisation_id if actor and actor.role is Role.PARTICIPANT else None
        return [
            each.organisation_identifier
            for each in row.concerns.all()
            if own is None or each.organisation_id == own
        ]


def _actor(serializer: Any) -> Actor | None:
    view = serializer.context.get("view")
    return view.actor if view else None


def _is_staff(serializer: Any) -> bool:
    actor = _actor(serializer)
    return actor is not None and actor.role is not Role.PARTICIPANT


class AssessIncidentSerializer(StrictSerializer):
    """On which ground an incident is reported, of how many persons, and since when it is known."""

    ground = serializers.ChoiceField(choices=Ground.choices)
    persons = serializers.IntegerField(min_value=0, max_value=COUNT_MAX)
    known_at = InstantField()


class OpenIncidentSerializer(AssessIncidentSerializer):
    """What happened to which data. ``organisations``: whom it concerns; a participant leaves it out."""

    kind = serializers.ChoiceField(choices=IncidentKind.choices)
    data = serializers.CharField(max_length=DATA_LENGTH_MAX)  # type: ignore[assignment]  # a field, as the model names it
    description = serializers.CharField(max_length=TEXT_LENGTH_MAX)
    subject = serializers.CharField(max_length=SUBJECT_LENGTH_MAX, allow_blank=True, default="")
    organisations = serializers.ListField(
        child=serializers.CharField(max_length=31), max_length=CONCERNED_MAX, default=list
    )


class NameConcernedSerializer(StrictSerializer):
    """Further participants whom an incident concerns."""

    organisations = serializers.ListField(
        child=serializers.CharField(max_length=31), min_length=1, max_length=CONCERNED_MAX
    )


class WriteEntrySerializer(StrictSerializer):
    """What was done, or which report was made to whom. ``duty``: the report that law demands, if it is one of them."""

    kind = serializers.ChoiceField(choices=EntryKind.choices)
    text = serializers.CharField(max_length=TEXT_LENGTH_MAX)
    duty = serializers.ChoiceField(choices=Duty.choices, allow_blank=True, default="")
    addressee = serializers.CharField(max_length=ADDRESSEE_LENGTH_MAX, allow_blank=True, default="")


class CloseIncidentSerializer(StrictSerializer):
    """What an incident came to."""

    conclusion = serializers.CharField(max_length=TEXT_LENGTH_MAX)
