"""A small market for tests of clearing, made by the services and handlers that make it everywhere."""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Max, QuerySet

from clearing import handlers
from clearing.bank.queries import pay_in_reference
from clearing.bank.states import BankMatch
from clearing.ledger.queries import balances
from clearing.models import (
    BankEntry,
    BankStatement,
    ChargePlan,
    Cycle,
    Obligation,
    PlannedCharge,
    PlannedShare,
    SettlementInstruction,
    Trade,
    UsageRecord,
)
from clearing.run.queries import waiting_of_cycle
from clearing.run.services.cycles import advance_cycle, open_first_cycle
from clearing.settlement.queries import transfers_in
from clearing.settlement.services.client_accounts import register_client_account
from clearing.settlement.services.funds_regimes import declare_funds_regime
from clearing.settlement.services.own_money import plan_own_money
from clearing.settlement.services.transfer_files import create_transfer_file
from clearing.settlement.states import InstructionState
from clearing.trades.services.eligibility import cycle_for
from fixtures.day.bank import confirm_balance
from marketplace.events.envelope import Envelope
from marketplace.events.models import OutboxEvent
from marketplace.events.schema import Event, parse
from marketplace.events.schemas.clearing import PaymentReceived
from marketplace.events.schemas.contracts import (
    AdjustmentDue,
    AgreementConcluded,
    DisputeOpened,
    DisputeResolved,
)
from marketplace.events.schemas.delivery import (
    DeliveryAccepted,
    DeliveryEnded,
    DeliveryMatched,
    UsageRecorded,
)
from marketplace.events.services import envelope_of
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.participants.models import Organisation
from tests.clearing.carrying_in import booking, carry_in, statement
from tests.clearing.cutting_off import cut_off
from tests.clearing.relaying import relay_events
from tests.clearing.supplying import foreign as foreign
from tests.clearing.supplying import state_supply as state_supply
from tests.clearing.two_people import Staffed, by_two
from tests.clearing.two_people import approvals as approvals
from tests.participants import factories as participants
from tests.rules.factories import publish as publish_rulebook

_numbers = itertools.count(1)

RULEBOOK: dict[str, Any] = {
    "title": {"ja": "試験規則", "en": "Rules for tests"},
    "rules": [],
    "tariffs": [
        {
            "code": "STANDARD-5",
            "point": "trade_fee",
            "when": "true",
            "rate_bp": 500,
            "minimum_minor": 100,
            "cap_minor": 500_000,
            "borne_by": "seller",
            "text": {"ja": "代金の5％", "en": "5% of the price"},
        }
    ],
    "tax_rates": [
        {"category": "standard", "rate_bp": 1000, "from": "2019-10-01", "source": "test"},
        {"category": "reduced", "rate_bp": 800, "from": "2019-10-01", "source": "test"},
        {"category": "exempt", "rate_bp": 0, "from": "1989-04-01", "source": "test"},
    ],
    "parameters": {},
}

CLIENT_ACCOUNT = {
    "requester_code": "0000000001",
    "requester_name": "ｻﾝﾎﾟｳ ｷﾔｸｸﾁ",
    "bank_code": "0901",
    "bank_name": "ｻﾝﾎﾟｳｷﾞﾝｺｳ",
    "branch_code": "001",
    "branch_name": "ﾎﾝﾃﾝ",
    "account_type": "ordinary",
    "account_number": "7654321",
}

FUNDS_REGIME: dict[str, Any] = {
    "regime": "agency_receipt",
    "legal_reference": "利用規約第12条（代理受領）",
    "balance_cap_minor": 10**14,
    "idle_days": 5,
}

THREE = datetime(2030, 4, 1, 15, tzinfo=ZoneInfo("Asia/Tokyo")).astimezone(UTC)
"""A cut-off of the calendar that guards are tried on."""


@dataclass
class Market(Staffed):
    """An operator, an open cycle in yen, and participants made as they are named."""

    parties: dict[str, Organisation] = field(default_factory=dict)

    @property
    def cycle(self) -> Cycle:
        """The open cycle."""
        return Cycle.objects.get(currency="JPY", state="open")

    def party(self, name: str) -> Organisation:
        """The participant of a name, with a payout account and an invoice registration number."""
        if name not in self.parties:
            number = participants.corporate_number()
            self.parties[name] = participants.organisation(
                name,
                corporate_number=number,
                invoice_registration_number=f"T{number}",
                payout_account=participants.PAYOUT_ACCOUNT,
            )
        return self.parties[name]


