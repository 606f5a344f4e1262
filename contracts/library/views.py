"""The clause library and the templates over HTTP."""

from __future__ import annotations

from typing import Any

from marketplace.api.permissions import PUBLIC
from marketplace.api.views import MarketReadViewSet, create_command
from marketplace.kernel.permissions import Permission

from . import services
from .models import Clause, Template
from .serializers import (
    ContractClauseSerializer,
    ContractTemplateSerializer,
    PublishContractClauseSerializer,
    PublishContractTemplateSerializer,
)

CLAUSE_EXAMPLE = {
    "code": "support",
    "heading": {"ja": "問合せへの対応", "en": "Answers to questions"},
    "text": {
        "ja": "提供者は、対象データに関する利用者の問合せに{answer_days}営業日以内に答える。",
        "en": "The Provider answers the Consumer's questions about the Data within {answer_days} Business Days.",
    },
    "parameters": [
        {
            "name": "answer_days",
            "type": "number",
            "label": {"ja": "回答までの営業日数", "en": "Business days to answer"},
            "lowest": 1,
            "highest": 30,
            "default": 5,
        }
    ],
    "requires": ["definitions"],
}
TEMPLATE_EXAMPLE = {
    "code": "data-provision-brief",
    "title": {"ja": "データ提供契約書（簡易）", "en": "Data Provision Agreement (brief)"},
    "clauses": [
        {"clause": "definitions"},
        {"clause": "late-interest", "values": {"late_rate": 300, "rate_day": "2026-04-01"}},
    ],
}


class ClauseViewSet(MarketReadViewSet[Clause]):
    """Published clauses, of which templates and special clauses are made; public."""

    reads = PUBLIC
    serializer_class = ContractClauseSerializer
    queryset = Clause.objects.all()
    filterset_fields = ("code",)

    @create_command(
        summary="Publish a clause",
        needs=Permission.RULEBOOK_WRITE,
        request=PublishContractClauseSerializer,
        response=ContractClauseSerializer,
        example=CLAUSE_EXAMPLE,
    )
    def create(self, data: dict[str, Any]) -> Clause:
        """Publish a clause of the library, or its next version (operator). Takes two people."""
        return services.publish_clause(actor=self.actor, **data)


class TemplateViewSet(MarketReadViewSet[Template]):
    """Published contract templates; public."""

    reads = PUBLIC
    serializer_class = ContractTemplateSerializer
    queryset = Template.objects.all()
    filterset_fields = ("code", "contract_type")

    @create_command(
        summary="Publish a contract template",
        needs=Permission.RULEBOOK_WRITE,
        request=PublishContractTemplateSerializer,
        response=ContractTemplateSerializer,
        example=TEMPLATE_EXAMPLE,
    )
    def create(self, data: dict[str, Any]) -> Template:
        """Publish a contract template, or its next version (operator). Takes two people."""
        return services.publish_template(actor=self.actor, **data)
