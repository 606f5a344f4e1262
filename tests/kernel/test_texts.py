"""What people state in their own words is taken whole or refused, never cut."""

from __future__ import annotations

import pytest

from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.texts import stated_text


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