def market(document: dict[str, Any] | None = None) -> Market:
    """A market that can clear yen."""
    operator = participants.organisation("運営", is_operator=True, payout_account=participants.PAYOUT_ACCOUNT)
    publish_rulebook(document or RULEBOOK)
    made = Market(operator)
    for currency in ("JPY", "USD"):
        by_two(made, declare_funds_regime, currency=currency, **FUNDS_REGIME)
    open_first_cycle(actor=made.actor, currency="JPY")
    by_two(made, register_client_account, currency="JPY", **CLIENT_ACCOUNT)
    return made


def current_transaction() -> int:
    """The database transaction that the test runs in."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text")
        return int(cursor.fetchone()[0])


def envelope(event: Event, *, transaction: int | None = None) -> Envelope:
    """What surrounds ``event`` when it is handled."""
    return Envelope(
        identifier=f"evt_{next(_numbers)}",
        type=event.type,
        subject=event.subject,
        occurred_at=clock.now(),
        transaction=current_transaction() if transaction is None else transaction,
        data=event.data(),
    )


def agreement(
    market: Market, buyer: str, seller: str, price_minor: int, **changes: Any
) -> AgreementConcluded:
    """The event of an agreement between two participants."""
    number = next(_numbers)
    facts: dict[str, Any] = {
        "agreement": f"agr_{number:06d}",
        "negotiation": f"ngt_{number}",
        "reference": f"PO-{number}",
        "listing": "lst_1",
        "listing_version": "lsv_1",
        "segment": "mobility",
        "buyer": market.party(buyer).public_id,
        "seller": market.party(seller).public_id,
        "price_minor": price_minor,
        "currency": "JPY",
        "tax_category": "standard",
        "funding_days": 1,
        "inspection_days": 2,
        "signed_hash": "0" * 64,
    }
    return AgreementConcluded(**(facts | changes))


def conclude(market: Market, buyer: str, seller: str, price_minor: int, **changes: Any) -> Trade:
    """A trade, secured if its buyer has the money."""
    event = agreement(market, buyer, seller, price_minor, **changes)
    handlers.on_agreement_concluded(event, envelope(event))
    return Trade.objects.get(agreement=event.agreement)


def import_only(market: Market, rows: list[tuple[Any, ...]], **period: Any) -> BankStatement:
    """Import a statement with these lines; what it emits waits."""
    return carry_in(market.actor, market.second, statement(rows, **period))


def receive(market: Market, rows: list[tuple[Any, ...]], **period: Any) -> BankStatement:
    """Import a statement with these lines, and have clearing handle what it emits."""
    newest = OutboxEvent.objects.aggregate(newest=Max("pk"))["newest"] or 0
    made = import_only(market, rows, **period)
    for event in OutboxEvent.objects.filter(type="payment.received", pk__gt=newest).order_by("pk"):
        payment = parse(event.type, event.data)
        assert isinstance(payment, PaymentReceived)
        handlers.on_payment_received(payment, envelope_of(event))
    return made


def confirm(market: Market, made: BankStatement) -> BankStatement:
    """Another person reads the hash and balance of an imported statement at the bank."""
    confirm_balance(market.second, made)
    return made


def state_balance(market: Market, closing_on: date) -> BankStatement:
    """The bank states a balance without entries up to a day, and two people carry it in."""
    return confirm(market, import_only(market, [], closing_on=closing_on))


def pay_in(market: Market, name: str, amount_minor: int) -> BankStatement:
    """A participant pays in under its own reference."""
    reference = pay_in_reference(organisation=market.party(name).public_id)
    return receive(market, [booking("credit", amount_minor, f"振込 {reference}")])


def fund_reserve(market: Market, amount_minor: int) -> BankStatement:
    """The operator pays in under its own reference."""
    reference = pay_in_reference(organisation=market.operator.public_id)
    return receive(market, [booking("credit", amount_minor, f"準備金 {reference}")])


def pay_own_money(market: Market, amount_minor: int) -> SettlementInstruction:
    """The operator pays its own money into the client account, and the bank's statement has it."""
    planned = plan_own_money(actor=market.actor, amount_minor=amount_minor)
    receive(market, [booking("credit", amount_minor, f"自己資金 {planned.reference}")])
    planned.refresh_from_db()
    return planned


