"""The market of the campaign: a dozen participants in the middle of a busy month end.

Two cycles lie behind it: of one a payment will come back, the other carries a claim. Trades stand in every state, and
the morning's events wait in the outbox for a worker. Business time stands still on the last day of a month.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import transaction

from clearing.models import Cycle, Trade
from clearing.trades.services.trades import conclude_trade
from marketplace.events.schema import Event
from marketplace.events.schemas.contracts import AdjustmentDue, DisputeOpened, DisputeResolved
from marketplace.events.schemas.delivery import DeliveryAccepted
from marketplace.events.services import emit
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.participants.models import Organisation
from tests.clearing import factories

TOKYO = ZoneInfo("Asia/Tokyo")
NOW = datetime(2030, 1, 31, 15, 0, tzinfo=TOKYO)
NAMES = tuple("abcdefghijkl")
BUYERS, SELLERS = NAMES[:6], NAMES[6:]


def tell(*events: Event) -> None:
    """Emit each event in a transaction of its own, as the application that owns it does."""
    for event in events:
        with transaction.atomic():
            emit(event)


def acceptance(trade: Trade) -> DeliveryAccepted:
    """The event that a delivery was accepted."""
    return DeliveryAccepted(
        entitlement=f"ent_{trade.pk}",
        agreement=trade.agreement,
        trade=trade.public_id,
        buyer="org_b",
        seller="org_s",
        by="buyer",
    )


def complaint(trade: Trade) -> DisputeOpened:
    """The event that the buyer complained."""
    return DisputeOpened(
        dispute=f"dsp_{trade.pk}",
        agreement=trade.agreement,
        buyer="org_b",
        seller="org_s",
        reason_code="incomplete",
    )


def decision(trade: Trade, outcome: str) -> DisputeResolved:
    """The event that a complaint was decided."""
    return DisputeResolved(
        dispute=f"dsp_{trade.pk}",
        agreement=trade.agreement,
        buyer="org_b",
        seller="org_s",
        outcome=outcome,
    )


def correction(
    debtor: Organisation, creditor: Organisation, trade: Trade, amount_minor: int
) -> AdjustmentDue:
    """The event that a price is corrected."""
    return AdjustmentDue(
        adjustment=f"adj_{trade.pk}",
        agreement=trade.agreement,
        debtor=debtor.public_id,
        creditor=creditor.public_id,
        amount_minor=amount_minor,
        currency="JPY",
        reason_code="quality",
    )


def build() -> None:
    """Make the market in the current database, to which it commits."""
    clock.move_to(NOW, running=False)
    market = factories.market()
    for name in NAMES:
        market.party(name)
    settled = _history(market)
    _morning(market, settled)


def _history(market: factories.Market) -> list[Trade]:
    """A settled cycle, and one that carries a claim; the trades of the first."""
    settled = [
        factories.accepted(market, buyer, seller, 20_000 + 1_000 * number)
        for number, (buyer, seller) in enumerate(zip(BUYERS, SELLERS, strict=True))
    ]
    assert factories.settle(market, factories.clear(market)).state == "settled"
    factories.accepted(market, "a", "g", 50_000)
    poor = factories.accepted(market, "b", "h", 1_000, penalty_cap_minor=2_200)
    factories.owe(market, poor, "penalty", "h", "b", 2_200)
    assert factories.settle(market, factories.clear(market)).state == "partial"
    return settled


def _morning(market: factories.Market, settled: list[Trade]) -> None:
    """Trades in every state, and the events that nobody has handled yet."""
    secured = []
    for number, buyer in enumerate(BUYERS):
        for seller in SELLERS[number % 3 : number % 3 + 3]:
            trade = factories.conclude(market, buyer, seller, 3_000 + 700 * len(secured))
            factories.pay_in(market, buyer, trade.gross_minor)
            secured.append(trade)
    disputed = [factories.complain(trade) for trade in secured[:3]]
    factories.conclude(market, "d", "l", 4_000, reference="PO-d")
    factories.conclude(market, "e", "l", 90_000, reference="PO-never")
    freed = factories.conclude(market, "a", "l", disputed[0].price_minor)
    _money_that_nobody_has_handled(market)
    factories.pay_in(market, "f", 9_900)
    accepted = secured[6:16]
    tell(*(acceptance(trade) for trade in accepted[:6]))
    tell(complaint(secured[4]), complaint(secured[5]))
    tell(decision(disputed[0], "refund"), decision(disputed[1], "dismiss"), decision(secured[4], "dismiss"))
    tell(acceptance(disputed[1]), acceptance(secured[4]), *(acceptance(trade) for trade in accepted[6:]))
    tell(
        factories.agreement(market, "f", "g", 2_000, reference="PO-late"),
        factories.agreement(market, "f", "k", 3_000),
        factories.agreement(market, "c", "j", 6_000, reference="PO-c"),
        correction(market.party("g"), market.party("a"), settled[0], 1_500),
        correction(market.party("j"), market.party("d"), settled[3], 800),
        correction(market.party("l"), market.party("a"), freed, 500),
    )


def _money_that_nobody_has_handled(market: factories.Market) -> None:
    """A trade that waits although its money is there: nobody has handled the pay-in yet."""
    event = factories.agreement(market, "b", "k", 5_000, reference="PO-k")
    conclude_trade(actor=SYSTEM, agreement=event, concluded_at=clock.now())
    reference = factories.pay_in_reference(organisation=market.party("b").public_id)
    factories.import_only(market, [factories.booking("credit", 5_500, reference)])
    assert Trade.objects.get(agreement=event.agreement).state == "concluded"


def organisations() -> list[Organisation]:
    """The participants, in order."""
    return list(Organisation.objects.filter(is_operator=False).order_by("pk"))


def organisation(name: str) -> Organisation:
    """The participant of this name."""
    return organisations()[NAMES.index(name)]


def cycle(number: int) -> Cycle:
    """The cycle of this number."""
    return Cycle.objects.get(currency="JPY", number=number)
