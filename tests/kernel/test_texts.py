"""What people state in their own words is taken whole or refused, never cut."""

from __future__ import annotations

import pytest
from django.db import connection

from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.texts import AMBIGUOUS, identifying_text, stated_text


def test_a_text_is_taken_without_the_spaces_around_it():
    assert stated_text("reason", " 監査のため\n", 5) == "監査のため"


INVISIBLE = (
    "\u200b",
    "\u200b \u2060",
    "\ufeff",
    "\u00ad",
    "\u3164",
    "\u2800",
    "\ufffc",
    "\U0001d159",
    "\u202e",
    "\u0301",
    "\u200d\ufe0f",
)


@pytest.mark.parametrize("text", ["", " \n", "x" * 6, "a\0b", *INVISIBLE], ids=ascii)
def test_nothing_too_much_or_a_nul_is_refused_by_the_name_of_its_field(text):
    with pytest.raises(FieldInvalid) as refusal:
        stated_text("reason", text, 5)
    assert refusal.value.name == "reason"


@pytest.mark.parametrize("text", ["。", "x\u200b", "か\u3099", "👨\u200d👩", "7", "ㅎ"])
def test_whatever_can_be_seen_is_a_text(text):
    assert stated_text("reason", text, 5) == text


@pytest.mark.parametrize(
    "text",
    [
        "IS 123",
        " IS  123",
        "IS\u3000123\n",
        "I\u00adS 123\u200b",
        "\u2060IS 123",
        "IS 123\U000e0041",
        "IS 123\ufe0f",
    ],
    ids=ascii,
)
def test_numbers_that_look_alike_are_one(text):
    assert identifying_text("reference", text, 20) == "IS 123"


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["IS 123", "令和8年(ワ)第1号", "か\u3099"])
def test_postgresql_takes_each_number_and_no_twin_of_it(text):
    with connection.cursor() as cursor:
        for each, is_refused in (
            (identifying_text("reference", text, 20), False),
            *((twin, True) for twin in twins(text)),
        ):
            cursor.execute("SELECT %s ~ %s", [each, AMBIGUOUS])
            assert (each, cursor.fetchone()[0]) == (each, is_refused)


def twins(text: str) -> list[str]:
    return [
        f"{text} ",
        f" {text}",
        f"{text[:2]}  {text[2:]}",
        *(f"{text}{each}" for each in "\u200b\u00ad\ufeff\u2060\U000e0041"),
    ]