def accept(trade: Trade, *, transaction: int | None = None) -> Trade:
    """The delivery of a trade is accepted."""
    event = DeliveryAccepted(
        entitlement="ent_1",
        agreement=trade.agreement,
        trade=trade.public_id,
        buyer="org_b",
        seller="org_s",
        by="buyer",
    )
    handlers.on_delivery_accepted(event, envelope(event, transaction=transaction))
    trade.refresh_from_db()
    return trade


def complain(trade: Trade) -> Trade:
    """The buyer complains."""
    event = DisputeOpened(
        dispute="dsp_1", agreement=trade.agreement, buyer="org_b", seller="org_s", reason_code="incomplete"
    )
    handlers.on_dispute_opened(event, envelope(event))
    trade.refresh_from_db()
    return trade


def resolve(trade: Trade, outcome: str) -> Trade:
    """The operator decides a complaint."""
    event = DisputeResolved(
        dispute="dsp_1", agreement=trade.agreement, buyer="org_b", seller="org_s", outcome=outcome
    )
    handlers.on_dispute_resolved(event, envelope(event))
    trade.refresh_from_db()
    return trade


def adjust(
    market: Market, trade: Trade, debtor: str, creditor: str, amount_minor: int, **changes: Any
) -> None:
    """The operator corrects the price of a trade."""
    facts: dict[str, Any] = {
        "adjustment": f"adj_{next(_numbers)}",
        "agreement": trade.agreement,
        "debtor": market.party(debtor).public_id,
        "creditor": market.party(creditor).public_id,
        "amount_minor": amount_minor,
        "currency": "JPY",
        "reason_code": "quality",
    }
    event = AdjustmentDue(**(facts | changes))
    handlers.on_adjustment_due(event, envelope(event))


def let_share(market: Market, trade: Trade, beneficiary: str) -> None:
    """Make a participant one who may share in the proceeds of a trade, as if its agreement had said so."""
    plan, made = ChargePlan.objects.get_or_create(
        agreement=trade.agreement,
        defaults={
            "charging": "one_off",
            "charges": 1,
            "period_months": 1,
            "price_minor": trade.price_minor,
            "currency": trade.currency,
            "funding_days": 1,
            "concluded_at": trade.concluded_at,
        },
    )
    if made:
        PlannedCharge.objects.create(plan=plan, charge=1, price_minor=trade.price_minor, due_on=clock.today())
    party = market.party(beneficiary)
    PlannedShare.objects.get_or_create(
        plan=plan, organisation=party, defaults={"beneficiary_key": party.corporate_number, "share_bp": 1_000}
    )


def owe(market: Market, trade: Trade, kind: str, debtor: str, creditor: str, amount_minor: int) -> Obligation:
    """An obligation of a kind that agreements ask for: a share, a penalty."""
    if kind == "share":
        let_share(market, trade, creditor)
    return Obligation.objects.create(
        trade=trade,
        kind=kind,
        debtor=market.party(debtor),
        creditor=market.party(creditor),
        amount_minor=amount_minor,
        tax_minor=0,
        tax_rate_bp=0,
        currency="JPY",
        cycle_id=cycle_for("JPY", None).id,
        legal_basis="assumption_with_release",
        beneficiary_key=market.party(creditor).corporate_number if kind == "share" else None,
        source=f"{kind}_{next(_numbers)}",
        made_at=clock.now(),
    )


def accepted(market: Market, buyer: str, seller: str, price_minor: int, **changes: Any) -> Trade:
    """A trade that was paid for, delivered and accepted."""
    trade = conclude(market, buyer, seller, price_minor, **changes)
    if trade.state == "concluded":
        pay_in(market, buyer, trade.gross_minor)
        trade.refresh_from_db()
    return accept(trade)


def advance_to(cycle: Cycle, state: str, *, seconds_max: float = 60) -> Cycle:
    """Take a cycle on until it reaches ``state``.

    Transactions of other tests on the same server may be older than the barrier; the cycle waits for them as it must,
    and for its own events, which are relayed here where the test has committed.
    """
    deadline = time.monotonic() + seconds_max
    while cycle.state != state:
        if advance_cycle(cycle=cycle.public_id) is None and time.monotonic() > deadline:
            raise AssertionError(f"{cycle.business_key} stays {cycle.state}: {waiting_of_cycle(cycle)}")
        cycle.refresh_from_db()
        if cycle.state == "closing":
            relay_events()
            time.sleep(0.02)
    return cycle


