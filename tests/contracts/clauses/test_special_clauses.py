"""Special clauses (特約) in a negotiation: of the library with parameters, or free text that touches nothing that is carried out."""

from __future__ import annotations

import json
from typing import Any

import pytest

from contracts import services as contracting
from contracts.document.text import sections_of
from contracts.library import services
from contracts.library.special import FORBIDDEN, FORGED, NOT_CARRIED_OUT, PREVAILS, find_first
from contracts.models import Agreement, Negotiation, Proposal
from contracts.queries import contract_of, latest_proposal
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.invariants import verify_all
from tests.participants import factories as people
from tests.roles import unguarded

from .. import factories
from ..raw import copied, forced, refused, run
from ..refusals import refused as left_alone

pytestmark = pytest.mark.django_db

NAMED = {"ja": "問合せ", "en": "Questions"}
FREE = {
    "heading": {"ja": "連絡", "en": "Contact"},
    "text": {
        "ja": "当事者は誠実に連絡を取り合う。",
        "en": "The parties keep each other informed in good faith.",
    },
}
SUPPORT = {"clause": "support", "values": {"answer_days": 3}}


@pytest.fixture
def market():
    made = factories.market()
    days = {"name": "answer_days", "type": "number", "label": NAMED, "lowest": 1, "highest": 30}
    services.publish_clause(
        actor=SYSTEM,
        code="support",
        heading=NAMED,
        text={
            "ja": "提供者は{provider}として{answer_days}営業日以内に答える。{article:warranty}は変わらない。",
            "en": "As {provider} the Provider answers within {answer_days} Business Days. {article:warranty} stays.",
        },
        parameters=[days],
    )
    no_training = [{"term": "rights.model_training", "in": ["prohibited"]}]
    text = {"ja": "学習に用いない。", "en": "No model is trained."}
    services.publish_clause(
        actor=SYSTEM,
        code="no-training",
        heading=NAMED,
        text=text,
        demands=no_training,
        excludes=["derived-data"],
    )
    services.publish_clause(actor=SYSTEM, code="no-sale", heading=NAMED, text=text, demands=no_training)
    return made


def requested(market: factories.Market, *special: Any, **terms: Any) -> Negotiation:
    return factories.requested(market, special_clauses=list(special), **terms)


def breaches() -> list[dict[str, Any]]:
    return verify_all("contracts")["contracts.clauses_agree"]


def test_special_clauses_are_signed_as_text_and_as_data(market):
    negotiation = requested(market, SUPPORT, FREE)
    contracting.sign(actor=market.seller, negotiation=negotiation.public_id)
    contracting.sign(actor=market.buyer, negotiation=negotiation.public_id)
    agreement = Agreement.objects.get()
    library, free = agreement.instrument.said["terms"]["special_clauses"]
    assert (library["clause"], library["version"], library["values"]) == ("support", 1, {"answer_days": 3})
    assert free == FREE
    warranty = next(entry["number"] for entry in market.template.clauses if entry["clause"] == "warranty")
    for language, first, second, said in (
        (
            "ja",
            "特約第1条（問合せ）",
            "特約第2条（連絡）",
            f"3営業日以内に答える。第{warranty}条は変わらない。",
        ),
        (
            "en",
            "Special Article 1 (Questions)",
            "Special Article 2 (Contact)",
            f"within 3 Business Days. Article {warranty} stays.",
        ),
    ):
        text = getattr(agreement.instrument, f"text_{language}")
        sections = {section.heading: section.body for section in sections_of(text)}
        assert said in sections[first]
        assert "{" not in sections[first]
        assert sections[second] == f"{NOT_CARRIED_OUT.in_language(language)}\n{FREE['text'][language]}"
        assert PREVAILS.in_language(language) in sections.values()
    assert breaches() == []


def test_without_special_clauses_nothing_is_said_of_them(market):
    text = contract_of(factories.requested(market)).text_ja
    assert "特約第" not in text
    assert PREVAILS.ja not in text


def test_what_changed_names_the_clauses(market):
    negotiation = requested(market, SUPPORT)
    contracting.make_offer(
        actor=market.seller, negotiation=negotiation.public_id, terms={"special_clauses": [SUPPORT, FREE]}
    )
    client = people.client_of(market.organisation("buyer"))
    first, second = client.get(f"/api/v1/negotiations/{negotiation.public_id}/rounds/").json()
    words = [change["words"] for change in (*first["with_offer"]["changes"], *second["with_last"]["changes"])]
    assert words == [
        {"ja": "特約：なし から 「問合せ」 に変更。", "en": "Special clauses: from none to “Questions”."},
        {
            "ja": "特約：「問合せ」 から 「問合せ」、「連絡」 に変更。",
            "en": "Special clauses: from “Questions” to “Questions”, “Contact”.",
        },
    ]
    kept = contracting.counter_request(
        actor=market.buyer, negotiation=negotiation.public_id, terms={"price_minor": 90_000}
    )
    assert len(latest_proposal(kept).terms["special_clauses"]) == 2


