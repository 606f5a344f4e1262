"""The API of cases and appeals."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from marketplace.api.views import MarketReadViewSet, command, create_command
from marketplace.kernel.permissions import Permission

from . import queries, services
from .filters import CaseFilter
from .models import Case
from .serializers import CarryOutSerializer, CaseSerializer, FileAppealSerializer, ResolveCaseSerializer


class CaseViewSet(MarketReadViewSet[Case]):
    """The queue of cases that wait for two people of the operator: what the rules put on hold, and appeals.

    A participant sees its own.
    """

    reads = Permission.MARKET_READ
    serializer_class = CaseSerializer
    filterset_class = CaseFilter
    queryset = Case.objects.none()

    def get_queryset(self) -> QuerySet[Case]:
        """Rows in the caller's scope."""
        return queries.visible_cases(self.actor)

    @create_command(
        summary="Appeal what was decided against the organisation",
        needs=Permission.ORGANISATION_WRITE,
        request=FileAppealSerializer,
        response=CaseSerializer,
        example={
            "subject": "cas_01JABCDEFGHJKMNPQRSTVWXYZ0",
            "statement": "登記事項証明書を再提出します。代表者の変更は4月1日に登記済みです。",
            "documents": [
                {
                    "name": "履歴事項全部証明書",
                    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                }
            ],
        },
    )
    def create(self, data: dict[str, Any]) -> Case:
        """Appeal a decision of hold or deny, a case decided against you, or a suspension, within `appeal_days`.

        Two people of the operator decide it who did not decide the first time.
        """
        return services.file_appeal(actor=self.actor, **data)

    @command(
        summary="Decide a case",
        needs=(Permission.ADMISSION_WRITE, Permission.DISPUTES_WRITE),
        request=ResolveCaseSerializer,
        response=CaseSerializer,
        filterset_class=None,
        example={"outcome": "allow", "reason": "登記事項証明書で代表者を確認しました。"},
    )
    def resolve(self, data: dict[str, Any], public_id: str) -> Case:
        """Allow or deny what is on hold; keep or end an admission that a new rulebook would not give; uphold or change what is appealed. Takes two people, neither related (operator)."""
        return services.resolve_case(actor=self.actor, case=public_id, **data)

    @command(
        summary="State how an appeal was carried out",
        needs=Permission.ADMISSION_WRITE,
        request=CarryOutSerializer,
        response=CaseSerializer,
        filterset_class=None,
        example={"how": "停止を解除しました。", "reference": "sus_01JABCDEFGHJKMNPQRSTVWXYZ0"},
    )
    def carry_out(self, data: dict[str, Any], public_id: str) -> Case:
        """Say what was done because an appeal changed the first decision (operator)."""
        return services.carry_out(actor=self.actor, case=public_id, **data)

    @command(
        summary="Withdraw an appeal",
        needs=Permission.ORGANISATION_WRITE,
        response=CaseSerializer,
        filterset_class=None,
    )
    def withdraw(self, data: dict[str, Any], public_id: str) -> Case:
        """Withdraw an own appeal that is not decided. It cannot be filed again."""
        return services.withdraw_appeal(actor=self.actor, case=public_id)
