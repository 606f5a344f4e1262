"""Contract templates as they are written."""

import copy

import pytest

from contracts.clauses import PLACEHOLDERS, check_clauses, check_title, fill_placeholders, one_line
from marketplace.kernel.errors import FieldInvalid

from .factories import brief_template, template_document


def clauses():
    return copy.deepcopy(brief_template()["clauses"])


def test_the_market_s_own_template_has_the_items_of_the_guideline():
    document = template_document()
    kept = check_clauses(document["clauses"])
    assert [clause["number"] for clause in kept] == list(range(1, 24))
    headings = {clause["heading"]["ja"] for clause in kept}
    assert headings >= {
        "定義", "提供の方法", "利用の許諾", "対価および支払", "保証", "責任の限度", "利用状況の報告および監査",
        "データの管理", "漏えい等の際の措置", "秘密保持", "派生データ", "契約の期間", "不可抗力", "解除",
        "終了後の措置", "反社会的勢力の排除", "存続条項", "譲渡の禁止", "完全合意および言語", "準拠法および紛争の解決",
    }  # fmt: skip
    named = {
        place for place in PLACEHOLDERS if any("{" + place + "}" in clause["text"]["ja"] for clause in kept)
    }
    assert named == set(PLACEHOLDERS)
    assert check_title(document["title"]) == document["title"]


def test_text_is_kept_in_paragraphs_without_stray_blanks():
    given = clauses()
    given[1]["text"] = {"ja": "  一行目 \n二行目\n\n\n\n三 \n", "en": "a\r\nb\n\nc"}
    assert check_clauses(given)[1]["text"] == {"ja": "一行目\n二行目\n\n三", "en": "a\nb\n\nc"}


def changed(path, value):
    given = clauses()
    target = given
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    return given


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ([], "clauses"),
        ("clauses", "clauses"),
        (None, "clauses"),
        (changed((0,), {"number": 1}), "clauses.1"),
        (changed((1, "number"), 3), "clauses.2.number"),
        (changed((0, "heading"), "提供"), "clauses.1.heading"),
        (changed((0, "heading", "en"), " "), "clauses.1.heading"),
        (changed((0, "heading", "en"), "a" * 101), "clauses.1.heading.en"),
        (changed((0, "heading", "ja"), "# 見出し"), "clauses.1.heading.ja"),
        (changed((1, "text"), {"ja": "文"}), "clauses.2.text"),
        (changed((1, "text", "en"), "{colour}"), "clauses.2.text.en"),
        (changed((1, "text", "en"), "{price"), "clauses.2.text.en"),
        (changed((1, "text", "en"), "}"), "clauses.2.text.en"),
        (changed((1, "text", "en"), "{}"), "clauses.2.text.en"),
        (changed((1, "text", "en"), "no place"), "clauses.2.text"),
        (changed((1, "text", "ja"), "{funding_days}\n## 第3条（偽）"), "clauses.2.text.ja"),
        (changed((1, "text", "ja"), "{funding_days}\x00"), "clauses.2.text.ja"),
    ],
)
def test_a_faulty_clause_is_refused_by_name(given, field):
    with pytest.raises(FieldInvalid) as refusal:
        check_clauses(given)
    assert refusal.value.name == field


def test_places_are_filled_once():
    values = {"provider": "{price}", "price": "¥1"}
    assert fill_placeholders("{provider}: {price}", values) == "{price}: ¥1"


def test_a_value_is_put_on_one_line():
    assert one_line(" a\n## b\u2028c\t d ") == "a ## b c d"
