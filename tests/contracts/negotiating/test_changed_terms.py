"""What changed between two sets of terms, in words."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

from contracts.negotiating.changed_terms import TERM_LABELS, changed_terms
from contracts.terms import parse_terms
from listings.rights import parse_rights

from ..factories import OFFER, RIGHTS

TOKYO = ZoneInfo("Asia/Tokyo")
TERMS = parse_terms({name: OFFER[name] for name in OFFER if name not in ("template", "negotiable")})


def changed(**terms) -> list[dict]:
    return changed_terms(TERMS, replace(TERMS, **terms), TOKYO)


def test_every_term_has_words():
    # Terms say something of a renewal only where there is one.
    assert set(TERM_LABELS) == set(TERMS.as_dict()) - {"rights"} | {"renewal"}


def test_the_same_terms_change_nothing():
    assert changed() == []


def test_each_changed_term_is_a_sentence_in_both_languages_and_two_values():
    found = changed(price_minor=80_000, funding_days=10, inspection_days=14, withdrawal_reserved=True)
    assert [(line["field"], line["from"], line["to"]) for line in found] == [
        ("price_minor", 100_000, 80_000),
        ("funding_days", 3, 10),
        ("inspection_days", 7, 14),
        ("withdrawal_reserved", False, True),
    ]
    assert [line["words"]["en"] for line in found] == [
        "Price (without tax): from ¥100,000 to ¥80,000.",
        "Time to pay in: from 3 business days to 10 business days.",
        "Inspection period: from 7 days to 14 days.",
        "Right to withdraw within that period: from not reserved to reserved.",
    ]
    assert found[1]["words"]["ja"] == "入金期限：3営業日 から 10営業日 に変更。"


def test_a_changed_right_says_whether_it_is_wider():
    rights = parse_rights({**RIGHTS, "duration": "P2Y", "report_use": True}, prefix="terms.rights")
    wider, narrower = changed(rights=rights)
    assert (wider["field"], wider["from"], wider["to"], wider["relation"]) == (
        "rights.duration",
        "P1Y",
        "P2Y",
        "wider",
    )
    assert wider["words"]["en"].endswith("(wider rights).")
    assert (narrower["field"], narrower["relation"]) == ("rights.report_use", "narrower")
    assert narrower["words"]["ja"] == "利用報告：義務なし から 義務あり に変更（より狭い利用条件）。"
