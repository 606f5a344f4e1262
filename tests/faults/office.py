"""The operator's office: two people who bring files to and from the bank, ask its clerk, and give the market's commands.

Whatever goes wrong outside is worked off by the commands of the guide; nothing is written to a table by hand.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.db.models import Max

from clearing import handlers
from clearing.bank.debits import book_debit, recoup_debit
from clearing.bank.errors import NotRepeated
from clearing.bank.queries import open_minor
from clearing.bank.services import allocate_pay_in
from clearing.bank.states import BankDirection
from clearing.bank.uploads import confirm_statement, import_received, receive_statement
from clearing.ledger.errors import OperatorMoneyShort
from clearing.models import (
    BankEntry,
    Cycle,
    DebitBooking,
    SettlementInstruction,
    StatementImport,
    TransferFile,
)
from clearing.run.services.sweeping import advance_cycles, carry_out_deadlines
from clearing.run.services.watching import watch_money
from clearing.settlement.errors import ClientMoneyShort, NothingToTransfer
from clearing.settlement.services.own_money import plan_own_money
from clearing.settlement.services.payments import report_failed_payment, retry_payment
from clearing.settlement.services.transfer_files import create_transfer_file
from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.events.models import OutboxEvent
from marketplace.events.schema import parse
from marketplace.events.schemas.clearing import PaymentReceived
from marketplace.events.services import envelope_of
from marketplace.kernel.actors import Actor
from tests.clearing import factories
from tests.faults.bank import Bank, Booked, Reason, Sent
from tests.participants.factories import PAYOUT_ACCOUNT, actor_for

Done = TypeVar("Done")

REPEATED = (Reason.TWICE, Reason.PAYMENT, Reason.REFUSED_AND_PAID)


@dataclass
class Office:
    """Two people of the operator. ``owners``: whose the bank says that an account is. ``short_minor``: own money that they found missing; ``handed_over``: transfer files."""

    market: factories.Market
    bank: Bank
    owners: dict[str, str]
    handed_over: set[int] = field(default_factory=set)
    short_minor: int = 0

    @property
    def first(self) -> Actor:
        """One of the two, whose proof stays fresh through the weeks of a campaign."""
        return actor_for(self.market.operator, "usr_first")

    @property
    def second(self) -> Actor:
        """The other."""
        return actor_for(self.market.operator, "usr_second")

    def by_two(self, command: Callable[..., Done], **values: Any) -> Done:
        """One gives the command, and the other too where that is asked for."""
        try:
            return command(actor=self.first, **values)
        except SecondPersonNeeded:
            return command(actor=self.second, **values)

    # Statements.

    def carry_in(self, sent: Sent) -> StatementImport:
        """Upload a statement file; what waited for it follows, and money received secures trades."""
        newest = OutboxEvent.objects.aggregate(newest=Max("pk"))["newest"] or 0
        received = receive_statement(actor=self.first, content=sent.content, file_name=sent.name)
        self._take_on(received)
        for waiting in StatementImport.objects.filter(state="waiting").order_by("opening_on", "pk"):
            self._take_on(waiting)
        for event in OutboxEvent.objects.filter(type="payment.received", pk__gt=newest).order_by("pk"):
            payment = parse(event.type, event.data)
            assert isinstance(payment, PaymentReceived)
            handlers.on_payment_received(payment, envelope_of(event))
        received.refresh_from_db()
        return received

    def _take_on(self, received: StatementImport) -> None:
        """The job imports it; the second person reads its hash and closing balance on the bank's screen."""
        received = import_received(statement_import=received.public_id)
        confirmed = hasattr(received, "confirmation")
        if received.state not in ("awaiting_confirmation", "imported") or confirmed:
            return
        confirm_statement(
            actor=self.second,
            statement_import=received.public_id,
            sha256=received.sha256,
            closing_balance_minor=self.bank.screen[received.sha256],
        )
        import_received(statement_import=received.public_id)

    # What the bank did that was not planned.

    def take_notices(self) -> None:
        """Take down which payments the bank says on the telephone that it did not make."""
        for reference in self.bank.notices:
            payment = SettlementInstruction.objects.get(reference=reference)
            report_failed_payment(actor=self.first, instruction=payment.public_id, reason="口座該当なし")
        self.bank.notices.clear()

    def work_off(self) -> None:
        """Decide on each entry in suspense, and plan failed payments again."""
        for entry in factories.in_suspense().order_by("pk"):
            told = self.bank.explain(entry.booked_on, entry.entry_reference)
            if entry.direction == BankDirection.DEBIT:
                self._book_debit(entry, told)
            else:
                self._book_receipt(entry, told)
        self._retry_failed()

    def _book_debit(self, entry: BankEntry, told: Booked) -> None:
        values: dict[str, Any] = {"bank_entry": entry.public_id, "reason": told.reason.value}
        if told.reason is Reason.FEE:
            try:
                self.by_two(book_debit, booked_as="bank_fee", **values)
            except OperatorMoneyShort as short:
                self.short_minor += short.fields["missing_minor"]
        elif told.reason is Reason.WRONG:
            self.by_two(book_debit, booked_as="reclaimed", **values)
            self.bank.reclaim(told)
        elif told.reason is Reason.WHOLE_FILE:
            self.by_two(book_debit, booked_as="reclaimed", **values)
            self.bank.debit_again_singly(told)
        else:
            assert told.reason in REPEATED, told
            payment = SettlementInstruction.objects.get(reference=told.about)
            try:
                self.by_two(book_debit, booked_as="paid_twice", instruction=payment.public_id, **values)
            except NotRepeated:
                # It came back meanwhile, and is made again tonight: tomorrow it was carried out twice.
                return
            self.bank.ask_back(told)

    def _book_receipt(self, entry: BankEntry, told: Booked) -> None:
        if told.reason is Reason.NAMELESS:
            owner = self.owners[told.about]
            self.by_two(allocate_pay_in, bank_entry=entry.public_id, organisation=owner)
        elif told.reason in (Reason.GIVEN_BACK, Reason.CORRECTION):
            booking = self._booking_of(told, entry.amount_minor)
            if booking is not None:
                self.by_two(recoup_debit, bank_entry=entry.public_id, debit=booking.public_id)
        else:
            assert told.reason is Reason.STRAY, told

    def _booking_of(self, told: Booked, amount_minor: int) -> DebitBooking | None:
        """The booking of the debit that a receipt returns; None while that debit is not booked."""
        for booking in DebitBooking.objects.filter(booked_as__in=("paid_twice", "reclaimed")).order_by("pk"):
            debit = self.bank.explain(booking.bank_entry.booked_on, booking.bank_entry.entry_reference)
            about = debit.key if told.reason is Reason.CORRECTION else debit.about
            if told.about == about and open_minor(booking) >= amount_minor:
                return booking
        return None

    def _retry_failed(self) -> None:
        again = SettlementInstruction.objects.exclude(instead_of=None).values("instead_of")
        for failed in (
            SettlementInstruction.objects.filter(state="failed").exclude(pk__in=again).order_by("pk")
        ):
            try:
                self.by_two(retry_payment, instruction=failed.public_id)
            except (NothingToTransfer, OperatorMoneyShort):
                # The bank carried it out, or one that it replaces, or the operator used its own money meanwhile.
                continue

    # Payments.

    def pay(self) -> None:
        """Hand the planned payments to the bank; own money comes first where client money is short."""
        planned = SettlementInstruction.objects.filter(state="planned", direction="out")
        cycles = Cycle.objects.filter(pk__in=planned.values("cycle")).order_by("pk")
        for cycle in cycles:
            self._hand_over(cycle=cycle.public_id)
        if planned.filter(cycle=None).exists():
            self._hand_over(currency="JPY")
        if self.short_minor:
            self.pay_own_money(self.short_minor)
            self.short_minor = 0

    def _hand_over(self, **batch: str) -> None:
        try:
            made: TransferFile = self.by_two(create_transfer_file, **batch)
        except ClientMoneyShort as short:
            self.short_minor = max(self.short_minor, short.fields["missing_minor"])
            return
        if made.pk not in self.handed_over:
            self.handed_over.add(made.pk)
            self.bank.accept(bytes(made.content))

    def pay_own_money(self, amount_minor: int) -> None:
        """The operator transfers own money into the client account."""
        planned = plan_own_money(actor=self.first, amount_minor=amount_minor)
        self.bank.pay_in(PAYOUT_ACCOUNT["account_number"], amount_minor, planned.reference)

    def sweep(self) -> None:
        """What beat does."""
        carry_out_deadlines()
        watch_money()
        advance_cycles()

    def is_done(self) -> bool:
        """Whether nothing waits: no payment under way or to be made again, no debit open, no receipt of a known sender."""
        under_way = SettlementInstruction.objects.filter(state__in=("planned", "sending", "unknown"))
        known = (
            entry
            for entry in factories.in_suspense()
            if self.bank.explain(entry.booked_on, entry.entry_reference).reason is not Reason.STRAY
        )
        unfinished = Cycle.objects.exclude(state__in=("open", "settled"))
        return not (under_way.exists() or any(known) or unfinished.exists() or self.short_minor)