def test_they_are_proposed_over_http(market):
    client = people.client_of(market.organisation("buyer"))
    body = {"listing": market.listing, "reference": "PO-S", "terms": {"special_clauses": [SUPPORT, FREE]}}
    made = client.post("/api/v1/negotiations/", body)
    assert made.status_code == 201, made.content
    assert [entry["heading"]["ja"] for entry in made.json()["proposals"][0]["terms"]["special_clauses"]] == [
        "問合せ", "連絡",
    ]  # fmt: skip
    paid = {**FREE, "text": {"ja": "利用者は一万円を別に支払う。", "en": "The Consumer pays more."}}
    refusal = client.post(
        "/api/v1/negotiations/", {**body, "reference": "PO-S2", "terms": {"special_clauses": [paid]}}
    )
    (error,) = refusal.json()["errors"]
    assert (refusal.status_code, error["field"]) == (422, "terms.special_clauses.1.text.ja")
    assert "一万円" in json.dumps(error, ensure_ascii=False)


@pytest.mark.parametrize(
    ("special", "terms", "field"),
    [
        ([{"clause": "unheard-of"}], {}, "terms.special_clauses.1.clause"),
        ([{"clause": "support"}], {}, "terms.special_clauses.1.values.answer_days"),
        ([{**SUPPORT, "values": {"answer_days": 31}}], {}, "terms.special_clauses.1.values.answer_days"),
        ([SUPPORT, SUPPORT], {}, "terms.special_clauses.2"),
        ([{"clause": "warranty"}], {}, "terms.special_clauses.1"),
        (
            [{"clause": "no-training"}],
            {"rights": {"model_training": "prohibited"}},
            "terms.special_clauses.1",
        ),
        ([{"clause": "no-sale"}], {}, "terms.rights.model_training"),
        ([{"clause": "support", "version": 2, "values": {}}], {}, "terms.special_clauses.1.clause"),
        ([{"heading": FREE["heading"]}], {}, "terms.special_clauses.1"),
        ([{**FREE, "text": {"ja": "{price}", "en": "x"}}], {}, "terms.special_clauses.1.text.ja"),
        ([FREE] * 21, {}, "terms.special_clauses"),
        ([{**FREE, "text": {"ja": "復元\u202eしない", "en": "x"}}], {}, "terms.special_clauses.1.text.ja"),
        ([{**FREE, "text": {"ja": "復元しない", "en": "x\u0007"}}], {}, "terms.special_clauses.1.text.en"),
        ([{**FREE, "heading": {"ja": "連\u200b絡", "en": "x"}}], {}, "terms.special_clauses.1.heading.ja"),
        (
            [{**FREE, "heading": {"ja": "第一条（責任）", "en": "x"}}],
            {},
            "terms.special_clauses.1.heading.ja",
        ),
        (
            [{**FREE, "text": {"ja": "復元しない。\n＃＃ 責任", "en": "x"}}],
            {},
            "terms.special_clauses.1.text.ja",
        ),
        (
            [{**FREE, "text": {"ja": "特約第2条（責任）\n免責", "en": "x"}}],
            {},
            "terms.special_clauses.1.text.ja",
        ),
        (
            [{**FREE, "text": {"ja": "x", "en": "［Machine-readable］"}}],
            {},
            "terms.special_clauses.1.text.en",
        ),
    ],
)
def test_what_does_not_fit_is_refused_by_name(market, special, terms, field):
    with left_alone(FieldInvalid, name=field):
        requested(market, *special, **terms)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("別に５千円を支払う", "5千円"),
        ("pays ¥500 more", "¥"),
        ("契約は１年間とする", "1年"),
        ("検収は十日以内に行う", "十日"),
        ("三か月前に通知する", "三か月"),
        ("Notice of thirty days is given", "thirty days"),
        ("in 2 business weeks", "2 business weeks"),
        ("by 2026-12-31", "2026-12-31"),
        ("until December", "december"),
        ("a rebate of 5 per cent", "per cent"),
        ("５％を割り引く", "%"),
        ("翌月末までに", "翌月"),
        ("USD only", "usd"),
        ("within a month", "a month"),
        ("毎月報告する", "毎月"),
        ("金壱百万円", "壱百万円"),
        ("at most 100,000", "100,000"),
        ("期間はP1Yとする", "p1y"),
        ("P1Y", "p1y"),
        ("within PT36H", "pt36h"),
        ("対価は金壹萬圓とする", "壹"),
        ("the sum is 1 000 000", "1 000 000"),
        ("Corrections are free of charge", "free of charge"),
        ("訂正は無償とする", "無償"),
        ("within a fortnight", "fortnight"),
        ("Ⅻ か月の間", "か月"),
        ("A P2P network, and P. Smith, take part", ""),
        ("当事者は第三条に従い十分に協議し、復元しない。", ""),
        ("The parties may meet in person, as section 3 provides.", ""),
    ],
)
def test_free_text_may_not_state_amounts_dates_and_periods(market, text, found):
    assert found in find_first(FORBIDDEN, text)
    assert bool(find_first(FORBIDDEN, text)) is bool(found)
    assert find_first(FORGED, text) == ""
    negotiation = factories.requested(market)
    terms = negotiation.proposals.get().terms
    special = [{**FREE, "text": {"ja": text, "en": text}}]
    statement, parameters = proposal_of(negotiation, {**terms, "special_clauses": special})
    if found:
        refused("states what only terms state", statement, *parameters)
    else:
        run("UPDATE contracts_negotiation SET state = 'offered' WHERE id = %s", negotiation.pk)
        run(statement, *parameters)
        assert breaches() == []


