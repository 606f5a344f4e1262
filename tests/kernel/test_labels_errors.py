"""Words exist in both languages, and a refusal carries its fields."""

import copy

import pytest
from django.utils import translation

from marketplace.kernel.errors import DomainError, FieldInvalid, Forbidden, Missing
from marketplace.kernel.labels import Label


def test_a_label_follows_the_reader():
    label = Label("open", "受付中")
    with translation.override("ja"):
        assert label.localized() == "受付中"
    with translation.override("en"):
        assert label.localized() == "open"
    assert label == "open"
    assert label.as_dict() == {"ja": "受付中", "en": "open"}


@pytest.mark.parametrize(("en", "ja"), [("", "空"), ("empty", "")])
def test_a_label_needs_both_languages(en, ja):
    with pytest.raises(ValueError, match="English and in Japanese"):
        Label(en, ja)


def test_a_copied_label_keeps_both_languages():
    assert copy.deepcopy(Label("open", "受付中")).ja == "受付中"


def test_a_refusal_fills_its_words_with_its_fields():
    refusal = Missing(kind="listing", identifier="lst_1")
    assert refusal.message.ja == "指定された lst_1 は見つかりません。"
    assert str(refusal) == "The listing lst_1 was not found."
    assert refusal.fields == {"kind": "listing", "identifier": "lst_1"}


def test_a_label_among_the_fields_fills_each_language_with_its_own():
    refusal = Forbidden(needed=Label("the operator", "運営者"))
    assert refusal.message.as_dict() == {
        "en": "Only the operator may do this.",
        "ja": "この操作を実行できるのは運営者のみです。",
    }
    assert refusal.fields == {"needed": "the operator"}


def test_a_field_refusal_names_the_field():
    refusal = FieldInvalid("price_minor", Label("must be positive", "正の数にしてください"))
    assert (refusal.name, refusal.message.ja) == ("price_minor", "price_minor: 正の数にしてください")


def test_every_domain_error_has_a_code_of_its_own():
    def descendants(parent):
        for child in parent.__subclasses__():
            yield child
            yield from descendants(child)

    codes = [
        error.code for error in descendants(DomainError) if error.__module__.startswith("marketplace.kernel")
    ]
    assert len(codes) == len(set(codes))
