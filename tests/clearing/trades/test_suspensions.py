"""Suspension of participants who fell short, by the rulebook in force."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from clearing.models import Shortfall
from clearing.shortfalls.queries import shortfall_facts
from marketplace.events.models import OutboxEvent
from marketplace.events.schemas.clearing import PaymentDeferred, ShortfallOccurred
from marketplace.kernel.errors import Missing
from marketplace.notices.handlers import on_payment_deferred, on_shortfall_occurred
from marketplace.notices.models import Notice
from marketplace.participants.models import Organisation
from marketplace.participants.suspension_queries import standing_suspensions
from marketplace.rules.handlers import decide_shortfall
from marketplace.rules.models import Decision
from marketplace.rules.services import verify_replays
from tests.rules.factories import publish as publish_rulebook
from tests.standing import made_once

from .. import factories
from ..test_invariants import broken

DEMO = yaml.safe_load((Path(__file__).parents[3] / "fixtures/rulebook.yaml").read_text(encoding="utf-8"))
RULES = {
    **factories.RULEBOOK,
    "rules": [rule for rule in DEMO["rules"] if rule["point"] == "shortfall"],
}


@made_once
def ruled(market):
    """A market under the demo's rules about shortfalls, with a trade to correct."""
    publish_rulebook(RULES)
    market.trade = factories.accepted(market, "buyer", "seller", 10_000)
    factories.settle(market, factories.clear(market))
    return market


def fall_short(market: factories.Market, amount_minor: int = 500) -> list[ShortfallOccurred]:
    factories.adjust(market, market.trade, "seller", "buyer", amount_minor)
    cycle = factories.clear(market)
    found = OutboxEvent.objects.filter(type="shortfall.occurred", data__cycle=cycle.public_id)
    events = [ShortfallOccurred(**row.data) for row in found.order_by("pk")]
    for event in events:
        decide_shortfall(event, factories.envelope(event))
    return events


def state(market: factories.Market, name: str) -> str:
    return Organisation.objects.get(pk=market.party(name).pk).state


def test_who_puts_off_what_it_owes_is_suspended_with_reasons(ruled):
    (event,) = fall_short(ruled)
    assert state(ruled, "seller") == "suspended"
    decision = Decision.objects.get(point="shortfall")
    assert [reason["rule"] for reason in decision.reasons] == ["SHF-01"]
    assert (decision.subject, decision.parties) == (event.shortfall, [ruled.party("seller").public_id])
    (suspension,) = standing_suspensions(ruled.party("seller").pk)
    assert (suspension.reason_code, suspension.kind) == ("shortfall", "breach")
    japanese, english = suspension.reason.split("\n")
    assert all(text.endswith(f"({decision.public_id})") for text in (japanese, english))
    decide_shortfall(event, factories.envelope(event))
    assert (state(ruled, "seller"), verify_replays(), broken()) == ("suspended", [], {})


def test_who_is_lent_the_money_goes_on_until_the_third_time(ruled):
    factories.fund_reserve(ruled, 10_000)
    for times in (1, 2):
        fall_short(ruled, 100)
        assert (Shortfall.objects.count(), state(ruled, "seller")) == (times, "active")
    fall_short(ruled, 100)
    assert state(ruled, "seller") == "suspended"
    assert Decision.objects.order_by("-pk")[0].reasons[0]["rule"] == "SHF-02"


def test_who_falls_short_for_others_goes_on(ruled):
    """The buyer was to get 550 from the seller and passes on 440 of them: it puts off less than it waits for."""
    ruled.trade_of_buyer = factories.accepted(ruled, "other", "buyer", 10_000)
    factories.settle(ruled, factories.clear(ruled))
    factories.adjust(ruled, ruled.trade_of_buyer, "buyer", "other", 400)
    events = fall_short(ruled)
    assert [
        event.deferred_minor for event in events if event.organisation == ruled.party("buyer").public_id
    ] == [440]
    assert (state(ruled, "buyer"), state(ruled, "seller")) == ("active", "suspended")


def test_without_a_rule_nobody_is_suspended(market):
    market.trade = factories.accepted(market, "buyer", "seller", 10_000)
    factories.settle(market, factories.clear(market))
    (event,) = fall_short(market)
    assert (state(market, "seller"), Decision.objects.get().outcome) == ("active", "allow")
    on_shortfall_occurred(event, factories.envelope(event))
    notice = Notice.objects.get(subject=event.shortfall)
    assert (notice.organisation_id, notice.title["en"]) == (
        market.party("seller").pk,
        "You have a shortfall of ¥550",
    )
    assert "¥550 is deferred to the next clearing cycle, and ¥0 was lent" in notice.body["en"]
    deferred = PaymentDeferred(**OutboxEvent.objects.get(type="payment.deferred").data)
    on_payment_deferred(deferred, factories.envelope(deferred))
    notice = Notice.objects.get(subject=deferred.cycle)
    assert (notice.organisation_id, notice.title["en"]) == (
        market.party("buyer").pk,
        "¥550 due to you is deferred",
    )


def test_the_facts_are_of_the_shortfall_s_own_currency(ruled):
    fall_short(ruled)
    facts = shortfall_facts(Shortfall.objects.get().public_id)
    assert facts == {
        "organisation": ruled.party("seller").public_id,
        "currency": "JPY",
        "missing_minor": 550,
        "deferred_minor": 550,
        "awaited_minor": 0,
        "claim_minor": 0,
        "deposit_minor": 0,
        "shortfalls_in_90_days": 1,
    }
    with pytest.raises(Missing):
        shortfall_facts("sft_none")
