"""The API of incidents."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from marketplace.api.views import MarketReadViewSet, command, create_command
from marketplace.kernel.permissions import Permission

from . import queries, services
from .filters import IncidentFilter
from .models import MEMBER, STAFF, Incident
from .serializers import (
    AssessIncidentSerializer,
    CloseIncidentSerializer,
    IncidentSerializer,
    NameConcernedSerializer,
    OpenIncidentSerializer,
    WriteEntrySerializer,
)


class IncidentViewSet(MarketReadViewSet[Incident]):
    """Incidents and breaches: all of them for the operator, those that concern it for a participant."""

    reads = Permission.MARKET_READ
    serializer_class = IncidentSerializer
    filterset_class = IncidentFilter
    queryset = Incident.objects.none()

    def get_queryset(self) -> QuerySet[Incident]:
        """Rows in the caller's scope."""
        return queries.visible_incidents(self.actor)

    @create_command(
        summary="Register an incident",
        needs=(*STAFF, MEMBER),
        request=OpenIncidentSerializer,
        response=IncidentSerializer,
        example={
            "kind": "leak",
            "ground": "special_care",
            "persons": 120,
            "known_at": "2026-04-10T10:00:00+09:00",
            "data": "健康診断の結果",
            "description": "誤った宛先にファイルが送信された。",
        },
    )
    def create(self, data: dict[str, Any]) -> Incident:
        """Register what happened to data; the participants concerned are told, and the deadlines of the law are set.

        The operator names the participants concerned; a participant registers what happened to its own data.
        """
        return _shown(self, services.open_incident(actor=self.actor, **data))

    @command(
        summary="Assess an incident anew",
        needs=STAFF,
        request=AssessIncidentSerializer,
        response=IncidentSerializer,
        example={"ground": "wrongful", "persons": 1200, "known_at": "2026-04-10T10:00:00+09:00"},
    )
    def assess(self, data: dict[str, Any], public_id: str) -> Incident:
        """State on which ground it is reported, and since when that is known; the deadlines count from then (operator)."""
        return _shown(self, services.assess_incident(actor=self.actor, incident=public_id, **data))

    @command(
        summary="Name participants whom an incident concerns",
        needs=STAFF,
        request=NameConcernedSerializer,
        response=IncidentSerializer,
        example={"organisations": ["org_01JABCDEFGHJKMNPQRSTVWXYZ0"]},
    )
    def concern(self, data: dict[str, Any], public_id: str) -> Incident:
        """They are told, and may read it (operator)."""
        return _shown(self, services.name_concerned(actor=self.actor, incident=public_id, **data))

    @command(
        summary="Write a measure or a report",
        needs=STAFF,
        request=WriteEntrySerializer,
        response=IncidentSerializer,
        path="entries",
        example={
            "kind": "report",
            "duty": "first",
            "addressee": "個人情報保護委員会",
            "text": "誤送信の事実、対象者数および講じた措置を速報として報告した。",
        },
    )
    def write(self, data: dict[str, Any], public_id: str) -> Incident:
        """What was done, or which report was made to whom; it is never changed (operator)."""
        return _shown(self, services.write_entry(actor=self.actor, incident=public_id, **data))

    @command(
        summary="Close an incident",
        needs=Permission.SUPPORT_WRITE,
        request=CloseIncidentSerializer,
        response=IncidentSerializer,
        example={"conclusion": "原因を除去し、再発防止策を実施した。"},
    )
    def close(self, data: dict[str, Any], public_id: str) -> Incident:
        """Two people close it, once each report that law demands is recorded (operator)."""
        return _shown(self, services.close_incident(actor=self.actor, incident=public_id, **data))


def _shown(view: IncidentViewSet, incident: Incident) -> Incident:
    return queries.visible_incidents(view.actor).get(pk=incident.pk)
