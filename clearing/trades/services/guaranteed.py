"""Secures trades by guarantees, bills their buyers after delivery, and collects what is due."""

from __future__ import annotations

from datetime import date, timedelta

from listings.states import PERIODIC
from marketplace.events.schemas.billing import TradeBilled, TradePaid
from marketplace.events.services import emit
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.clock import business_date
from marketplace.kernel.errors import DomainError, FieldInvalid
from marketplace.kernel.labels import Label
from marketplace.participants.queries import organisations_by_id

from ...ground.parameters import collection_days, guaranteed_payment_days
from ...guarantees.errors import BeyondGuarantee, GuaranteeExpiresTooSoon
from ...guarantees.models import Guarantee
from ...guarantees.queries import Room, locked_rooms
from ...guarantees.states import GuaranteeKind
from ...ledger.accounts import accounts_of
from ...ledger.errors import InsufficientFunds
from ...ledger.locking import lock_balances
from ...ledger.states import AccountKind
from ..charge_models import PlannedCharge
from ..guaranteed_models import GuaranteedPart, billed_minor, guaranteed_part
from ..models import Obligation, Trade
from ..states import CASH_ONLY, PaidFrom, TradeState
from .holds import make_hold, pay_guaranteed_part, record_trade


def secure_by_guarantee(trade: Trade, *, guarantee: str | None = None, ordered_by: str | None = None) -> bool:
    """Secure a waiting trade with the buyer's available money and, for what that lacks, a guarantee.

    Money that the buyer was billed for is left. Uses the guarantee that expires first of those that fit, or only
    ``guarantee``, as ``ordered_by`` asked. False, with nothing changed, if none fits; where ``guarantee`` is named, raises why: FieldInvalid, GuaranteeExpiresTooSoon, BeyondGuarantee.
    """
    if trade.supply_class is None:
        return False
    rooms = locked_rooms(trade.buyer_id, trade.currency)
    if guarantee is not None:
        rooms = [room for room in rooms if room.guarantee.public_id == guarantee]
    if not rooms:
        return False
    available = accounts_of(trade.buyer_id, trade.currency)[AccountKind.AVAILABLE]
    balance_minor = -lock_balances([available]).get(available, 0)
    free_minor = max(balance_minor - billed_minor(trade.buyer_id, trade.currency), 0)
    cash_minor = min(free_minor, trade.gross_minor)
    missing_minor, due_by = trade.gross_minor - cash_minor, last_due_day(trade)
    for room in rooms:
        hindrance = _hindrance(trade, room, missing_minor, due_by)
        if hindrance is None:
            _reserve(trade, room.guarantee, missing_minor, due_by, ordered_by)
            return True
        if guarantee is not None:
            raise hindrance
    return False


def last_due_day(trade: Trade) -> date:
    """The last day on which the buyer of a trade secured now can be due to pay it, unless a dispute delays the acceptance.

    A period is accepted when it has ended, anything else after its collection and inspection; then the payment term runs.
    """
    accepted_by = clock.today() + timedelta(days=collection_days() + trade.inspection_days)
    if trade.charging in PERIODIC:
        planned = PlannedCharge.objects.filter(plan__agreement=trade.agreement, charge=trade.charge)
        until = planned.values_list("period_until", flat=True).first()
        accepted_by = max(accepted_by, until or accepted_by)
    return accepted_by + timedelta(days=guaranteed_payment_days())


