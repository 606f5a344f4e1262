"""What applicants declare."""

import pytest

from marketplace.kernel.errors import FieldInvalid
from marketplace.participants.declarations import DESCRIPTIONS, TYPES, check_declarations

from .factories import DECLARATIONS


def test_declarations_are_kept_as_stated():
    stated = {**DECLARATIONS, "purpose": "需要予測"}
    assert check_declarations(stated) == stated


def test_every_declaration_is_described_in_both_languages():
    assert set(DESCRIPTIONS) == set(TYPES)
    assert [name for name, words in DESCRIPTIONS.items() if words.ja == words.en] == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"antisocial_forces_excluded": "yes"}, "antisocial_forces_excluded"),
        ({"antisocial_forces_excluded": 1}, "antisocial_forces_excluded"),
        ({"certifications": ["a"]}, "certifications"),
        ({"favourite_colour": "red"}, "favourite_colour"),
        ({"security_contact": None}, "security_contact"),
    ],
)
def test_a_wrong_declaration_is_named(changes, field):
    with pytest.raises(FieldInvalid) as refusal:
        check_declarations({**DECLARATIONS, **changes})
    assert refusal.value.name == f"declarations.{field}"


def test_a_missing_declaration_is_named():
    with pytest.raises(FieldInvalid) as refusal:
        check_declarations({"antisocial_forces_excluded": True})
    assert refusal.value.name == "declarations.security_contact"
