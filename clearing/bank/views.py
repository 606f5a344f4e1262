"""Routes of bank statements, bank entries and the pay-in reference."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.api.permissions import MayCall
from marketplace.api.principal import actor_of
from marketplace.api.views import PROBLEMS, MarketReadViewSet, command, create_command
from marketplace.kernel.errors import FieldInvalid, Missing
from marketplace.kernel.permissions import Permission

from ..settlement.models import Restoration
from .bank_statement import BYTES_MAX, TOO_LARGE
from .debit_models import DebitBooking
from .debits import book_debit, recoup_debit
from .filters import BankEntryFilter, DebitBookingFilter
from .models import BankEntry, BankStatement, StatementImport, UnconfirmedReceipt
from .queries import debit_bookings, pay_in_reference, unconfirmed_receipts
from .reopening import open_sending
from .serializers import (
    AllocateSerializer,
    BankEntrySerializer,
    BankStatementSerializer,
    BookDebitSerializer,
    ConfirmStatementSerializer,
    DebitBookingSerializer,
    OpenSendingSerializer,
    PayInReferenceSerializer,
    RecoupSerializer,
    RestorationSerializer,
    StatementImportSerializer,
    UnconfirmedReceiptSerializer,
    UploadStatementSerializer,
)
from .services import allocate_pay_in
from .uploads import confirm_statement, receive_statement, withdraw_statement


def read_upload(_view: BankStatementViewSet, data: dict[str, Any]) -> None:
    """Replace the uploaded file by its bytes and name, before the command's transaction. Raises FieldInvalid."""
    file = data.pop("file")
    if file.size > BYTES_MAX:
        raise FieldInvalid("file", TOO_LARGE)
    data |= {"content": file.read(), "file_name": file.name}


class PayInReferenceView(APIView):
    """The caller's pay-in reference."""

    permission_classes = (MayCall,)
    reads = Permission.MONEY_READ

    @extend_schema(summary="Read the pay-in reference", responses={200: PayInReferenceSerializer, **PROBLEMS})
    def get(self, request: Request) -> Response:
        """The reference to state in the remittance text."""
        actor = actor_of(request)
        if actor.organisation is None:
            raise Missing(kind="organisation", identifier=actor.identifier)
        reference = pay_in_reference(organisation=actor.organisation)
        return Response({"organisation": actor.organisation, "reference": reference})


class BankStatementViewSet(MarketReadViewSet[BankStatement]):
    """Imported bank statements (operator)."""

    serializer_class = BankStatementSerializer
    reads = Permission.CLEARING_READ
    filterset_fields = ("sha256", "currency")
    parser_classes = (MultiPartParser,)
    queryset = BankStatement.objects.select_related("confirmation")

    @create_command(
        summary="Import a bank statement",
        needs=Permission.CLEARING_WRITE,
        request=UploadStatementSerializer,
        response=StatementImportSerializer,
        status=202,
        example={"file": "statement.csv"},
        prepare=read_upload,
        moves_money=True,
    )
    def create(self, data: dict[str, Any]) -> StatementImport:
        """Receives the file; a job imports it, completely or not at all. The same file again changes nothing (operator).

        The answer is the import. `statement-imports/{id}/` shows whether it is imported, was refused with its faults, or
        waits for the statement before it or for a second person.
        """
        return receive_statement(actor=self.actor, **data)


class StatementImportViewSet(MarketReadViewSet[StatementImport]):
    """Uploaded bank statements, what became of them, and why one waits or was refused (operator)."""

    serializer_class = StatementImportSerializer
    reads = Permission.CLEARING_READ
    filterset_fields = ("state", "sha256")
    queryset = StatementImport.objects.defer("content").select_related(
        "statement__confirmation", "confirmation"
    )

    @command(
        summary="Confirm a bank statement as the second person",
        needs=Permission.CLEARING_WRITE,
        request=ConfirmStatementSerializer,
        response=StatementImportSerializer,
        example={"sha256": "0" * 64, "closing_balance_minor": 1_284_000},
        moves_money=True,
    )
    def confirm(self, data: dict[str, Any], public_id: str) -> StatementImport:
        """By another person than its uploader, with the hash and the closing balance read at the bank (operator).

        One that was imported without it is confirmed so that the segregation check may rely on its balance.
        """
        return confirm_statement(actor=self.actor, statement_import=public_id, **data)

    @command(
        summary="Withdraw a bank statement that waits",
        needs=Permission.CLEARING_WRITE,
        response=StatementImportSerializer,
    )
    def withdraw(self, data: dict[str, Any], public_id: str) -> StatementImport:
        """Nothing of it was imported, and the file may be uploaded again (operator)."""
        return withdraw_statement(actor=self.actor, statement_import=public_id)


