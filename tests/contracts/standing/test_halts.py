"""A trading halt stops new negotiations and conclusions at once; what was concluded goes on. The rules take trades in."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection, transaction

from contracts import handlers, queries, services
from contracts.errors import ConclusionRefused
from contracts.models import Agreement, Negotiation
from marketplace.events.schemas.rules import TradingHalted as TradingHaltedEvent
from marketplace.events.schemas.rules import TradingResumed
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.invariants import verify_all
from marketplace.notices.models import Notice
from marketplace.participants.models import Segment
from marketplace.rules import services as rules
from marketplace.rules.errors import TradingHalted
from marketplace.rules.models import Decision, Halt
from tests.participants import factories as people
from tests.participants.factories import staff
from tests.rules import factories as rulebooks

from .. import factories
from ..refusals import refused

WHY = {"ja": "確認のため", "en": "For a check"}
WAIT_SECONDS = 0.4
JOIN_SECONDS = 20
SCOPES = ["market", "segment", "listing"]


def halt(market: factories.Market, scope: str) -> Halt:
    subject = {"market": "", "segment": factories.SEGMENT, "listing": market.listing}[scope]
    return rules.halt_trading(actor=market.operator, scope=scope, subject=subject, reason=WHY)


def lift(market, halted, reason=WHY):
    """As the second person of the operator."""
    staff("usr_first", "usr_second")
    return rules.lift_halt(
        actor=replace(market.operator, identifier="usr_second"),
        halt=halted.public_id,
        reason=reason,
        first_person="usr_first",
    )


def broken() -> dict[str, object]:
    checked = verify_all("contracts") | verify_all("rules")
    return {name: found for name, found in checked.items() if found}


@pytest.mark.parametrize("scope", SCOPES)
def test_nothing_is_concluded_and_nothing_begins_while_trading_is_halted(market, scope):
    waiting = factories.agreed(market)
    halted = halt(market, scope)
    with refused(TradingHalted, halt=halted.public_id, scope=scope, reason=WHY):
        services.sign(actor=market.buyer, negotiation=waiting.public_id)
    with refused(TradingHalted, halt=halted.public_id, since=halted.started_at.isoformat()):
        factories.requested(market)
    lift(market, halted)
    assert services.sign(actor=market.buyer, negotiation=waiting.public_id).state == "finalized"
    assert factories.requested(market).state == "requested"
    assert broken() == {}


def test_what_is_under_way_may_be_talked_about_while_trading_is_halted(market):
    negotiation = factories.requested(market)
    halt(market, "market")
    services.make_offer(actor=market.seller, negotiation=negotiation.public_id, terms={"price_minor": 90_000})
    services.accept_offer(actor=market.buyer, negotiation=negotiation.public_id)
    assert services.sign(actor=market.seller, negotiation=negotiation.public_id).state == "agreed"
    with refused(TradingHalted):
        services.sign(actor=market.buyer, negotiation=negotiation.public_id)
    services.terminate(actor=market.buyer, negotiation=negotiation.public_id)


def test_a_halt_elsewhere_stops_nothing_here(market):
    people.segment("public")
    other = factories.listing(market.seller, "L-2")
    rules.halt_trading(actor=SYSTEM, scope="segment", subject="public", reason=WHY)
    rules.halt_trading(actor=SYSTEM, scope="listing", subject=other, reason=WHY)
    assert factories.finalized(market).state == "finalized"
    assert Segment.objects.count() == 2


def test_what_was_concluded_goes_on(market):
    agreement = factories.agreement(market)
    halt(market, "market")
    services.adjust_price(
        actor=market.operator,
        agreement=agreement.public_id,
        debtor=str(market.seller.organisation),
        amount_minor=1_000,
        reason="訂正",
    )
    services.open_dispute(
        actor=market.buyer, agreement=agreement.public_id, reason_code="incomplete", text="12月分がない"
    )
    assert broken() == {}


def test_a_refusal_is_read_over_http(market):
    negotiation = factories.agreed(market)
    halted = halt(market, "segment")
    client = people.client_of(market.organisation("buyer"))
    answer = client.post(
        f"/api/v1/negotiations/{negotiation.public_id}/sign/",
        {"signed_hash": queries.contract_of(negotiation).signed_hash},
        HTTP_ACCEPT_LANGUAGE="ja",
    )
    body = answer.json()
    assert (answer.status_code, body["code"]) == (409, "trading_halted")
    assert (body["halt"], body["scope"], body["subject"]) == (halted.public_id, "segment", "mobility")
    assert body["detail"].endswith("分野 mobility の売買を停止しています: 確認のため")


def begun(work: Callable[[], Any]) -> tuple[threading.Thread, dict[str, Any], threading.Event]:
    """``work`` in a thread of its own: the thread, what became of it, and whether it has come to its end."""
    outcome: dict[str, Any] = {}
    over = threading.Event()

    def run() -> None:
        try:
            outcome["done"] = work()
        except Exception as refusal:
            outcome["refusal"] = type(refusal).__name__
        finally:
            connection.close()
            over.set()

    thread = threading.Thread(target=run)
    thread.start()
    return thread, outcome, over


@pytest.mark.usefixtures("committed_database")
def test_a_halt_waits_for_a_signature_under_way_and_stops_the_next():
    market = factories.market()
    first, second = factories.agreed(market).public_id, factories.agreed(market).public_id
    with transaction.atomic():
        services.sign(actor=market.buyer, negotiation=first)
        halting, halted, is_halted = begun(lambda: halt(market, "listing"))
        time.sleep(WAIT_SECONDS)
        assert not is_halted.is_set(), "the halt must wait for what is being concluded"
        # Who comes after the halt began to wait is behind it.
        signing, signed, is_signed = begun(lambda: services.sign(actor=market.buyer, negotiation=second))
        time.sleep(WAIT_SECONDS)
        assert not is_signed.is_set()
    halting.join(JOIN_SECONDS)
    signing.join(JOIN_SECONDS)
    assert set(halted) == {"done"}
    assert signed == {"refusal": "TradingHalted"}
    assert list(Negotiation.objects.order_by("pk").values_list("state", flat=True)) == ["finalized", "agreed"]
    assert Agreement.objects.count() == 1
    assert broken() == {}


@pytest.mark.usefixtures("committed_database")
def test_a_signature_waits_for_a_halt_under_way_and_is_refused():
    market = factories.market()
    negotiation = factories.agreed(market).public_id
    with transaction.atomic():
        halt(market, "market")
        signing, signed, is_signed = begun(lambda: services.sign(actor=market.buyer, negotiation=negotiation))
        asking, asked, is_asked = begun(lambda: factories.requested(market))
        time.sleep(WAIT_SECONDS)
        assert not is_signed.is_set()
        assert not is_asked.is_set()
    signing.join(JOIN_SECONDS)
    asking.join(JOIN_SECONDS)
    assert (signed, asked) == ({"refusal": "TradingHalted"}, {"refusal": "TradingHalted"})
    assert (Agreement.objects.count(), Negotiation.objects.count()) == (0, 1)
    assert broken() == {}


TAKEN_IN = [
    *factories.RULES["rules"],
    rulebooks.rule("TRD-1", "trade.price_minor > 3000000", "hold", "trading"),
]
TAKEN_IN.append(
    rulebooks.rule("TRD-2", "trade.segment == 'mobility' && trade.currency != 'JPY'", "deny", "trading")
)
TAKEN_IN.append(rulebooks.rule("TRD-3", "trade.price_minor > 2000000", "warn", "trading"))


def test_the_rules_take_a_trade_in_and_the_decision_is_recorded_and_replays(market):
    rulebooks.publish({**factories.RULES, "rules": TAKEN_IN})
    agreement = factories.agreement(market, price_minor=2_500_000)
    decision = Decision.objects.get(point="trading")
    assert (decision.subject, decision.outcome) == (agreement.negotiation.public_id, "warn")
    assert [reason["rule"] for reason in decision.reasons] == ["TRD-3"]
    facts = {name: value for name, value in decision.facts.items() if name.startswith("trade.")}
    assert facts == {"trade.segment": "mobility", "trade.price_minor": 2_500_000, "trade.currency": "JPY"}
    # A neutral point does not know who takes part.
    assert decision.parties == []
    concluded = EvidenceRecord.objects.get(kind="contracts.agreement_concluded")
    assert concluded.payload["trading_decision"] == decision.public_id
    assert rules.replay(decision.public_id) is True
    assert broken() == {}


def test_where_no_rule_speaks_a_trade_is_taken_in(market):
    factories.agreement(market)
    decision = Decision.objects.get(point="trading")
    assert (decision.outcome, decision.reasons[0]["rule"]) == ("allow", "DEFAULT")


def test_a_trade_that_the_rules_hold_is_not_concluded(market):
    negotiation = factories.agreed(market, price_minor=3_500_000)
    rulebooks.publish({**factories.RULES, "rules": TAKEN_IN})
    with pytest.raises(ConclusionRefused) as refusal:
        services.sign(actor=market.buyer, negotiation=negotiation.public_id)
    assert refusal.value.fields["outcome"] == "hold"
    assert [reason["rule"] for reason in refusal.value.fields["reasons"]] == ["TRD-1", "TRD-3"]
    negotiation.refresh_from_db()
    assert (negotiation.state, Agreement.objects.count()) == ("agreed", 0)
    # Both decisions stay on record: the one that consented, and the one that did not.
    outcomes = Decision.objects.filter(subject=negotiation.public_id).order_by("pk")
    assert list(outcomes.values_list("point", "outcome")) == [("conclusion", "allow"), ("trading", "hold")]
    assert broken() == {}


@pytest.mark.parametrize(("scope", "told"), [("listing", 2), ("segment", 3), ("market", 3)])
def test_who_negotiates_is_told_once_of_a_halt_and_of_its_end(market, scope, told):
    for _ in range(2):
        factories.requested(market)
    factories.agreement(market)
    services.request_negotiation(
        actor=market.stranger, listing=factories.listing(market.seller, "L-2"), reference="PO-S"
    )
    halted = halt(market, scope)
    lifted = lift(market, halted, {"ja": "解消", "en": "Solved"})
    handlers.on_trading_halted(TradingHaltedEvent(**outbox("trading.halted")), None)
    handlers.on_trading_resumed(TradingResumed(**outbox("trading.resumed")), None)
    notices = Notice.objects.filter(subject=lifted.public_id).order_by("pk")
    assert notices.count() == 2 * told
    assert len({notice.organisation_id for notice in notices}) == told
    first, last = notices[0], notices[2 * told - 1]
    assert first.title["en"].startswith("Trading is halted: ")
    assert first.body["ja"].endswith("理由: 確認のため")
    assert last.body["en"].endswith("Reason: Solved")


def outbox(kind: str) -> dict[str, Any]:
    (data,) = factories.events(kind)
    return data