def clear(market: Market, state: str = "settling") -> Cycle:
    """Close the open cycle and take it on to ``state``."""
    return advance_to(cut_off(market.actor), state)


def settle(market: Market, cycle: Cycle) -> Cycle:
    """The bank carries out the transfer file, and its statement says so."""
    made = create_transfer_file(actor=market.actor, cycle=cycle.public_id)
    transfers = transfers_in(made.public_id)
    receive(market, [booking("debit", row.amount_minor, row.reference) for row in transfers])
    advance_cycle(cycle=cycle.public_id)
    cycle.refresh_from_db()
    return cycle


def available(market: Market, name: str) -> int:
    """What a participant may dispose of."""
    return balance(market, name, "available")


def in_suspense() -> QuerySet[BankEntry]:
    """Bank entries in suspense that nobody decided on."""
    return BankEntry.objects.filter(
        match=BankMatch.UNALLOCATED, allocation=None, debit_booking=None, recoupment=None
    )


def balance(market: Market, name: str, kind: str) -> int:
    """One balance of a participant."""
    return balances(market.party(name).pk).get("JPY", {}).get(kind, 0)


def instructions(cycle: Cycle) -> list[SettlementInstruction]:
    """The payments of a cycle, in order."""
    return list(SettlementInstruction.objects.filter(cycle=cycle).order_by("sequence"))


def planned(cycle: Cycle) -> int:
    """How many payments are not on their way."""
    return SettlementInstruction.objects.filter(cycle=cycle, state=InstructionState.PLANNED).count()


def system() -> Actor:
    """The market itself."""
    return SYSTEM


def plan(market: Market, charging: str, price_minor: int, **changes: Any) -> Trade:
    """The first trade of an agreement that is charged in parts, between ``buyer`` and ``seller``."""
    return conclude(market, "buyer", "seller", price_minor, charging=charging, **changes)


def charges(agreement: str) -> list[Trade]:
    """The trades of an agreement as they stand, in the order of their charges."""
    return list(Trade.objects.filter(agreement=agreement).order_by("charge"))


def states(agreement: str) -> list[str]:
    """Where each charge of an agreement stands."""
    return [trade.state for trade in charges(agreement)]


def matched(trade: Trade) -> Trade:
    """The buyer received the delivery of a trade."""
    event = DeliveryMatched(
        entitlement="ent_1",
        agreement=trade.agreement,
        trade=trade.public_id,
        buyer="org_b",
        seller="org_s",
        sha256="0" * 64,
        inspect_by=clock.now().isoformat(),
    )
    handlers.on_delivery_matched(event, envelope(event))
    trade.refresh_from_db()
    return trade


def ended(trade: Trade, reason_code: str, *, received: bool = False) -> Trade:
    """Access under the agreement of a trade is over; ``received``: its delivery is inspected on, or was accepted."""
    event = DeliveryEnded(
        entitlement="ent_1",
        agreement=trade.agreement,
        buyer="org_b",
        seller="org_s",
        reason_code=reason_code,
        received=received,
    )
    handlers.on_delivery_ended(event, envelope(event))
    trade.refresh_from_db()
    return trade


def use(trade: Trade, amount_minor: int, used_at: datetime | str, **changes: Any) -> UsageRecord:
    """Metered data of an agreement was used."""
    facts: dict[str, Any] = {
        "agreement": trade.agreement,
        "usage": f"use_{next(_numbers)}",
        "quantity": 1,
        "amount_minor": amount_minor,
        "currency": "JPY",
        "used_at": used_at if isinstance(used_at, str) else used_at.isoformat(),
    }
    event = UsageRecorded(**(facts | changes))
    handlers.on_usage_recorded(event, envelope(event))
    return UsageRecord.objects.get(usage=event.usage)


def on_day(year: int, month: int, day: int, hour: int = 9) -> datetime:
    """Move business time to an hour of a day in the market, and let it stand there."""
    instant = datetime(year, month, day, hour, tzinfo=clock.market_zone())
    clock.move_to(instant, running=False)
    return instant


def days(count: int) -> timedelta:
    """So many days of business time."""
    return timedelta(days=count)
