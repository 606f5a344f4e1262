"""A limit on what the parties already owe decides the conclusion; each reads its own figures alone."""

from __future__ import annotations

import json

import pytest

from clearing.handlers import on_agreement_concluded
from clearing.trades.open_amounts import exposure_facts
from contracts import services
from contracts.errors import ConclusionHeld, ConclusionRefused
from marketplace.cases.handlers import on_case_moved
from marketplace.events.models import OutboxEvent
from marketplace.events.schemas.cases import CaseMoved
from marketplace.events.schemas.contracts import AgreementConcluded
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel.canonical import digest_of
from marketplace.notices.models import Notice
from marketplace.rules.models import Decision
from marketplace.rules.services import replay, verify_replays
from marketplace.rules.texts import WITHHELD
from tests.contracts import factories
from tests.notices.factories import handle
from tests.participants.factories import client_of
from tests.rules import factories as rulebooks

pytestmark = pytest.mark.django_db

LIMIT = "exposure.buyer_open_minor + negotiation.price_minor > 200000"
OWED, MONEY = "exposure.buyer_open_minor", "exposure.seller_undelivered_minor"


@pytest.fixture
def market():
    found = factories.market()
    limited = [*factories.RULES["rules"], rulebooks.rule("CON-9", LIMIT, "hold", "conclusion")]
    rulebooks.publish({**factories.RULES, "rules": limited, "tariffs": [rulebooks.tariff()]})
    return found


def traded(market) -> None:
    """An agreement of 90,000 whose trade waits for money: with tax, its buyer owes 99,000."""
    made = factories.agreement(market, price_minor=90_000)
    event = OutboxEvent.objects.get(type="agreement.concluded", subject=made.public_id)
    handle(on_agreement_concluded, AgreementConcluded(**event.data))


def test_the_limit_holds_once_the_buyer_owes_too_much(market):
    traded(market)
    beyond = factories.agreed(market, price_minor=101_001)
    with pytest.raises(ConclusionHeld):
        services.sign(actor=market.buyer, negotiation=beyond.public_id)
    factories.finalized(market, price_minor=101_000)
    first, held, allowed = Decision.objects.filter(point="conclusion").order_by("pk")
    assert [row.facts[OWED] for row in (first, allowed, held)] == [0, 99_000, 99_000]
    assert (first.outcome, allowed.outcome, held.outcome) == ("allow", "allow", "hold")
    assert [why["rule"] for why in held.reasons if why["outcome"] == "hold"] == ["CON-9"]
    assert (verify_replays(), replay(held.public_id)) == ([], True)


def test_an_agreement_counts_before_its_trade_is_made(market):
    factories.finalized(market, price_minor=100_000)
    beyond = factories.agreed(market, price_minor=90_001)
    with pytest.raises(ConclusionHeld):
        services.sign(actor=market.buyer, negotiation=beyond.public_id)
    held = Decision.objects.filter(point="conclusion").latest("pk")
    assert (held.facts[OWED], held.facts["exposure.buyer_open_trades"]) == (110_000, 1)
    event = OutboxEvent.objects.get(type="agreement.concluded")
    handle(on_agreement_concluded, AgreementConcluded(**event.data))
    assert exposure_facts(beyond.public_id) == {
        "buyer_open_minor": 110_000, "buyer_open_trades": 1, "seller_undelivered_minor": 0,
    }  # fmt: skip


def test_a_party_reads_its_own_figures_alone(market):
    traded(market)
    decision = Decision.objects.get(point="conclusion")
    shown = {
        name: client_of(market.organisation(name)).get(f"/api/v1/decisions/{decision.public_id}/").json()
        for name in ("buyer", "seller", "operator")
    }
    read = {name: {OWED, MONEY} & set(row["facts"]) for name, row in shown.items()}
    assert read == {"buyer": {OWED}, "seller": {MONEY}, "operator": {OWED, MONEY}}
    assert [row["salt"] for row in shown.values()] == [None, None, decision.salt]
    listed = client_of(market.organisation("seller")).get("/api/v1/decisions/?point=conclusion").json()
    assert (OWED in listed["results"][0]["facts"], listed["results"][0]["salt"]) == (False, None)


def test_a_reason_that_rests_on_the_other_partys_figures_is_told_to_that_party_alone(market):
    traded(market)
    beyond = factories.agreed(market, price_minor=101_001)
    with pytest.raises(ConclusionHeld) as refusal:
        services.sign(actor=market.buyer, negotiation=beyond.public_id)
    assert [why["rule"] for why in refusal.value.fields["reasons"]] == ["CON-1", "CON-9"]
    decision = Decision.objects.filter(point="conclusion").latest("pk")
    read = {}
    for name in ("buyer", "seller", "operator"):
        row = client_of(market.organisation(name)).get(f"/api/v1/decisions/{decision.public_id}/").json()
        read[name] = [(why["rule"], why["outcome"], why["text"]["en"]) for why in row["reasons"]]
    about_the_other = ("OTHER_PARTY", "hold", str(WITHHELD))
    assert read["buyer"] == read["operator"]
    assert read["buyer"][1:] == [("CON-9", "hold", "Rule")]
    assert read["seller"] == [read["buyer"][0], about_the_other]
    event = OutboxEvent.objects.get(type="case.moved")
    handle(on_case_moved, CaseMoved(**event.data))
    told = {
        name: Notice.objects.get(
            subject=event.subject, organisation__public_id=getattr(market, name).organisation
        ).body["en"]
        for name in ("buyer", "seller")
    }
    assert [str(WITHHELD) in told[name] for name in ("buyer", "seller")] == [False, True]


def test_a_refusal_for_what_the_seller_is_paid_names_no_rule_to_the_buyer(market):
    money = [
        *factories.RULES["rules"],
        rulebooks.rule("CON-8", f"{MONEY} >= 0", "deny", "conclusion"),
    ]
    rulebooks.publish({**factories.RULES, "rules": money, "tariffs": [rulebooks.tariff()]})
    negotiation = factories.agreed(market)
    with pytest.raises(ConclusionRefused) as refusal:
        services.sign(actor=market.buyer, negotiation=negotiation.public_id)
    assert [why["rule"] for why in refusal.value.fields["reasons"]] == ["CON-1", "OTHER_PARTY"]
    assert refusal.value.message.ja == f"{negotiation.public_id} は締結できません: 規則{WITHHELD.ja}"


def opened(shown, facts, **salt) -> str:
    """What the digest of a decision would be, by facts as somebody guesses them."""
    named = {
        "rulebook": shown["rulebook_digest"],
        "vocabulary": shown["vocabulary_digest"],
        **{name: shown[name] for name in ("point", "subject", "outcome", "reasons")},
    }
    return digest_of({**named, "facts": facts, **salt})


def test_who_guesses_the_other_partys_figures_finds_them_in_no_digest(market):
    traded(market)
    decision = Decision.objects.get(point="conclusion")
    records = EvidenceRecord.objects.filter(kind="rules.decided", payload__decision=decision.public_id)
    payload = records.get().payload
    path = f"/api/v1/decisions/{decision.public_id}/"
    shown = client_of(market.organisation("seller")).get(path).json()
    assert shown["digest"] == payload["digest"] == decision.digest
    # Of all facts the seller guesses right; without the salt it is not told so.
    guesses = (opened(shown, decision.facts), opened(shown, decision.facts, salt=shown["salt"]))
    assert decision.digest not in guesses
    assert decision.salt not in json.dumps([shown, payload])
    whole = client_of(market.organisation("operator")).get(path).json()
    assert opened(whole, whole["facts"], salt=whole["salt"]) == decision.digest
