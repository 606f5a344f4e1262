"""Wordings: complete in both languages, with the same placeholders in each."""

from string import Formatter

import pytest

from clearing.run.states import OverdueReason
from marketplace.kernel.labels import Label
from marketplace.notices import admission_texts, parked_texts, qualification_texts, texts
from marketplace.notices.states import TaskKind
from marketplace.participants.states import AdmissionState


def _every_text():
    modules = (texts, parked_texts, admission_texts, qualification_texts)
    return {(module.__name__, name): value for module in modules for name, value in vars(module).items()}


def every_label():
    for (_, name), value in _every_text().items():
        for found in value.values() if isinstance(value, dict) and name.isupper() else [value]:
            if isinstance(found, Label):
                yield found
            elif isinstance(found, texts.Wording):
                yield from (found.title, found.body)


def placeholders(text: str) -> set[str]:
    return {field for _, field, _, _ in Formatter().parse(text) if field}


@pytest.mark.parametrize("label", list(every_label()))
def test_both_languages_carry_the_same_facts(label):
    assert placeholders(label.ja) == placeholders(label.en)
    assert label.ja != label.en


def test_every_kind_and_state_has_words():
    assert set(texts.TASK_TITLES) == set(TaskKind)
    assert set(texts.CYCLE_OVERDUE) == set(OverdueReason.values)
    assert set(admission_texts.ADMISSIONS) == set(AdmissionState.values) - {"applied"}


def test_a_field_may_differ_by_language():
    label = texts.fill_label(Label("to {party}", "{party} へ"), party={"ja": "讃岐", "en": "Sanuki"})
    assert (label.en, label.ja) == ("to Sanuki", "讃岐 へ")


def test_braces_in_a_name_are_only_text():
    label = texts.fill_label(Label("to {party}", "{party} へ"), party="{secret}")
    assert (label.en, label.ja) == ("to {secret}", "{secret} へ")
