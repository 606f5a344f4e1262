"""Agreements after their conclusion."""

from __future__ import annotations

import pytest

from contracts import handlers, services
from contracts.errors import AgreementEnded, NotAParty, PriceExceeded
from contracts.models import Adjustment
from marketplace.events.envelope import Envelope
from marketplace.events.schemas.clearing import TradeFailed, TradeRefunded
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel import clock
from marketplace.kernel.errors import FieldInvalid, Missing, PermissionNeeded

from . import factories
from .refusals import refused


def envelope(event) -> Envelope:
    return Envelope("evt_1", event.type, event.subject, clock.now(), 1, event.data())


def failed(agreement, reason_code="not_funded") -> TradeFailed:
    return TradeFailed(
        trade="trd_1",
        agreement=agreement.public_id,
        buyer=agreement.buyer_identifier,
        seller=agreement.seller_identifier,
        reason_code=reason_code,
    )


def refunded(agreement) -> TradeRefunded:
    return TradeRefunded(
        trade="trd_1",
        agreement=agreement.public_id,
        buyer=agreement.buyer_identifier,
        seller=agreement.seller_identifier,
        amount_minor=110_000,
        currency="JPY",
    )


def end(agreement) -> None:
    event = refunded(agreement)
    handlers.on_trade_refunded(event, envelope(event))


def test_an_agreement_that_was_never_paid_for_ends(market):
    agreement = factories.agreement(market)
    event = failed(agreement)
    handlers.on_trade_failed(event, envelope(event))
    agreement.refresh_from_db()
    assert (agreement.state, agreement.termination_reason) == ("terminated", "payment_failed")
    assert agreement.terminated_at is not None
    assert factories.events("agreement.terminated") == [
        {
            "agreement": agreement.public_id,
            "buyer": agreement.buyer_identifier,
            "seller": agreement.seller_identifier,
            "reason_code": "payment_failed",
        }
    ]
    record = EvidenceRecord.objects.get(kind="contracts.agreement_terminated")
    assert record.payload == {"reason_code": "payment_failed", "cause": "not_funded"}


def test_an_agreement_whose_price_was_refunded_ends_once(market):
    agreement = factories.agreement(market)
    end(agreement)
    agreement.refresh_from_db()
    assert (agreement.state, agreement.termination_reason) == ("terminated", "refunded")
    before = factories.everything()
    end(agreement)
    event = failed(agreement)
    handlers.on_trade_failed(event, envelope(event))
    assert factories.everything() == before


def adjust(market, agreement, **changes):
    facts = {
        "actor": market.operator,
        "agreement": agreement.public_id,
        "debtor": market.seller.organisation,
        "amount_minor": 40_000,
        "reason": " 座標が古い ",
    }
    return services.adjust_price(**{**facts, **changes})


def test_the_operator_corrects_a_price(market):
    agreement = factories.agreement(market)
    adjustment = adjust(market, agreement)
    assert (adjustment.debtor, adjustment.amount_minor, adjustment.currency, adjustment.reason) == (
        "seller",
        40_000,
        "JPY",
        "座標が古い",
    )
    assert factories.events("adjustment.due") == [
        {
            "adjustment": adjustment.public_id,
            "agreement": agreement.public_id,
            "debtor": market.seller.organisation,
            "creditor": market.buyer.organisation,
            "amount_minor": 40_000,
            "currency": "JPY",
            "reason_code": "price_correction",
            "kind": "adjustment",
            "within_left": False,
            "charge": 1,
        }
    ]
    assert EvidenceRecord.objects.get(subject=adjustment.public_id).kind == "contracts.price_adjusted"


def test_corrections_never_pass_the_price(market):
    agreement = factories.agreement(market)
    adjust(market, agreement, amount_minor=60_000)
    with refused(PriceExceeded, agreement=agreement.public_id, remaining_minor=40_000):
        adjust(market, agreement, amount_minor=40_001)
    adjust(market, agreement, amount_minor=40_000)
    with refused(PriceExceeded, remaining_minor=0):
        adjust(market, agreement, amount_minor=1)
    adjust(market, agreement, debtor=market.buyer.organisation, amount_minor=5_000, reason_code="surcharge")
    adjust(market, agreement, amount_minor=5_000)
    assert list(Adjustment.objects.order_by("pk").values_list("debtor", "amount_minor")) == [
        ("seller", 60_000),
        ("seller", 40_000),
        ("buyer", 5_000),
        ("seller", 5_000),
    ]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"amount_minor": 0}, "amount_minor"),
        ({"amount_minor": -1}, "amount_minor"),
        ({"amount_minor": 1.5}, "amount_minor"),
        ({"amount_minor": True}, "amount_minor"),
        ({"reason": " "}, "reason"),
        ({"reason": "x" * 2_001}, "reason"),
        ({"reason_code": "No Code"}, "reason_code"),
        ({"reason_code": "clause_index"}, "reason_code"),
        ({"reason_code": "ended_early"}, "reason_code"),
    ],
)
def test_a_faulty_order_is_refused_by_name(market, changes, field):
    agreement = factories.agreement(market)
    with refused(FieldInvalid, name=field):
        adjust(market, agreement, **changes)


def test_only_the_operator_corrects_prices(market):
    agreement = factories.agreement(market)
    for who in (market.buyer, market.seller, market.stranger):
        with refused(PermissionNeeded, permission="disputes:write"):
            adjust(market, agreement, actor=who)


def test_only_parties_of_an_agreement_in_force_owe_corrections(market):
    agreement = factories.agreement(market)
    with refused(NotAParty, organisation=market.stranger.organisation):
        adjust(market, agreement, debtor=market.stranger.organisation)
    with refused(Missing, kind="agreement"):
        services.adjust_price(
            actor=market.operator, agreement="agr_nowhere", debtor="x", amount_minor=1, reason="x"
        )
    end(agreement)
    with refused(AgreementEnded, agreement=agreement.public_id):
        adjust(market, agreement)
