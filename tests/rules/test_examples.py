"""Examples in a rulebook are tried whenever it is saved, and those of the demo market show each of its rules."""

from __future__ import annotations

import pytest

from marketplace.rules.examples import check_rulebook, uncovered
from marketplace.rules.points import vocabulary

from .factories import VOCABULARY, document, fixture_document, rule, tariff

RULES = (
    rule("A-1", "guest.age < 20", "deny"),
    rule("A-2", "guest.member", "allow"),
    rule("A-3", "guest.score.known && guest.score > 5", "warn"),
)
FEES = [tariff("PUBLIC-3", "trade.segment == 'public'", point="fee"), tariff(point="fee")]
COMMON = {"entry": {"guest.age": 30, "guest.member": True, "guest.score": None}}


def case(facts=None, outcome="allow", rules=("A-2",), **changes):
    return {
        "point": "entry",
        "facts": facts or {},
        "outcome": outcome,
        "rules": list(rules),
        **changes,
    }


def faults(*cases):
    stated = document(*RULES, tariffs=FEES, examples={"facts": COMMON, "cases": list(cases)})
    found, _ = check_rulebook(stated, VOCABULARY)
    return [(fault["place"], fault["message"]["en"]) for fault in found]


def test_examples_that_come_out_are_no_fault():
    assert (
        faults(
            case(),
            case({"guest.age": 10}, "deny", ("A-2", "A-1")),
            case({"guest.score": 6}, "warn", ("A-2", "A-3")),
            case({"guest.member": None, "guest.age": 10}, "deny", ("A-1", "A-2")),
            case({"guest.member": False}, "hold", ("DEFAULT",)),
            {"point": "fee", "facts": {"trade.segment": "public"}, "tariff": "PUBLIC-3"},
            {"point": "fee", "facts": {"trade.segment": "mobility"}, "tariff": "STANDARD-5"},
        )
        == []
    )


@pytest.mark.parametrize(
    ("wrong", "place", "words"),
    [
        (case(outcome="deny"), "outcome", "expects deny, the rules lead to allow (A-2)"),
        (case(rules=("A-1",)), "rules", "expects A-1, the rules lead to A-2"),
        (case({"guest.colour": "red"}), "facts.guest.colour", "is not a fact"),
        (case({"guest.age": "30"}), "facts.guest.age", "this is no int"),
        (case({"guest.since": "yesterday"}), "facts.guest.since", "this is no timestamp"),
        (case({"guest.badges": [1]}), "facts.guest.badges", "this is no list(string)"),
        (case(point="fee"), "point", "choose a point of entry"),
        (
            {"point": "fee", "facts": {"trade.segment": "x"}, "tariff": "PUBLIC-3"},
            "tariff",
            "expects PUBLIC-3, the rules lead to STANDARD-5",
        ),
        ({"point": "fee", "facts": {}, "tariff": "PUBLIC-3"}, "tariff", "tariff_undecidable"),
    ],
)
def test_an_example_that_does_not_come_out_is_a_fault_with_its_place(wrong, place, words):
    ((found, message),) = faults(case(), wrong)
    assert found == f"examples.cases.1.{place}"
    assert words in message


def test_an_example_states_a_decision_or_a_fee():
    both = {**case(), "tariff": "PUBLIC-3"}
    for wrong in (both, {"point": "entry", "facts": {}}):
        ((place, _),) = faults(wrong)
        assert place == "examples.cases.0"


def test_every_rule_of_the_demo_market_has_an_example_that_comes_out():
    stated = fixture_document()
    found, _ = check_rulebook(stated, vocabulary())
    assert found == []
    assert uncovered(stated) == []


def test_rules_without_an_example_are_listed():
    assert uncovered(document(*RULES, tariffs=FEES)) == ["A-1", "A-2", "A-3", "PUBLIC-3", "STANDARD-5"]
