"""Verdicts: which outcome holds, with which reasons, whatever is known or not."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.rules.errors import FactsNotTaken, NoTariff, TariffUndecidable, UnknownPoint
from marketplace.rules.rulebook import decision_digest
from marketplace.rules.states import STRENGTH, strongest

from .factories import GUEST, TEXT, compiled, document, rule, tariff


def outcomes(verdict):
    return [(reason["rule"], reason["outcome"], reason["basis"]) for reason in verdict.reasons]


def test_the_strongest_outcome_holds_and_all_that_apply_are_reasons():
    rules = compiled(
        document(
            rule("A-1", "guest.member", "allow"),
            rule("A-2", "guest.age < 18", "deny"),
            rule("A-3", "guest.age < 40", "warn"),
            rule("A-4", "guest.kind == 'business'", "hold"),
        )
    )
    verdict = rules.verdict("entry", GUEST)
    assert verdict.outcome == "hold"
    assert outcomes(verdict) == [("A-1", "allow", "rule"), ("A-3", "warn", "rule"), ("A-4", "hold", "rule")]
    assert verdict.reasons[0]["text"] == TEXT
    assert rules.verdict("entry", GUEST | {"guest.age": 17}).outcome == "deny"


def test_without_a_rule_the_default_holds_and_says_so():
    verdict = compiled(document(rule("A-1", "guest.age < 18"))).verdict("entry", GUEST)
    assert (verdict.outcome, outcomes(verdict)) == ("hold", [("DEFAULT", "hold", "default")])
    assert verdict.reasons[0]["text"]["ja"].endswith("保留（運営者の審査待ち）")


def test_a_fact_that_is_not_known_is_a_hold_that_names_it():
    rules = compiled(
        document(
            rule("A-1", "guest.member", "allow"),
            rule("A-2", "guest.country != 'JP' && guest.age > 18", "warn"),
        )
    )
    verdict = rules.verdict("entry", GUEST | {"guest.country": None})
    assert (verdict.outcome, outcomes(verdict)) == (
        "hold",
        [("A-1", "allow", "rule"), ("A-2", "hold", "error")],
    )
    assert "guest.country" in verdict.reasons[1]["text"]["en"]
    assert "guest.age" not in verdict.reasons[1]["text"]["ja"]


def test_what_cannot_be_computed_is_a_hold():
    verdict = compiled(document(rule("A-1", "100 / (guest.age - 30) > 1", "allow"))).verdict("entry", GUEST)
    assert (verdict.outcome, outcomes(verdict)) == ("hold", [("A-1", "hold", "error")])


def test_a_denial_stands_whatever_else_is_not_known():
    rules = compiled(document(rule("A-1", "guest.score > 1", "allow"), rule("A-2", "guest.member", "deny")))
    assert rules.verdict("entry", GUEST | {"guest.score": None}).outcome == "deny"


def test_without_any_facts_nothing_is_let_pass():
    rules = compiled(document(rule("A-1", "guest.member", "allow"), rule("A-2", "!guest.member", "deny")))
    assert rules.verdict("entry", {}).outcome == "hold"


def test_a_point_that_is_not_there_is_refused():
    rules = compiled(document())
    for point in ("nowhere", "fee"):
        with pytest.raises(UnknownPoint):
            rules.verdict(point, GUEST)


TRADE = {"segment": "public", "price_minor": 10_000, "currency": "JPY"}
FEES = document(
    tariffs=[
        tariff("PUBLIC-3", "trade.segment == 'public'", point="fee", rate_bp=300),
        tariff("LARGE-4", "trade.price_minor > 1000000", point="fee", rate_bp=400, cap_minor=None),
        tariff("STANDARD-5", point="fee"),
    ]
)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, "PUBLIC-3"),
        ({"segment": "mobility"}, "STANDARD-5"),
        ({"segment": "mobility", "price_minor": 1_000_001}, "LARGE-4"),
        ({"price_minor": 1_000_001}, "PUBLIC-3"),
    ],
)
def test_the_first_fee_that_applies_is_the_fee(changes, code):
    assert compiled(FEES).tariff("fee", TRADE | changes).code == code


def test_a_fee_is_as_published():
    found = compiled(FEES).tariff("fee", TRADE | {"segment": "x", "price_minor": 2_000_000}, "rbk_1")
    assert (found.rate_bp, found.minimum_minor, found.cap_minor) == (400, 100, None)
    assert (found.borne_by, found.rulebook) == ("seller", "rbk_1")


def test_a_fee_takes_no_fact_but_the_trade():
    with pytest.raises(FactsNotTaken):
        compiled(FEES).tariff("fee", TRADE | {"seller": "org_1"})


@pytest.mark.parametrize("facts", [{}, {"segment": None}, {"segment": 7}])
def test_a_fee_is_not_guessed(facts):
    with pytest.raises(TariffUndecidable) as refused:
        compiled(FEES).tariff("fee", facts)
    assert refused.value.fields == {"tariff": "PUBLIC-3", "missing": "trade.segment"}


def test_a_point_without_fees_has_none():
    with pytest.raises(NoTariff):
        compiled(document()).tariff("fee", TRADE)


CONDITIONS = [
    "guest.member",
    "guest.age > 20",
    "guest.score > 3",
    "guest.country == 'JP'",
    "guest.country.known && guest.country != 'JP'",
    "guest.badges.exists(badge, badge == guest.kind)",
    "100 / guest.age > 3",
    "guest.since < timestamp('2026-06-01T00:00:00Z')",
]
RULES = st.lists(st.tuples(st.sampled_from(CONDITIONS), st.sampled_from(STRENGTH)), max_size=6)
FACTS = st.fixed_dictionaries(
    {
        "guest.kind": st.none() | st.sampled_from(["business", "gold"]),
        "guest.country": st.none() | st.sampled_from(["JP", "FR"]),
        "guest.age": st.none() | st.integers(-5, 60),
        "guest.score": st.none() | st.integers(0, 10),
        "guest.member": st.none() | st.booleans(),
        "guest.since": st.none() | st.datetimes().map(lambda at: f"{at.isoformat()}+00:00"),
        "guest.badges": st.none() | st.lists(st.sampled_from(["gold", "business"]), max_size=3),
    }
)


@settings(deadline=None)
@given(rules=RULES, facts=FACTS)
def test_the_same_facts_come_to_the_same_whoever_asks(rules, facts):
    """Decided, written down as JSON, read back and decided again by another process: the same to the digest."""
    stated = document(*(rule(f"A-{at}", when, outcome) for at, (when, outcome) in enumerate(rules)))
    first = compiled(stated).verdict("entry", facts)
    recorded = json.loads(json.dumps({"facts": facts, "reasons": first.reasons}))
    again = compiled(json.loads(json.dumps(stated))).verdict("entry", recorded["facts"])
    assert again == first
    assert again.outcome == strongest(reason["outcome"] for reason in recorded["reasons"])

    def digest(verdict, known):
        return decision_digest(
            point="entry",
            subject="gst_1",
            rulebook_digest="0" * 64,
            vocabulary_digest="0" * 64,
            facts=known,
            outcome=verdict.outcome,
            reasons=verdict.reasons,
            salt="0" * 64,
        )

    assert digest(again, recorded["facts"]) == digest(first, facts)


@given(rules=RULES, facts=FACTS, hidden=st.sampled_from(sorted(GUEST)))
def test_forgetting_a_fact_never_lets_pass_what_was_denied_for_sure(rules, facts, hidden):
    """An unknown fact makes a rule undecided or leaves it as it is: it never turns a hold or denial into an allow."""
    stated = document(*(rule(f"A-{at}", when, outcome) for at, (when, outcome) in enumerate(rules)))
    ready = compiled(stated)
    known, forgotten = ready.verdict("entry", facts), ready.verdict("entry", facts | {hidden: None})
    asks_whether_known = any(f"{hidden}.known" in when for when, _ in rules)
    if not asks_whether_known and known.outcome in ("hold", "deny"):
        assert forgotten.outcome in ("hold", "deny")
