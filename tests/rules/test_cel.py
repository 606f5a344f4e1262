"""Conditions: what is refused and where, what null facts do, and what cannot be decided."""

from __future__ import annotations

import pytest

from marketplace.rules import cel
from marketplace.rules.cel import EXPRESSION_LENGTH_MAX, ExpressionRefused, Language, NotDecidable

from .factories import GUEST, VOCABULARY

TYPES = VOCABULARY["points"]["entry"]["facts"]


@pytest.fixture(scope="module")
def language():
    return Language(TYPES)


def faults(language, text):
    with pytest.raises(ExpressionRefused) as refused:
        language.compile(text)
    return [(fault.line, fault.column, str(fault.message)) for fault in refused.value.faults]


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("guest.colour == 'red'", 1, 1, "guest.colour is not a fact of this decision point"),
        (
            "guest.member\n  && guest.colour == 'red'",
            2,
            6,
            "guest.colour is not a fact of this decision point",
        ),
        ("'漢字' == guest.kinds", 1, 9, "did you mean guest.kind"),
        ("visitor", 1, 1, "visitor is not a fact of this decision point"),
        ("now() > guest.since", 1, 1, "there is no function now"),
        ("guest.kind.charAt(0) == 'b'", 1, 12, "there is no function charAt"),
        ("guest.age == 'thirty'", 1, 11, "(int, string)"),
        ("guest.age > 1.5", 1, 11, "(int, double)"),
        ("guest.kind == null", 1, 12, "(string, null_type)"),
        ("guest.member &&", 1, 16, "Syntax error"),
        ("guest.member ? true : 1", 1, 14, "(bool, bool, int)"),
        ("guest.age", 1, 1, "this is int"),
        ("dyn(guest.age) == 'x'", 1, 1, "there is no function dyn"),
        ("type(guest.age) == int", 1, 1, "there is no function type"),
        ("guest.member && has(guest.country)", 1, 17, "has() cannot test facts"),
        ("guest.member.known", 1, 13, "select operation"),
        ("", 1, 1, "characters"),
        ("true || " + "x" * EXPRESSION_LENGTH_MAX, 1, 1, "characters"),
        ("true\u3000|| true", 1, 5, "unusual spaces"),
        ("true || '\x00' == guest.kind", 1, 10, "control characters"),
        ("(" * 60 + "true" + ")" * 60, 1, 1, "cannot be compiled"),
    ],
)
def test_a_fault_is_named_with_its_place(language, text, line, column, words):
    found = faults(language, text)
    assert found[0][:2] == (line, column)
    assert words in found[0][2]


def test_every_fault_of_a_condition_is_named(language):
    found = faults(language, "guest.colour == 'red' || guest.size == 1")
    assert [fault[:2] for fault in found] == [(1, 1), (1, 26)]


def test_a_fault_reads_in_japanese_too(language):
    with pytest.raises(ExpressionRefused) as refused:
        language.compile("guest.colour == 'red'")
    assert "事実 guest.colour はこの判定点では参照できません" in refused.value.faults[0].message.ja


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("true", ()),
        ("guest.kind == 'business'", ("guest.kind",)),
        ("guest.badges.exists(guest, guest == 'gold')", ("guest.badges",)),
        ("guest.country.known && guest.kind == 'x'", ("guest.country", "guest.kind")),
        ("guest . age > 1", ("guest.age",)),
        # More undeclared names than the library reports at once.
        (
            " && ".join([*["guest.badges.exists(b, b == 'x')"] * 25, "guest.age > 1", "guest.member"]),
            ("guest.age", "guest.badges", "guest.member"),
        ),
    ],
)
def test_a_condition_says_what_it_reads(language, text, facts):
    assert language.compile(text).reads == facts


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("guest.kind == 'business' && guest.age >= 20", True),
        ("'gold' in guest.badges", True),
        ("guest.badges.all(badge, badge.startsWith('s'))", False),
        ("guest.since < timestamp('2026-01-01T00:00:00.000001Z')", True),
        ("guest.since.getFullYear('Asia/Tokyo') == 2026", True),
        ("guest.country.known && guest.country == 'JP'", True),
        ("guest.score > 6", True),
        ("guest.kind.matches('^bus')", True),
    ],
)
def test_a_condition_holds_or_does_not(language, text, expected):
    assert language.compile(text).holds(language.activation(GUEST)) is expected


UNKNOWN = GUEST | {"guest.country": None, "guest.score": None}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("guest.country.known && guest.country == 'JP'", False),
        ("!guest.country.known", True),
        ("guest.score > 6 || guest.member", True),
        ("guest.score > 6 && !guest.member", False),
    ],
)
def test_a_null_fact_that_does_not_matter_is_passed_over(language, text, expected):
    assert language.compile(text).holds(language.activation(UNKNOWN)) is expected


@pytest.mark.parametrize(
    "text",
    [
        "guest.country == 'JP'",
        "guest.country != 'JP'",
        "!(guest.country == 'JP')",
        "guest.score > 6 && guest.member",
        "guest.age / (guest.age - 30) > 1",
        "guest.badges[7] == 'x'",
        "guest.age + 9223372036854775807 > 0",
        "timestamp('yesterday') < guest.since",
        "guest.kind.matches('[')",
    ],
)
def test_what_is_neither_true_nor_false_is_not_decided(language, text):
    with pytest.raises(NotDecidable):
        language.compile(text).holds(language.activation(UNKNOWN))


def test_a_condition_that_would_run_for_ever_is_not_decided(language):
    text = "guest.badges.all(a, guest.badges.all(b, guest.badges.all(c, guest.badges.all(d, true))))"
    with pytest.raises(NotDecidable):
        language.compile(text).holds(language.activation(GUEST | {"guest.badges": ["x"] * 100}))


def test_a_fact_of_the_wrong_type_is_not_decided(language):
    with pytest.raises(NotDecidable):
        language.compile("guest.member").holds({"guest.member": "yes"})


def test_a_condition_is_compiled_once_for_the_same_names_and_types(language):
    text = "guest.age > 41"
    compiled = language.compile(text)
    assert Language(TYPES).compile(text) is compiled
    assert Language({**TYPES, "guest.more": "int"}).compile(text) is not compiled
    assert Language(TYPES, evaluator=2).compile(text) is not compiled
    assert Language(TYPES, lists={"banned": ["x"]}).compile(text) is not compiled


def test_the_lists_of_each_rulebook_decide_though_the_condition_is_kept():
    first, second = (Language(TYPES, lists={"banned": [word]}) for word in ("bot", "human"))
    condition = first.compile("guest.kind in banned")
    assert second.compile("guest.kind in banned") is condition
    facts = {**GUEST, "guest.kind": "bot"}
    assert [condition.holds(each.activation(facts)) for each in (first, second)] == [True, False]


def test_a_name_of_another_type_is_refused_though_the_text_was_compiled(language):
    language.compile("guest.age > 40")
    other = Language({**TYPES, "guest.age": "string"})
    assert faults(other, "guest.age > 40") == faults(other, "guest.age > 40") != []


def test_no_more_conditions_are_kept_than_a_process_has_room_for(language, monkeypatch):
    monkeypatch.setattr(cel, "CONDITIONS_KEPT_MAX", 2)
    monkeypatch.setattr(cel, "_CONDITIONS", {})
    compiled = [language.compile(f"guest.age > {age}") for age in (1, 2, 3)]
    assert [language.compile("guest.age > 3") is compiled[2], len(cel._CONDITIONS)] == [True, 1]
    assert language.compile("guest.age > 1").holds(language.activation({**GUEST, "guest.age": 2}))
