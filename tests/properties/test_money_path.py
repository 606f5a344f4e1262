"""Whatever happens to trades, cycles and payments, in any order: the ledger says what the model says."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from clearing.bank.services import allocate_pay_in
from clearing.ledger.queries import balances, client_money
from clearing.models import BankEntry, Cycle, SettlementInstruction, Trade
from clearing.run.services.cycles import advance_cycle, close_cycle
from clearing.run.services.sweeping import carry_out_deadlines
from clearing.settlement.errors import ClientMoneyShort, NothingToTransfer
from clearing.settlement.services.payments import report_failed_payment, retry_payment
from clearing.settlement.services.transfer_files import create_transfer_file
from clearing.trades.errors import BeyondCaptured
from marketplace.events.relaying import relay
from marketplace.kernel import clock
from marketplace.kernel.amounts import AMOUNT_MINOR_MAX
from marketplace.kernel.invariants import verify_all
from tests.clearing import factories
from tests.clearing.cutting_off import wait_for_older_transactions
from tests.properties.money_model import KINDS, OPERATOR, Deal, Money, Payment, Round

START = datetime(2030, 1, 31, 15, 0, tzinfo=ZoneInfo("Asia/Tokyo"))
NAMES = ("a", "b", "c")
PAIRS = st.sampled_from([(buyer, seller) for buyer in NAMES for seller in NAMES if buyer != seller])
AMOUNTS = st.one_of(st.integers(1, 40), st.integers(41, 60_000))
WHICH = st.integers(0, 10**6)
STEPS_MAX = 20


class MoneyPath(RuleBasedStateMachine):
    """Every command of the money path, on the market and on its model."""

    market: factories.Market

    def __init__(self) -> None:
        """Begin a transaction that is undone at the end."""
        super().__init__()
        self.block = transaction.atomic()
        self.block.__enter__()
        self.money = Money()

    def teardown(self) -> None:
        """Every invariant of clearing holds; then all is undone."""
        try:
            assert {name: rows for name, rows in verify_all("clearing").items() if rows} == {}
        finally:
            transaction.set_rollback(True)
            self.block.__exit__(None, None, None)

    # Trades

    @rule(name=st.sampled_from(NAMES), amount=AMOUNTS)
    def pay_in(self, name: str, amount: int) -> None:
        factories.pay_in(self.market, name, amount)
        self.money.pay_in(name, amount)

    @precondition(lambda self: self.waiting())
    @rule(which=WHICH)
    def pay_for_a_trade(self, which: int) -> None:
        deal = pick(self.waiting(), which)
        self.pay_in(deal.buyer, deal.gross)

    @rule(pair=PAIRS, price=st.one_of(st.integers(0, 150), AMOUNTS), funded=st.booleans())
    def conclude(self, pair: tuple[str, str], price: int, funded: bool) -> None:
        buyer, seller = pair
        if funded:
            self.pay_in(buyer, price + price // 10 + 1)
        trade = factories.conclude(self.market, buyer, seller, price)
        deal = Deal(trade.pk, buyer, seller, price)
        self.money.conclude(deal)
        assert trade.state == deal.state

    @precondition(lambda self: self.deals("secured"))
    @rule(which=WHICH, late=st.booleans())
    def accept(self, which: int, late: bool) -> None:
        deal = pick(self.deals("secured"), which)
        closing = next((row for row in self.money.rounds if row.state == "closing"), None)
        if late and closing:
            barrier = int(str(self.cycle(closing).barrier))
            factories.accept(self.trade(deal), transaction=barrier - 1)
            self.money.accept(deal, closing)
        else:
            factories.accept(self.trade(deal))
            self.money.accept(deal, self.money.open)

    @precondition(lambda self: self.deals("secured"))
    @rule(which=WHICH)
    def complain(self, which: int) -> None:
        deal = pick(self.deals("secured"), which)
        factories.complain(self.trade(deal))
        deal.state = "disputed"

    @precondition(lambda self: self.deals("disputed"))
    @rule(which=WHICH, refund=st.booleans())
    def resolve(self, which: int, refund: bool) -> None:
        deal = pick(self.deals("disputed"), which)
        factories.resolve(self.trade(deal), "refund" if refund else "dismiss")
        if refund:
            self.money.refund(deal)
        else:
            deal.state = "secured"

    @precondition(lambda self: self.money.deals)
    @rule(which=WHICH, amount=AMOUNTS, by_seller=st.booleans())
    def adjust(self, which: int, amount: int, by_seller: bool) -> None:
        deal = pick(self.money.deals, which)
        debtor, creditor = (deal.seller, deal.buyer) if by_seller else (deal.buyer, deal.seller)
        if deal.state in ("failed", "refunded") or deal.takes(debtor, amount):
            factories.adjust(self.market, self.trade(deal), debtor, creditor, amount)
            self.money.adjust(deal, debtor, creditor, amount)
        else:
            with pytest.raises(BeyondCaptured):
                factories.adjust(self.market, self.trade(deal), debtor, creditor, amount)

    @precondition(lambda self: self.money.deals)
    @rule(which=WHICH)
    def repeat(self, which: int) -> None:
        """What was handled already is handled again, and nothing happens."""
        deal = pick(self.money.deals, which)
        trade = self.trade(deal)
        if deal.state in ("accepted", "refunded"):
            factories.accept(trade)
        if deal.state != "disputed":
            factories.resolve(trade, "refund")
        if deal.state != "secured":
            factories.complain(trade)

    # Cycles

    @rule()
    def close(self) -> None:
        close_cycle(actor=self.market.actor, currency="JPY")
        self.money.close()

    @precondition(lambda self: self.cut_off())
    @rule(which=WHICH)
    def advance(self, which: int) -> None:
        subject = pick(self.cut_off(), which)
        cycle = self.cycle(subject)
        was = subject.state
        while was == "validated" and (lacking := self.money.lacking(subject)):
            # What nobody can meet is put off, which is another story: here everybody pays in what it lacks.
            name = min(lacking)
            self.pay_in(name, lacking[name])
        self.money.advance(subject)
        if was == "closing":
            wait_for_older_transactions(cycle)
        for _ in range(STEPS_MAX):
            reached = advance_cycle(cycle=cycle.public_id)
            if reached != was or was not in ("validated", "posted"):
                break
        assert reached == (subject.state if subject.state != was else None)
        if was == "posted":
            self.take_references(subject)
        self.name_remainders()

    @precondition(lambda self: self.cut_off())
    @rule(which=WHICH)
    def go_on_to_payments(self, which: int) -> None:
        subject = pick(self.cut_off(), which)
        while subject.state in ("closing", "validated", "netted", "posted"):
            self.advance(self.cut_off().index(subject))

    # Payments

    @precondition(lambda self: self.cut_off())
    @rule(which=WHICH)
    def transfer_file(self, which: int) -> None:
        subject = pick(self.cut_off(), which)
        cycle = self.cycle(subject)
        planned = [row for row in subject.payments if row.state == "planned" and row.amount > 0]
        if subject.state not in ("settling", "partial", "settled"):
            planned = []
        try:
            made = create_transfer_file(actor=self.market.actor, cycle=cycle.public_id)
        except NothingToTransfer:
            assert not planned
            assert not subject.files
        except ClientMoneyShort:
            assert planned
            assert self.money.bank < self.money.owed
        else:
            assert planned or subject.files
            assert not planned or made.total_minor == sum(payment.amount for payment in planned)
            subject.files += bool(planned)
            for payment in planned:
                payment.state = "sending"

    @precondition(lambda self: self.payments("planned", "sending", "unknown"))
    @rule(which=WHICH)
    def confirm(self, which: int) -> None:
        payment = pick(self.payments("planned", "sending", "unknown"), which)
        self.book("debit" if payment.amount > 0 else "credit", payment)
        self.money.confirm(payment)

    @precondition(lambda self: self.payments("planned", "sending", "unknown"))
    @rule()
    def confirm_all(self) -> None:
        rows = self.payments("planned", "sending", "unknown")
        factories.receive(
            self.market,
            [
                factories.booking("debit" if row.amount > 0 else "credit", abs(row.amount), row.reference)
                for row in rows
            ],
        )
        for payment in rows:
            self.money.confirm(payment)

    @precondition(lambda self: self.payments("confirmed"))
    @rule(which=WHICH)
    def give_back(self, which: int) -> None:
        payment = pick(self.payments("confirmed"), which)
        self.book("credit" if payment.amount > 0 else "debit", payment)
        self.money.give_back(payment)

    @precondition(lambda self: self.payments("sending", "unknown"))
    @rule(which=WHICH)
    def bank_refuses(self, which: int) -> None:
        payment = pick(self.payments("sending", "unknown"), which)
        report_failed_payment(
            actor=self.market.actor, instruction=self.instruction(payment).public_id, reason="closed"
        )
        payment.state = "failed"

    @precondition(lambda self: self.payments("failed"))
    @rule(which=WHICH)
    def retry(self, which: int) -> None:
        failed = pick(self.payments("failed"), which)
        last = failed.last()
        left = self.money.still_to_pay(last)
        try:
            made = retry_payment(actor=self.market.actor, instruction=self.instruction(failed).public_id)
        except NothingToTransfer:
            assert (last.state, left) == ("failed", 0)
            return
        if last.state == "failed":
            self.money.replace(last, left, made.reference)
        else:
            assert made.reference == last.reference

    @rule(amount=AMOUNTS, name=st.sampled_from(NAMES))
    def money_of_nobody(self, amount: int, name: str) -> None:
        """It stands in suspense until the operator says whose it is."""
        factories.receive(self.market, [factories.booking("credit", amount, "no reference")])
        entry = BankEntry.objects.order_by("-pk")[0]
        self.money.nobody += amount
        self.money.bank += amount
        self.agrees()
        allocate_pay_in(
            actor=self.market.actor,
            bank_entry=entry.public_id,
            organisation=self.market.party(name).public_id,
        )
        self.money.nobody -= amount
        self.money.bank -= amount
        self.money.pay_in(name, amount)

    @rule(days=st.integers(0, 4))
    def days_pass(self, days: int) -> None:
        clock.move_to(clock.now() + timedelta(days=days), running=False)
        late = [deal for deal in self.waiting() if self.trade(deal).fund_by <= clock.now()]
        for name in NAMES:
            self.money.secure(name)
        for deal in late:
            if deal.state == "concluded":
                self.money.fail(deal)
        carry_out_deadlines()
        for payment in self.payments("sending"):
            if self.instruction(payment).value_date < clock.today():
                payment.state = "unknown"

    # What must be

    @invariant()
    def agrees(self) -> None:
        for name in NAMES:
            found = balances(self.market.party(name).pk).get("JPY", {})
            assert {kind: found.get(kind, 0) for kind in KINDS} == self.money.of(name), name
        money = client_money("JPY")
        assert (money.bank_minor, money.owed_minor) == (self.money.bank, self.money.owed)
        assert money.operator_minor == self.money.bank - self.money.owed
        assert dict(Trade.objects.values_list("pk", "state")) == {
            deal.key: deal.state for deal in self.money.deals
        }
        assert list(Cycle.objects.order_by("number").values_list("number", "state")) == [
            (row.number, row.state) for row in self.money.rounds
        ]
        assert dict(SettlementInstruction.objects.values_list("reference", "state")) == {
            payment.reference: payment.state for row in self.money.rounds for payment in row.payments
        }

    # Finding things

    def deals(self, state: str) -> list[Deal]:
        return [deal for deal in self.money.deals if deal.state == state]

    def waiting(self) -> list[Deal]:
        return self.deals("concluded")

    def cut_off(self) -> list[Round]:
        return [row for row in self.money.rounds if row.state != "open"]

    def payments(self, *states: str) -> list[Payment]:
        return [row for found in self.money.rounds for row in found.payments if row.state in states]

    def trade(self, deal: Deal) -> Trade:
        return Trade.objects.get(pk=deal.key)

    def cycle(self, subject: Round) -> Cycle:
        return Cycle.objects.get(currency="JPY", number=subject.number)

    def instruction(self, payment: Payment) -> SettlementInstruction:
        return SettlementInstruction.objects.get(reference=payment.reference)

    def book(self, direction: str, payment: Payment) -> None:
        factories.receive(self.market, [factories.booking(direction, abs(payment.amount), payment.reference)])

    def take_references(self, subject: Round) -> None:
        """The payments planned are those of the model, to the same payees; their references are the market's."""
        keys = {self.market.party(name).pk: name for name in NAMES} | {self.market.operator.pk: OPERATOR}
        found = {
            keys[row.organisation_id]: (
                row.reference,
                row.amount_minor * (1 if row.direction == "out" else -1),
            )
            for row in SettlementInstruction.objects.filter(cycle=self.cycle(subject))
        }
        assert {name: amount for name, (_, amount) in found.items()} == {
            payment.payee: payment.amount for payment in subject.payments
        }
        for payment in subject.payments:
            payment.reference = found[payment.payee][0]

    def name_remainders(self) -> None:
        """What remains of payments that were set off is planned anew, as in the model."""
        for payment in self.payments("cancelled"):
            if payment.instead is not None and not payment.instead.reference:
                found = SettlementInstruction.objects.get(instead_of__reference=payment.reference)
                assert found.amount_minor == payment.instead.amount
                payment.instead.reference = found.reference


def pick(rows: list, which: int):
    """One of ``rows``."""
    return rows[which % len(rows)]


def run(examples: int, steps: int, *, derandomize: bool) -> None:
    """Walk the money path ``examples`` times, ``steps`` steps each."""
    clock.move_to(START, running=False)
    # However often one person acts on a day, this model has no second: the limit for one person is the highest.
    MoneyPath.market = factories.market(
        factories.RULEBOOK | {"parameters": {"second_person_minor": AMOUNT_MINOR_MAX}}
    )
    for name in NAMES:
        MoneyPath.market.party(name)
    while relay():
        pass
    run_state_machine_as_test(
        MoneyPath,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=derandomize,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_the_ledger_says_what_the_model_says(committed_database):
    run(15, 25, derandomize=True)


@pytest.mark.campaign
def test_the_ledger_says_what_the_model_says_for_long(committed_database):
    run(150, 40, derandomize=False)
