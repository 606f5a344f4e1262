"""Settlement payments for whose they are; transfer files and statements for the operator."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.api.permissions import IsOperator
from marketplace.api.renderers import AsAddressed, BytesRenderer
from marketplace.api.views import PROBLEMS, MarketReadViewSet, command, create_command

from .. import queries, services
from ..filters import BankEntryFilter, InstructionFilter, TransferFileFilter
from ..models import BankEntry, BankStatement, ClientAccount, SettlementInstruction, TransferFile
from ..serializers import (
    AllocateSerializer,
    BankEntrySerializer,
    BankStatementSerializer,
    ClientAccountSerializer,
    CreateTransferFileSerializer,
    FailSerializer,
    InstructionSerializer,
    RegisterClientAccountSerializer,
    TransferFileSerializer,
    UploadStatementSerializer,
)

CLIENT_ACCOUNT_EXAMPLE = {
    "currency": "JPY",
    "requester_code": "0000000001",
    "requester_name": "ｻﾝﾎﾟｳｼｼﾞﾖｳ ｺｷﾔｸｸﾁ",
    "bank_code": "0001",
    "branch_code": "001",
    "account_type": "ordinary",
    "account_number": "1234567",
}


class SettlementInstructionViewSet(MarketReadViewSet[SettlementInstruction]):
    """Settlement payments of the caller's organisation; every one, for the operator."""

    serializer_class = InstructionSerializer
    filterset_class = InstructionFilter
    queryset = SettlementInstruction.objects.none()

    def get_queryset(self) -> QuerySet[SettlementInstruction]:
        """What the caller may see."""
        return queries.visible_instructions(self.actor)

    @command(
        summary="Record that the bank did not carry out a payment",
        request=FailSerializer,
        response=InstructionSerializer,
        permissions=(IsOperator,),
        example={"reason": "口座該当なし"},
    )
    def fail(self, data: dict[str, Any], public_id: str) -> SettlementInstruction:
        """By the bank's notice; the money stays owed to the payee (operator)."""
        return services.report_failed_payment(actor=self.actor, instruction=public_id, **data)

    @command(
        summary="Plan a failed payment once more",
        response=InstructionSerializer,
        permissions=(IsOperator,),
        status=201,
    )
    def retry(self, data: dict[str, Any], public_id: str) -> SettlementInstruction:
        """A new payment under a reference of its own (operator)."""
        return services.retry_payment(actor=self.actor, instruction=public_id)


class TransferFileViewSet(MarketReadViewSet[TransferFile]):
    """Files of payments for the operator's bank."""

    serializer_class = TransferFileSerializer
    permission_classes = (IsOperator,)
    filterset_class = TransferFileFilter
    queryset = TransferFile.objects.select_related("cycle")

    @create_command(
        summary="Write planned payments into a file",
        request=CreateTransferFileSerializer,
        response=TransferFileSerializer,
        example={"cycle": "cyc_01JABCDEFGHJKMNPQRSTVWXYZ0"},
    )
    def create(self, data: dict[str, Any]) -> TransferFile:
        """Of a cycle, or of what belongs to none; from then on the payments count as being sent (operator)."""
        return services.create_transfer_file(actor=self.actor, **data)

    @extend_schema(
        summary="Download a transfer file",
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY, **PROBLEMS},
    )
    @action(
        detail=True,
        methods=["get"],
        filterset_class=None,
        renderer_classes=[BytesRenderer],
        content_negotiation_class=AsAddressed,
    )
    def content(self, request: Request, **_: Any) -> Response:
        """The file as the bank takes it: 総合振込, 120 bytes a record, Shift_JIS."""
        file = self.get_object()
        return Response(
            bytes(file.content),
            headers={"Content-Disposition": f'attachment; filename="{file.public_id}.txt"'},
        )


class BankStatementViewSet(MarketReadViewSet[BankStatement]):
    """Imported statements of the client account (operator)."""

    serializer_class = BankStatementSerializer
    permission_classes = (IsOperator,)
    filterset_fields = ("sha256",)
    parser_classes = (MultiPartParser,)
    queryset = BankStatement.objects.all()

    @create_command(
        summary="Import a statement", request=UploadStatementSerializer, response=BankStatementSerializer
    )
    def create(self, data: dict[str, Any]) -> BankStatement:
        """Import it whole or not at all; the same file again changes nothing (operator)."""
        file = data.pop("file")
        return services.import_bank_statement(
            actor=self.actor, content=file.read(), file_name=file.name, **data
        )


class BankEntryViewSet(MarketReadViewSet[BankEntry]):
    """Bookings of the bank, and what each was recognised as (operator)."""

    serializer_class = BankEntrySerializer
    permission_classes = (IsOperator,)
    filterset_class = BankEntryFilter
    queryset = BankEntry.objects.select_related("statement", "instruction")

    @command(
        summary="Say whose a receipt is",
        request=AllocateSerializer,
        response=BankEntrySerializer,
        permissions=(IsOperator,),
        example={"organisation": "org_01JABCDEFGHJKMNPQRSTVWXYZ0"},
    )
    def allocate(self, data: dict[str, Any], public_id: str) -> BankEntry:
        """Credit a receipt that was not recognised to a participant (operator)."""
        return services.allocate_receipt(
            actor=self.actor, bank_entry=public_id, organisation=data["organisation"]
        )


class ClientAccountViewSet(MarketReadViewSet[ClientAccount]):
    """The bank accounts that hold participants' money (operator)."""

    serializer_class = ClientAccountSerializer
    permission_classes = (IsOperator,)
    filterset_fields = ("currency",)
    queryset = ClientAccount.objects.all()

    @create_command(
        summary="State the client account",
        request=RegisterClientAccountSerializer,
        response=ClientAccountSerializer,
        example=CLIENT_ACCOUNT_EXAMPLE,
    )
    def create(self, data: dict[str, Any]) -> ClientAccount:
        """The newest statement of a currency counts (operator)."""
        return services.register_client_account(actor=self.actor, **data)
