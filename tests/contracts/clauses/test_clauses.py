"""The text of clauses as it is written, and the clauses that come with the market."""

import pytest

from contracts.clauses import PLACEHOLDERS, check_clause_text, check_title, fill_placeholders, one_line
from contracts.library.composition import article_names, fill_clause, require_together
from contracts.library.standard import standard_clauses, standard_templates
from marketplace.kernel.errors import FieldInvalid

from ..library import entries, standard_entries

HEADING = {"ja": "提供", "en": "Provision"}
TEXT = {"ja": "{price}", "en": "{price}"}


def test_the_market_s_own_template_has_the_items_of_the_guideline():
    kept = standard_entries()
    headings = {clause["heading"]["ja"] for clause in kept}
    assert headings >= {
        "定義", "提供の方法", "利用の許諾", "対価および支払", "保証", "責任の限度", "利用状況の報告および監査",
        "データの管理", "漏えい等の際の措置", "秘密保持", "派生データ", "契約の期間", "不可抗力", "解除",
        "終了後の措置", "反社会的勢力の排除", "存続条項", "譲渡の禁止", "完全合意および言語", "準拠法および紛争の解決",
        "未取得の場合の返金", "遅延損害金", "限定提供データ", "輸出管理", "消去および証明", "対象データの特定",
        "当事者の表示および通知", "電磁的記録による締結",
    }  # fmt: skip
    named = {
        place for place in PLACEHOLDERS if any("{" + place + "}" in clause["text"]["ja"] for clause in kept)
    }
    assert named == set(PLACEHOLDERS)


def test_every_standard_template_is_made_of_standard_clauses_that_stand_together():
    by_code = {clause["code"]: clause for clause in standard_clauses()}
    assert len(by_code) == len(standard_clauses())
    assert {template["code"] for template in standard_templates()} == {
        "data-provision", "data-creation", "data-sharing", "trial", "open-data",
    }  # fmt: skip
    for template in standard_templates():
        assert check_title(template["title"]) == template["title"]
        stated = [by_code[each["clause"]] for each in template["clauses"]]
        made = entries(stated)
        for clause, entry in zip(stated, made, strict=True):
            _, _, articles = check_clause_text(clause["heading"], clause["text"], list(entry["values"]))
            entry["requires"] = sorted({*clause.get("requires", ()), *articles} - {clause["code"]})
            entry["excludes"] = clause.get("excludes", [])
        require_together("clauses", made)


def test_articles_are_named_by_their_number_in_the_contract():
    made = entries(
        [
            {
                "code": "a",
                "heading": HEADING,
                "text": {"ja": "{article:b}による。", "en": "See {article:b}."},
            },
            {
                "code": "b",
                "heading": HEADING,
                "text": {"ja": "以上。", "en": "That is all."},
                "survives": True,
            },
            {
                "code": "c",
                "heading": HEADING,
                "text": {"ja": "{surviving}", "en": "{surviving}"},
                "survives": True,
            },
        ]
    )
    for language, article, surviving in (
        ("ja", "第2条による。", "第2条、第3条"),
        ("en", "See Article 2.", "Article 2 and Article 3"),
    ):
        values = article_names(made, [], language)
        assert fill_clause(made[0], values, language) == article
        assert fill_clause(made[2], values, language) == surviving


def test_the_liability_of_the_standard_template_names_the_right_articles():
    made = standard_entries()
    numbers = {entry["clause"]: entry["number"] for entry in made}
    liability = fill_clause(made[numbers["liability"] - 1], article_names(made, [], "ja"), "ja")
    assert f"第{numbers['prohibited-acts']}条、第{numbers['personal-information']}条" in liability
    late = fill_clause(made[numbers["late-interest"] - 1], article_names(made, [], "en"), "en")
    assert "late interest at 3 per cent a year" in late
    assert "1 April 2020" in late


def test_text_is_kept_in_paragraphs_without_stray_blanks():
    given = {"ja": "  一行目 \n二行目\n\n\n\n三 \n", "en": "a\r\nb\n\nc"}
    assert check_clause_text(HEADING, given, [])[1] == {"ja": "一行目\n二行目\n\n三", "en": "a\nb\n\nc"}


@pytest.mark.parametrize(
    ("heading", "text", "field"),
    [
        ("提供", TEXT, "heading"),
        ({**HEADING, "en": " "}, TEXT, "heading"),
        ({**HEADING, "en": "a" * 101}, TEXT, "heading.en"),
        ({**HEADING, "ja": "# 見出し"}, TEXT, "heading.ja"),
        (HEADING, {"ja": "文"}, "text"),
        (HEADING, {**TEXT, "en": "{colour}"}, "text.en"),
        (HEADING, {**TEXT, "en": "{price"}, "text.en"),
        (HEADING, {**TEXT, "en": "}"}, "text.en"),
        (HEADING, {**TEXT, "en": "{}"}, "text.en"),
        (HEADING, {**TEXT, "en": "{article:No Code}"}, "text.en"),
        (HEADING, {**TEXT, "en": "no place"}, "text"),
        (HEADING, {**TEXT, "ja": "{price}\n## 第3条（偽）"}, "text.ja"),
        (HEADING, {**TEXT, "ja": "{price}\x00"}, "text.ja"),
    ],
)
def test_a_faulty_text_is_refused_by_name(heading, text, field):
    with pytest.raises(FieldInvalid) as refusal:
        check_clause_text(heading, text, [])
    assert refusal.value.name == field


def test_a_parameter_that_no_text_names_is_refused():
    with pytest.raises(FieldInvalid) as refusal:
        check_clause_text(HEADING, TEXT, ["answer_days"])
    assert refusal.value.name == "text"


def test_places_are_filled_once():
    values = {"provider": "{price}", "price": "¥1"}
    assert fill_placeholders("{provider}: {price}", values) == "{price}: ¥1"


def test_a_value_is_put_on_one_line():
    assert one_line(" a\n## b\u2028c\t d ") == "a ## b c d"