def proposal_of(negotiation: Negotiation, terms: dict[str, Any]) -> tuple[str, list[Any]]:
    """A seller's proposal of ``terms``, past every service."""
    row = Proposal.objects.get(negotiation=negotiation)
    return copied("contracts_proposal", row.pk, number=2, party="seller", terms=json.dumps(terms))


def test_the_database_takes_no_special_clause_that_is_none(market):
    negotiation = requested(market, SUPPORT)
    terms = negotiation.proposals.get().terms
    (entry,) = terms["special_clauses"]
    other = {"text": {"ja": "別。", "en": "Other."}}
    hidden = {**FREE, "text": {"ja": "復元\u202eしない", "en": "x"}}
    statement, parameters = proposal_of(negotiation, {**terms, "special_clauses": [hidden]})
    refused("", statement, *parameters)
    for special in (
        [{**entry, **other}],
        [{**entry, "values": {"answer_days": 99}}],
        [entry, entry],
        [{**entry, **other, "clause": "unheard-of"}],
    ):
        statement, parameters = proposal_of(negotiation, {**terms, "special_clauses": special})
        refused("a special clause is no published clause", statement, *parameters)


def test_terms_that_contradict_their_clauses_are_named(market):
    negotiation = requested(market, {"clause": "no-sale"}, rights={"model_training": "prohibited"})
    assert breaches() == []
    terms = negotiation.proposals.get().terms
    wider = {**terms, "rights": {**terms["rights"], "model_training": "permitted"}}
    statement, parameters = proposal_of(negotiation, wider)
    refused("contradicts the terms", statement, *parameters)
    with unguarded("contracts_proposal"):
        run("UPDATE contracts_proposal SET terms = %s", json.dumps(wider))
    assert [row["public_id"] for row in breaches()] == [negotiation.public_id]


def test_terms_that_contradict_the_template_are_refused(market):
    services.publish_clause(
        actor=SYSTEM, code="kept", heading=NAMED, text={"ja": "文。", "en": "Text."},
        demands=[{"term": "rights.delete_at_end", "in": [True]}],
    )  # fmt: skip
    services.publish_template(
        actor=SYSTEM, code="kept", title=NAMED, clauses=[{"clause": "kept"}, {"clause": "definitions"}]
    )
    listing = factories.listing(market.seller, "L-K", template="kept")
    with left_alone(FieldInvalid, name="terms.rights.delete_at_end"):
        contracting.request_negotiation(
            actor=market.buyer, listing=listing, reference="PO-K", terms={"rights": {"delete_at_end": False}}
        )
    negotiation = contracting.request_negotiation(actor=market.buyer, listing=listing, reference="PO-K2")
    terms = negotiation.proposals.get().terms
    kept = {**terms, "rights": {**terms["rights"], "delete_at_end": False}}
    statement, parameters = proposal_of(negotiation, kept)
    refused("do not meet what the clauses of kept demand", statement, *parameters)
    forced(
        "UPDATE contracts_proposal SET terms = %s WHERE negotiation_id = %s", json.dumps(kept), negotiation.pk
    )
    assert [row["public_id"] for row in breaches()] == [negotiation.public_id]