class UnconfirmedReceiptViewSet(MarketReadViewSet[UnconfirmedReceipt]):
    """Receipts of statements that wait for confirmation, which spend nothing: the caller's own, or all for the operator."""

    serializer_class = UnconfirmedReceiptSerializer
    reads = (Permission.MONEY_READ, Permission.CLEARING_READ)
    queryset = UnconfirmedReceipt.objects.none()

    def get_queryset(self) -> Any:
        """The receipts in the caller's scope."""
        return unconfirmed_receipts(actor=self.actor)


class BankEntryViewSet(MarketReadViewSet[BankEntry]):
    """Bank entries and what each was recognised as (operator)."""

    serializer_class = BankEntrySerializer
    reads = Permission.CLEARING_READ
    filterset_class = BankEntryFilter
    queryset = BankEntry.objects.select_related(
        "statement", "instruction", "transfer_file", "allocation", "debit_booking", "recoupment"
    ).defer("transfer_file__content")

    @command(
        summary="Allocate a pay-in",
        needs=Permission.CLEARING_WRITE,
        request=AllocateSerializer,
        response=BankEntrySerializer,
        example={"organisation": "org_01JABCDEFGHJKMNPQRSTVWXYZ0"},
        moves_money=True,
    )
    def allocate(self, data: dict[str, Any], public_id: str) -> BankEntry:
        """Credits an unrecognised pay-in to a participant, or by two people to the operator's own money (operator)."""
        return allocate_pay_in(actor=self.actor, bank_entry=public_id, **data)

    @command(
        summary="Book a debit in suspense",
        needs=Permission.CLEARING_WRITE,
        request=BookDebitSerializer,
        response=DebitBookingSerializer,
        example={"booked_as": "bank_fee", "reason": "振込手数料"},
        moves_money=True,
    )
    def book_debit(self, data: dict[str, Any], public_id: str) -> DebitBooking:
        """As a bank fee, a wrong debit to be reclaimed, or a payment carried out twice; always two people (operator)."""
        return book_debit(actor=self.actor, bank_entry=public_id, **data)

    @command(
        summary="Attribute a receipt to the debit that it returns",
        needs=Permission.CLEARING_WRITE,
        request=RecoupSerializer,
        response=BankEntrySerializer,
        example={"debit": "dbk_01JABCDEFGHJKMNPQRSTVWXYZ0"},
        moves_money=True,
    )
    def recoup(self, data: dict[str, Any], public_id: str) -> BankEntry:
        """Closes a reclaimed debit, or a part of it; always two people (operator)."""
        return recoup_debit(actor=self.actor, bank_entry=public_id, debit=data["debit"])


class DebitBookingViewSet(MarketReadViewSet[DebitBooking]):
    """Debits that two people booked, and what of them has still to come back (operator)."""

    serializer_class = DebitBookingSerializer
    reads = Permission.CLEARING_READ
    filterset_class = DebitBookingFilter
    queryset = DebitBooking.objects.all()

    def get_queryset(self) -> Any:
        """All booked debits, with what came back."""
        return debit_bookings()


class RestorationViewSet(MarketReadViewSet[Restoration]):
    """Restorations of the database, each of which shuts the sending of payments (operator)."""

    serializer_class = RestorationSerializer
    reads = Permission.CLEARING_READ
    filterset_fields = ("number",)
    queryset = Restoration.objects.prefetch_related("openings")

    @command(
        summary="Open the sending of payments after a restoration",
        needs=Permission.CLEARING_WRITE,
        request=OpenSendingSerializer,
        response=RestorationSerializer,
        example={"currency": "JPY"},
        moves_money=True,
    )
    def open_sending(self, data: dict[str, Any], public_id: str) -> Restoration:
        """Once the bank statements up to now are imported; always takes two people (operator)."""
        return open_sending(actor=self.actor, restoration=public_id, currency=data["currency"])
