"""A document's faults are all named, with the rule and the place."""

from __future__ import annotations

import datetime

import pytest

from marketplace.rules.document import check_document

from .factories import TEXT, VOCABULARY, document, rule, tariff

FEE = {"point": "fee"}


def places(stated):
    faults, _ = check_document(stated, VOCABULARY)
    return [(fault["place"], fault["rule"], fault["line"], fault["column"]) for fault in faults]


def test_a_document_without_faults_says_what_its_rules_read():
    stated = document(
        rule("A-1", "guest.kind == 'business' && guest.member"),
        rule("A-2", "guest.country.known"),
        tariffs=[tariff("PUBLIC-3", "trade.segment == 'public'", **FEE), tariff(**FEE)],
    )
    assert check_document(stated, VOCABULARY) == (
        [],
        {
            "A-1": ["guest.kind", "guest.member"],
            "A-2": ["guest.country"],
            "PUBLIC-3": ["trade.segment"],
            "STANDARD-5": [],
        },
    )


def test_a_condition_is_refused_with_its_rule_line_and_column():
    stated = document(rule("A-1", "true"), rule("A-2", "guest.member &&\n guest.colour == 'red'"))
    faults, _ = check_document(stated, VOCABULARY)
    assert [(f["place"], f["rule"], f["line"], f["column"]) for f in faults] == [
        ("rules.1.when", "A-2", 2, 2)
    ]
    assert set(faults[0]["message"]) == {"ja", "en"}


def test_every_rule_at_fault_is_named():
    stated = document(rule("A-1", "guest.colour"), rule("A-2", "true"), rule("A-3", "guest.age"))
    assert places(stated) == [("rules.0.when", "A-1", 1, 1), ("rules.2.when", "A-3", 1, 1)]


def test_a_fee_cannot_read_who_takes_part():
    stated = document(tariffs=[tariff("MEMBERS-1", "guest.member", **FEE), tariff(**FEE)])
    assert places(stated) == [("tariffs.0.when", "MEMBERS-1", 1, 1)]


@pytest.mark.parametrize(
    ("entry", "place"),
    [
        ({"rules": [rule("A-1", "true", point="nowhere")]}, "rules.0.point"),
        ({"rules": [rule("A-1", "true", point="fee")]}, "rules.0.point"),
        ({"rules": [], "tariffs": [tariff(point="entry")]}, "tariffs.0.point"),
    ],
)
def test_a_rule_belongs_to_a_point_of_its_kind(entry, place):
    assert [found[0] for found in places({"title": TEXT, **entry})] == [place]


def test_a_code_is_used_once():
    stated = document(rule("A-1", "true"), tariffs=[tariff("A-1", **FEE)])
    assert [found[:2] for found in places(stated)] == [("rules.0.code", "A-1"), ("tariffs.0.code", "A-1")]


def test_the_last_fee_of_a_point_applies_always():
    stated = document(tariffs=[tariff(**FEE), tariff("PUBLIC-3", "trade.segment == 'public'", **FEE)])
    assert [found[:2] for found in places(stated)] == [("tariffs.1.when", "PUBLIC-3")]


def test_a_ceiling_is_not_below_the_minimum():
    stated = document(tariffs=[tariff(minimum_minor=200, cap_minor=199, **FEE)])
    assert [found[:2] for found in places(stated)] == [("tariffs.0.cap_minor", "STANDARD-5")]
    assert places(document(tariffs=[tariff(cap_minor=None, **FEE)])) == []


def test_a_rate_is_stated_once_for_a_date():
    rate = {"category": "standard", "rate_bp": 1000, "from": "2019-10-01"}
    stated = document(tax_rates=[rate, {**rate, "rate_bp": 800}])
    assert [found[0] for found in places(stated)] == ["tax_rates.0.from", "tax_rates.1.from"]


@pytest.mark.parametrize(
    ("stated", "place", "code"),
    [
        ({}, "document", None),
        ([], "document", None),
        ({"title": TEXT, "rules": [], "colour": "red"}, "document", None),
        ({"title": {"en": "Only"}, "rules": []}, "title", None),
        (document({**rule("A-1", "true"), "outcome": "maybe"}), "rules.0.outcome", "A-1"),
        (document({**rule("A-1", "true"), "text": {"ja": "", "en": "x"}}), "rules.0.text.ja", "A-1"),
        (document({**rule("A-1", "true"), "wen": "true"}), "rules.0", "A-1"),
        (document(rule("DEFAULT", "true")), "rules.0.code", "DEFAULT"),
        (document(rule("a 1", "true")), "rules.0.code", "a 1"),
        ({"title": TEXT, "rules": ["A-1"]}, "rules.0", None),
        (document(tariffs=[tariff(rate_bp=500.0, **FEE)]), "tariffs.0.rate_bp", "STANDARD-5"),
        (document(tariffs=[tariff(rate_bp=True, **FEE)]), "tariffs.0.rate_bp", "STANDARD-5"),
        (document(tariffs=[tariff(rate_bp=10_001, **FEE)]), "tariffs.0.rate_bp", "STANDARD-5"),
        (document(tariffs=[tariff(borne_by="operator", **FEE)]), "tariffs.0.borne_by", "STANDARD-5"),
        (
            document(tax_rates=[{"category": "standard", "rate_bp": 1000, "from": "1 October"}]),
            "tax_rates.0.from",
            None,
        ),
        (
            document(tax_rates=[{"category": "standard", "rate_bp": 1, "from": datetime.date(2019, 10, 1)}]),
            "tax_rates.0.from",
            None,
        ),
        (document(parameters={"limit": 2**53}), "parameters.limit", None),
        (document(parameters={"limit": 0.5}), "parameters.limit", None),
        (document(parameters={"note": "a\x00b"}), "document", None),
        (document(parameters={"note": "\ud800"}), "document", None),
    ],
)
def test_a_document_of_another_shape_is_refused(stated, place, code):
    assert (place, code) in [found[:2] for found in places(stated)]