def _hindrance(trade: Trade, room: Room, needed_minor: int, due_by: date) -> DomainError | None:
    """Why a guarantee cannot secure ``needed_minor`` of a trade; None if it can."""
    held, now = room.guarantee, clock.now()
    if trade.charging in CASH_ONLY or trade.commissioned:
        return FieldInvalid(
            "guarantee",
            Label(
                "metered periods and data made to order are secured by money only: pay in",
                "従量課金の期間と委託データは入金によってのみ確保されます。入金してください",
            ),
        )
    if Obligation.objects.filter(trade=trade).exists():
        return FieldInvalid(
            "guarantee",
            Label(
                "a trade whose price was adjusted before it was secured is secured by money only: pay in",
                "確保される前に価格が調整された取引は入金によってのみ確保されます。入金してください",
            ),
        )
    if held.valid_from > now or business_date(held.expires_at) <= due_by:
        return GuaranteeExpiresTooSoon(
            guarantee=held.public_id,
            valid_from=held.valid_from.isoformat(),
            expires_at=held.expires_at.isoformat(),
            due_by=due_by.isoformat(),
        )
    if needed_minor > room.room_minor:
        return BeyondGuarantee(
            guarantee=held.public_id, room_minor=room.room_minor, needed_minor=needed_minor
        )
    return None


def _reserve(
    trade: Trade, guarantee: Guarantee, amount_minor: int, due_by: date, ordered_by: str | None
) -> None:
    """Secure ``amount_minor`` of a trade by a guarantee, and put the remainder on hold."""
    if amount_minor:
        GuaranteedPart.objects.create(
            trade=trade,
            guarantee=guarantee,
            amount_minor=amount_minor,
            due_by=due_by,
            reserved_at=clock.now(),
            ordered_by=ordered_by,
        )
    if not make_hold(trade, guaranteed_minor=amount_minor):
        raise InsufficientFunds(reference=trade.public_id)


def bill_buyer(trade: Trade, part: GuaranteedPart, actor: Actor) -> None:
    """Bill the buyer of a delivered trade for its guaranteed part: once. Emits trade.billed.

    The part falls due after the payment term, but while the guarantee can still be called on.
    """
    if part.billed_at is not None:
        return
    last_day = business_date(part.guarantee.expires_at) - timedelta(days=1)
    term_ends = clock.today() + timedelta(days=guaranteed_payment_days())
    part.billed_at = clock.now()
    part.due_on = max(min(term_ends, last_day), clock.today())
    part.save(update_fields=["billed_at", "due_on"])
    record_trade("billed", trade, actor, amount_minor=part.amount_minor, due_on=part.due_on.isoformat())
    parties = organisations_by_id((trade.buyer_id, trade.seller_id))
    emit(
        TradeBilled(
            trade=trade.public_id,
            agreement=trade.agreement,
            buyer=parties[trade.buyer_id].public_id,
            seller=parties[trade.seller_id].public_id,
            amount_minor=part.amount_minor,
            currency=trade.currency,
            due_on=part.due_on.isoformat(),
        )
    )


def collect(trade: Trade, *, actor: Actor) -> bool:
    """Put the billed part of a locked trade on hold, from available money, or on its due day from the deposit behind it.

    False, with nothing changed, while a dispute is open or the money is not there. Emits trade.paid.
    """
    part = guaranteed_part(trade)
    if part is None or not part.is_billed or trade.state != TradeState.SECURED:
        return False
    sources = [PaidFrom.AVAILABLE]
    is_due = part.due_on is not None and part.due_on <= clock.today()
    if is_due and part.guarantee.kind == GuaranteeKind.DEPOSIT_LIMIT:
        sources.append(PaidFrom.DEPOSIT)
    source = next((source for source in sources if _pays(trade, part, source)), None)
    if source is None:
        return False
    record_trade("paid", trade, actor, amount_minor=part.amount_minor, paid_from=source.value)
    parties = organisations_by_id((trade.buyer_id, trade.seller_id))
    emit(
        TradePaid(
            trade=trade.public_id,
            agreement=trade.agreement,
            buyer=parties[trade.buyer_id].public_id,
            seller=parties[trade.seller_id].public_id,
            amount_minor=part.amount_minor,
            currency=trade.currency,
            paid_from=source.value,
        )
    )
    return True


def _pays(trade: Trade, part: GuaranteedPart, source: PaidFrom) -> bool:
    try:
        pay_guaranteed_part(trade, part, source)
    except InsufficientFunds:
        part.refresh_from_db()
        return False
    return True
