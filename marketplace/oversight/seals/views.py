"""The API of seals."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from marketplace.api.views import MarketReadViewSet, command, create_command
from marketplace.kernel.permissions import Permission

from . import queries, services
from .filters import RecordSealFilter
from .models import STAFF, RecordSeal
from .serializers import EndSealSerializer, RecordSealSerializer, SealRecordSerializer


class RecordSealViewSet(MarketReadViewSet[RecordSeal]):
    """Seals on records that law keeps secret: all for who seals and for the auditor; for a participant, those of records that it reads again."""

    reads = Permission.MARKET_READ
    serializer_class = RecordSealSerializer
    filterset_class = RecordSealFilter
    queryset = RecordSeal.objects.none()

    def get_queryset(self) -> QuerySet[RecordSeal]:
        """Rows in the caller's scope."""
        return queries.visible_seals(self.actor)

    @create_command(
        summary="Seal an evidence record",
        needs=STAFF,
        request=SealRecordSerializer,
        response=RecordSealSerializer,
        example={
            "record": "evi_01JABCDEFGHJKMNPQRSTVWXYZ0",
            "ground": "suspicious",
            "legal_basis": "犯罪による収益の移転防止に関する法律第8条第3項",
            "reason": "疑わしい取引の届出の対象であるため",
            "days": 180,
        },
    )
    def create(self, data: dict[str, Any]) -> RecordSeal:
        """Two people keep a record from its parties until the review date, when it opens unless it is sealed again (operator)."""
        return services.seal_record(actor=self.actor, **data)

    @command(
        summary="End a seal",
        needs=STAFF,
        request=EndSealSerializer,
        response=RecordSealSerializer,
        example={"reason": "届出に係る手続が終了したため"},
    )
    def end(self, data: dict[str, Any], public_id: str) -> RecordSeal:
        """Two people open the record to its parties, who read then that it was sealed, and why (operator)."""
        return services.end_seal(actor=self.actor, seal=public_id, **data)
