"""The API of the consultation desk."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from marketplace.api.views import MarketReadViewSet, command, create_command
from marketplace.kernel.permissions import Permission

from . import queries, services
from .filters import ConsultationFilter
from .models import MEMBER, STAFF, Consultation
from .serializers import AnswerSerializer, AskSerializer, ConsultationSerializer


class ConsultationViewSet(MarketReadViewSet[Consultation]):
    """Questions to the consultation desk: its own for a participant, all for the operator, whom they are put to."""

    reads = Permission.MARKET_READ
    serializer_class = ConsultationSerializer
    filterset_class = ConsultationFilter
    queryset = Consultation.objects.none()

    def get_queryset(self) -> QuerySet[Consultation]:
        """Rows in the caller's scope."""
        return queries.visible_consultations(self.actor)

    @create_command(
        summary="Ask beforehand",
        needs=MEMBER,
        request=AskSerializer,
        response=ConsultationSerializer,
        example={
            "matter": "public_body",
            "question": "市の保有個人情報から匿名加工情報を作成し、出品することはできますか。",
        },
    )
    def create(self, data: dict[str, Any]) -> Consultation:
        """Ask whether data may be made or traded, before it is. The desk answers by `due_at`."""
        return services.ask_beforehand(actor=self.actor, **data)

    @command(summary="Withdraw a question", needs=MEMBER, response=ConsultationSerializer)
    def withdraw(self, data: dict[str, Any], public_id: str) -> Consultation:
        """Before it is answered."""
        return services.withdraw_question(actor=self.actor, consultation=public_id)

    @command(
        summary="Answer a question",
        needs=STAFF,
        request=AnswerSerializer,
        response=ConsultationSerializer,
        path="answer",
        example={
            "outcome": "conditional",
            "answer": "規則34条の加工基準を満たし、作成方法を公表することが条件です。",
            "is_binding": False,
        },
    )
    def give_answer(self, data: dict[str, Any], public_id: str) -> Consultation:
        """The participant is told. An answer that binds the operator takes two people (operator)."""
        return services.answer_question(actor=self.actor, consultation=public_id, **data)
