"""Concludes trades for charges of agreements, and secures them when their money is available."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from listings.states import Charging
from marketplace.events.schema import Event
from marketplace.events.schemas.clearing import TradeConcluded, TradeSecured
from marketplace.events.schemas.contracts import AgreementConcluded
from marketplace.events.services import emit, emit_all
from marketplace.evidence.services import Fact, record_all
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.calendars import funding_deadline
from marketplace.kernel.clock import business_date
from marketplace.kernel.errors import FieldInvalid, Missing
from marketplace.kernel.permissions import Permission
from marketplace.kernel.prepared import insert_prepared
from marketplace.kernel.refusals import record_refusals
from marketplace.kernel.states import advance
from marketplace.participants.authority import LimitedAct
from marketplace.participants.authority_queries import Stake
from marketplace.participants.queries import OrganisationView, get_organisations, organisations_by_id
from marketplace.participants.services import CommittingAct, commit_organisation, lock_limits
from marketplace.rules import queries as rules

from ...ground.parties import party_key
from ...guarantees.errors import GuaranteeExpired
from ...guarantees.models import Guarantee
from ...guarantees.queries import has_room, lock_guarantees
from ...ledger.models import Balance
from ...ledger.states import AccountKind
from ..charge_models import PlannedCharge
from ..errors import PartyNotIndependent
from ..guaranteed_models import billed_minor, guaranteed_part
from ..models import Trade
from ..standing import Standing, standing_of
from ..states import TRADE, TradeState
from ..taxation import treatment_of
from ..terms import business_key_of, fee_on_conclusion, tariff_of, tax_on_hold
from ..waiting import SUPPLY_UNSTATED
from .acceptance import accept_locked_trade, collect_trade
from .amendments import funding_days_of
from .charge_plans import make_plan, progress_of
from .guaranteed import secure_by_guarantee
from .holds import fact_of, lock_waiting_trades, locked_trade, make_hold, record_trade
from .supplies import classify, supply_day, supply_question

TERMS = (
    "agreement", "reference", "listing", "listing_version", "segment", "buyer_id", "seller_id", "buyer_key",
    "seller_key", "currency", "tax_category", "inspection_days", "charging", "commissioned",
    "holiday_shift", "penalty_cap_minor",
)  # fmt: skip
"""Terms that every charge of an agreement takes from the first."""
SECURE_COMMAND = "trades.secure"


@transaction.atomic
def conclude_trade(*, actor: Actor, agreement: AgreementConcluded, concluded_at: datetime) -> Trade:
    """Record the charge plan of an agreement, make the trade of its first charge, and secure it if possible.

    Repeating it returns the existing trade. Emits trade.concluded, trade.supply_unstated, trade.secured. Raises PartyNotIndependent,
    ChargingFaulty, Missing.
    """
    buyer, seller = get_organisations((agreement.buyer, agreement.seller))
    standing = standing_of(
        agreement=agreement.agreement,
        charge=1,
        listing=agreement.listing,
        buyer_id=buyer.id,
        seller_id=seller.id,
        currency=agreement.currency,
        concluded_at=concluded_at,
    )
    if standing.trade is not None:
        return Trade.objects.get(pk=standing.trade)
    _require_independent(buyer, seller)
    price_minor = make_plan(
        agreement=agreement, parties=(buyer, seller), concluded_at=concluded_at, pooled=standing.pooled
    )
    given = (
        "agreement", "reference", "listing", "listing_version", "segment", "currency", "tax_category",
        "inspection_days", "charging", "commissioned", "holiday_shift", "penalty_cap_minor",
    )  # fmt: skip
    terms = {name: getattr(agreement, name) for name in given} | {
        "buyer_id": buyer.id,
        "seller_id": seller.id,
        "buyer_key": party_key(buyer),
        "seller_key": party_key(seller),
    }
    return _make_trade(
        actor,
        terms,
        standing,
        charge=1,
        price_minor=price_minor,
        concluded_at=concluded_at,
        fund_by=funding_deadline(concluded_at, agreement.funding_days, clock.market_zone()),
        parties={buyer.id: buyer, seller.id: seller},
    )


def conclude_charge(*, actor: Actor, first: Trade, planned: PlannedCharge, concluded_at: datetime) -> Trade:
    """Make the trade of a later charge on the terms of the first, and secure it if possible.

    The tariff is that of ``concluded_at``, the due day, the tax that of the tax point; the funding days count from now. Emits and raises as
    ``conclude_trade``. The caller has locked the agreement's progress.
    """
    parties = organisations_by_id((first.buyer_id, first.seller_id))
    _require_independent(*parties.values())
    return _make_trade(
        actor,
        {name: getattr(first, name) for name in TERMS},
        standing_of(
            agreement=first.agreement,
            charge=planned.charge,
            listing=first.listing,
            buyer_id=first.buyer_id,
            seller_id=first.seller_id,
            currency=first.currency,
            concluded_at=first.concluded_at,
        ),
        charge=planned.charge,
        price_minor=planned.price_minor,
        concluded_at=concluded_at,
        fund_by=funding_deadline(clock.now(), funding_days_of(planned), clock.market_zone()),
        parties=parties,
    )


def _require_independent(*parties: OrganisationView) -> None:
    for party in parties:
        if party.is_operator or party.affiliate:
            raise PartyNotIndependent(organisation=party.public_id)


def _make_trade(
    actor: Actor,
    terms: Mapping[str, Any],
    standing: Standing,
    *,
    charge: int,
    price_minor: int,
    concluded_at: datetime,
    fund_by: datetime,
    parties: dict[int, OrganisationView],
) -> Trade:
    """Make the trade with its tax and fee, secure it if the money is available, and record and emit both."""
    trade = insert_prepared(
        Trade(
            **terms,
            **_tax_and_fee(terms, standing.supply, charge, price_minor, concluded_at, fund_by, parties),
            business_key=business_key_of(terms["buyer_key"], terms["reference"], charge),
            charge=charge,
            price_minor=price_minor,
            fund_by=fund_by,
            concluded_at=concluded_at,
            # A later charge counts as concluded on its due day, but its time to pay in begins now.
            halts_counted_until=None if charge == 1 else clock.now(),
        )
    )
    held = not standing.others_first and _try_to_secure(trade, guaranteed=standing.guaranteed)
    facts = [fact_of("concluded", trade, actor, gross_minor=trade.gross_minor, currency=trade.currency)]
    events: list[Event] = [_concluded(trade, parties, waits_for_money=not held)]
    if trade.supply_class is None:
        events.append(supply_question(trade, parties))
    if held:
        _mark_secured(trade)
        facts.append(_secured_fact(trade, actor))
        events.append(_secured(trade, parties))
    record_all(facts)
    emit_all(events)
    if held and charge > 1:
        _apply_agreement_state(trade, actor)
    if standing.others_first:
        secure_waiting_trades(actor=actor, organisation_id=trade.buyer_id, currency=trade.currency)
        return locked_trade(pk=trade.pk)
    return trade


def _concluded(
    trade: Trade, parties: dict[int, OrganisationView], *, waits_for_money: bool
) -> TradeConcluded:
    return TradeConcluded(
        trade=trade.public_id,
        agreement=trade.agreement,
        buyer=parties[trade.buyer_id].public_id,
        seller=parties[trade.seller_id].public_id,
        gross_minor=trade.gross_minor,
        currency=trade.currency,
        fund_by=trade.fund_by.isoformat(),
        waits_for_money=waits_for_money,
        charge=trade.charge,
    )


def _tax_and_fee(
    terms: Mapping[str, Any],
    supply: str | None,
    charge: int,
    price_minor: int,
    concluded_at: datetime,
    fund_by: datetime,
    parties: dict[int, OrganisationView],
) -> dict[str, Any]:
    """Class of supply, tax point, tax on hold and fee of a charge, as columns of its trade."""
    seller, buyer = parties[terms["seller_id"]], parties[terms["buyer_id"]]
    tables, fees = rules.taxes_and_tariffs(at=concluded_at)
    on = business_date(concluded_at)
    treatment = treatment_of(
        tables, supply=supply, charging=terms["charging"], seller=seller, buyer=buyer, on=on
    )
    supplied_on = None
    if treatment is not None:
        supplied_on = supply_day(
            treatment.tax_point,
            agreement=terms["agreement"],
            charge=charge,
            concluded_at=concluded_at,
            fund_by=fund_by,
        )
    tariff = tariff_of(fees, price_minor=price_minor, currency=terms["currency"], segment=terms["segment"])
    return {
        "supply": supply,
        **tax_on_hold(
            tables,
            treatment=treatment,
            price_minor=price_minor,
            tax_category=terms["tax_category"],
            supplied_on=supplied_on,
            since=on,
        ),
        **fee_on_conclusion(tables, tariff, price_minor=price_minor, seller=seller, buyer=buyer, on=on),
    }


@transaction.atomic(savepoint=False)
def secure_waiting_trades(
    *, actor: Actor, organisation_id: int, currency: str, only: str | None = None, again: bool = False
) -> int:
    """Secure the buyer's waiting trades that its money covers, or ``only`` one of them; returns how many.

    What the buyer was billed for is collected first, by its due day. The order is published and the same for everybody:
    earliest conclusion first, by the agreements' identifiers where moments are equal, so that it does not depend on which
    worker was first; a trade that the remaining money and the buyer's guarantees do not cover is skipped and waits on.
    ``again``: the caller's transaction has locked them already, by ``lock_waiting_trades``.
    """
    locked = lock_waiting_trades([organisation_id], currency, again=again)
    kept_minor = _collect_billed(locked, actor)
    waiting = [trade for trade in locked if trade.state == TradeState.CONCLUDED]
    if only is not None:
        waiting = [trade for trade in waiting if trade.public_id == only]
    if not waiting:
        return 0
    classify(waiting, actor=actor)
    waiting.sort(key=lambda trade: (trade.concluded_at, trade.agreement, trade.charge))
    parties = organisations_by_id({key for trade in waiting for key in (trade.buyer_id, trade.seller_id)})
    secured = 0
    available_minor = _available_minor(organisation_id, currency) - kept_minor
    is_guaranteed = has_room(organisation_id, currency)
    for trade in waiting:
        if (trade.gross_minor <= available_minor and _try_to_hold(trade)) or (
            is_guaranteed and secure_by_guarantee(trade)
        ):
            _record_secured(trade, parties, actor)
            secured += 1
            available_minor = _available_minor(organisation_id, currency) - kept_minor
    return secured


def _collect_billed(trades: list[Trade], actor: Actor) -> int:
    """Collect and accept the billed trades among those that are locked; returns what they still wait for, in minor units."""
    billed = [(part, trade) for trade in trades if (part := guaranteed_part(trade)) and part.is_billed]
    for _, trade in sorted(billed, key=lambda pair: (pair[0].due_on, pair[0].pk)):
        collect_trade(trade, actor=actor)
    return sum(part.amount_minor for part, trade in billed if trade.state == TradeState.SECURED)


@record_refusals()
def secure_trade(*, actor: Actor, trade: str, guarantee: str) -> Trade:
    """Secure a waiting trade of the actor's organisation by a guarantee, beyond the money it has; the market's own way, now.

    Does nothing for a trade that is secured. Its gross is within the limit of authority of who orders it, or who answers for the
    program. Emits trade.secured. Raises ColleagueNeeded and NobodyDecides above that limit, GuaranteeExpiresTooSoon, BeyondGuarantee,
    FieldInvalid for what only money secures, IllegalTransition for an ended trade, Missing, Forbidden.
    """
    actor.require(Permission.NEGOTIATIONS_SETTLE)
    organisation_id = actor.require_organisation()
    subject = Trade.objects.filter(public_id=trade, buyer_id=organisation_id).first()
    if subject is None:
        raise Missing(kind="trade", identifier=trade)
    if not Guarantee.objects.filter(public_id=guarantee, organisation_id=organisation_id).exists():
        raise Missing(kind="guarantee", identifier=guarantee)
    limits = lock_limits(organisation_id)
    locked = lock_waiting_trades([organisation_id], subject.currency, beside=subject.pk)
    subject = next(row for row in locked if row.pk == subject.pk)
    if subject.state == TradeState.SECURED:
        return subject
    classify([subject], actor=actor)
    if subject.supply_class is None:
        raise FieldInvalid("supply_class", SUPPLY_UNSTATED.label)
    if subject.state == TradeState.CONCLUDED:
        if not secure_by_guarantee(subject, guarantee=guarantee, ordered_by=actor.identifier):
            raise GuaranteeExpired(guarantee=guarantee)
        _commit_buyer(actor, limits, subject, guarantee)
    _record_secured(subject, organisations_by_id((subject.buyer_id, subject.seller_id)), actor)
    return subject


def _commit_buyer(actor: Actor, limits: int | None, trade: Trade, guarantee: str) -> None:
    """Record that somebody commits the buyer to a trade that its money does not cover. Raises as ``commit_organisation``."""
    act = CommittingAct(
        Permission.NEGOTIATIONS_SETTLE, SECURE_COMMAND, trade.public_id, {"guarantee": guarantee}
    )
    stakes = [Stake(LimitedAct.BUY.value, trade.gross_minor, trade.currency)]
    commit_organisation(actor=actor, limits=limits, act=act, stakes=stakes)


def _available_minor(organisation_id: int, currency: str) -> int:
    balance = Balance.objects.filter(
        account__organisation_id=organisation_id,
        account__kind=AccountKind.AVAILABLE,
        account__currency=currency,
    ).first()
    return -balance.balance_minor if balance else 0


def _hold_free_money(trade: Trade) -> bool:
    """Put the trade's money on hold, as ``_try_to_hold``, from what the buyer's bills leave."""
    kept_minor = billed_minor(trade.buyer_id, trade.currency)
    if kept_minor and trade.gross_minor > _available_minor(trade.buyer_id, trade.currency) - kept_minor:
        return False
    return _try_to_hold(trade)


def _try_to_hold(trade: Trade) -> bool:
    """Put the trade's money on hold.

    False, with nothing changed, if the money is not enough, or the trade has no class of supply.
    """
    return trade.supply_class is not None and make_hold(trade)


def _try_to_secure(trade: Trade, *, guaranteed: bool) -> bool:
    """Secure a new trade with the buyer's money or, where it has a guarantee, with both; False if that is not enough.

    A hold that is refused keeps the balances locked, so guarantees are locked before it.
    """
    if not guaranteed:
        return _try_to_hold(trade)
    lock_guarantees([trade.buyer_id], trade.currency)
    return _hold_free_money(trade) or secure_by_guarantee(trade)


def _record_secured(trade: Trade, parties: dict[int, OrganisationView], actor: Actor) -> None:
    """Record and emit that a trade whose money is on hold is secured."""
    _mark_secured(trade)
    record_all([_secured_fact(trade, actor)])
    emit(_secured(trade, parties))
    if trade.charge > 1:
        _apply_agreement_state(trade, actor)


def _mark_secured(trade: Trade) -> None:
    advance(trade, TRADE, command="secure", role="system", secured_at=clock.now())


def _secured_fact(trade: Trade, actor: Actor) -> Fact:
    return fact_of("secured", trade, actor, gross_minor=trade.gross_minor, currency=trade.currency)


def _secured(trade: Trade, parties: dict[int, OrganisationView]) -> TradeSecured:
    return TradeSecured(
        trade=trade.public_id,
        agreement=trade.agreement,
        listing=trade.listing,
        listing_version=trade.listing_version,
        buyer=parties[trade.buyer_id].public_id,
        seller=parties[trade.seller_id].public_id,
        inspection_days=trade.inspection_days,
        charge=trade.charge,
    )


def _apply_agreement_state(trade: Trade, actor: Actor) -> None:
    """Apply the agreement's state to a later charge: disputed by an open dispute; accepted if already delivered."""
    progress = progress_of(trade.agreement)
    if progress is None or trade.state != TradeState.SECURED:
        return
    if progress.dispute is not None:
        advance(trade, TRADE, command="hold", role="system")
        record_trade("disputed", trade, actor, dispute=progress.dispute)
    elif progress.delivered_at is not None and trade.charging == Charging.INSTALMENT:
        accept_locked_trade(trade, actor=actor)
