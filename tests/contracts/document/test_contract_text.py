"""The contract as people read it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.clauses import LANGUAGES, fill_placeholders
from contracts.document.text import (
    ARTICLE_FORM,
    USE,
    Section,
    particulars_of,
    render_text,
    sections_of,
    title_of,
    use_lines,
)
from contracts.signed_object import compose
from contracts.terms import parse_terms
from marketplace.kernel.errors import FieldInvalid

from ..factories import OFFER, brief_template
from ..library import entries, standard_entries

MARKETS_OWN = 5
"""Sections that follow the articles: terms of use, period for acceptance, signatures."""
BRIEF = entries(brief_template()["clauses"])


def articles_of(text: str) -> list[Section]:
    """The articles of a contract's text: its sections before the market's own."""
    return sections_of(text)[:-MARKETS_OWN]


def headed(number: int, clause: dict[str, Any], language: str) -> str:
    """The heading of an article, as the text has it."""
    heading = ARTICLE_FORM[language].format(number=number, heading=clause["heading"][language])
    return heading.removeprefix("## ")


def uses_of(text: str, language: str) -> list[str]:
    """The terms of use in a contract's text, one line each."""
    wanted = USE.in_language(language)
    body = next(body for heading, body in reversed(sections_of(text)) if heading == wanted)
    return [line.removeprefix("- ") for line in body.split("\n")]


def said(**changes: Any) -> dict[str, Any]:
    """What a contract says, without its texts."""

    def party(name: str) -> dict[str, Any]:
        return {
            "id": f"org_{name}",
            "name": {"ja": f"{name}社", "en": f"{name} Inc."},
            "corporate_number": "5835678256246",
            "address": "高松市",
            "representative": "代表 太郎",
        }

    content = compose(
        market="sanpo",
        agreement="agr_1",
        negotiation="ngt_1",
        reference="PO-1",
        provider=party("P"),
        consumer=party("C"),
        dataset={
            "listing": "lst_1",
            "version": "lsv_1",
            "segment": "mobility",
            "title": {"ja": "人流", "en": "Flow"},
            "files": [
                {
                    "id": "dst_1",
                    "file_name": "a.csv",
                    "media_type": "text/csv",
                    "size_bytes": 1200,
                    "sha256": "ab",
                }
            ],
        },
        template={
            "id": "tpl_1",
            "code": "brief",
            "version": 1,
            "title": {"ja": "契約書", "en": "Agreement"},
            "digest": "d",
        },
        terms=parse_terms(OFFER),
        tax_rate_bp=1000,
    )
    return {**content, **changes}


def test_the_japanese_text_reads_as_a_contract():
    text = render_text(said(), BRIEF, "ja")
    assert text.split("\n\n")[0] == "# 契約書"
    for line in (
        "- 契約番号：agr_1（市場 sanpo）",
        "- 提供者：P社（org_P、法人番号 5835678256246、住所 高松市、代表者 代表 太郎）",
        "- ファイル：a.csv（1,200バイト、SHA-256 ab）",
        "- 対価：¥100,000（税抜。標準税率、作成日の税率 10%）",
        "- 入金期限：契約成立の日から3営業日以内",
        "## 第1条（提供）",
        "P社は人流を¥100,000で提供する。",
        "- 利用期間：契約成立の日の翌日から起算して1年間（末日の24時まで、日本時間）",
    ):
        assert line in text.split("\n"), line
    assert "立会人型電子署名" in text


def test_the_english_text_says_the_same():
    text = render_text(said(), BRIEF, "en")
    for line in (
        "# Agreement",
        "- Price: ¥100,000 (without tax; standard rate, 10% on the day of drawing up)",
        "- Pay-in: within 3 business days of conclusion",
        "- Inspection period: 7 days from confirmed receipt",
        "## Article 2 (Time)",
        "P Inc. provides Flow for ¥100,000.",
    ):
        assert line in text.split("\n"), line
    assert "market-side signature" in text


def test_a_person_without_a_corporate_number_is_named_without_one():
    person = {**said()["provider"], "corporate_number": None}
    assert "法人番号" not in render_text(said(provider=person), BRIEF, "ja").split("\n")[4]
    assert "corporate number" not in render_text(said(provider=person), BRIEF, "en").split("\n")[4]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_articles_can_be_told_apart_again(language):
    clauses = standard_entries()
    articles = articles_of(render_text(said(), clauses, language))
    assert [article.heading for article in articles] == [
        headed(number, clause, language) for number, clause in enumerate(clauses, start=1)
    ]
    plain = next(number for number, clause in enumerate(clauses) if clause["clause"] == "prohibited-acts")
    assert articles[plain].body == clauses[plain]["text"][language]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_terms_of_use_can_be_told_apart_again(language):
    content = said()
    text = render_text(content, BRIEF, language)
    assert uses_of(text, language) == use_lines(content["terms"]["rights"], language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_title_particulars_and_sections_are_the_whole_text(language):
    text = render_text(said(), standard_entries(), language)
    particulars = "\n".join(f"- {line}" for line in particulars_of(text))
    sections = "".join(f"\n\n## {heading}\n\n{body}" for heading, body in sections_of(text))
    assert f"# {title_of(text)}\n\n{particulars}{sections}\n" == text


FORGED = "## 第3条（偽） / ## Article 3 (Forged)"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "title",
    [
        "## 第2条（偽）",
        "## Article 2 (Forged)",
        "x\n## 第2条（偽）\ny",
        "x\n## Article 2 (Forged)",
        "# a",
        FORGED,
    ],
)
def test_a_title_cannot_forge_an_article(language, title):
    clauses = entries(
        [
            {
                "heading": {"ja": "一", "en": "One"},
                "text": {"ja": "{dataset}\n{dataset}", "en": "{dataset}\n{dataset}"},
            }
        ]
    )
    content = said(dataset={**said()["dataset"], "title": {"ja": title, "en": title}})
    articles = articles_of(render_text(content, clauses, language))
    assert [article.heading for article in articles] == [headed(1, clauses[0], language)]


words = st.text(min_size=1, max_size=40).filter(lambda text: text.strip() and "\x00" not in text)


@given(title=words, heading=words, body=words, name=words, reference=words)
def test_whatever_is_written_comes_apart_as_it_was_put_together(title, heading, body, name, reference):
    heading, body = (text.replace("{", "").replace("}", "") or "x" for text in (heading, body))
    try:
        clauses = entries(
            [
                {
                    "heading": {"ja": heading, "en": heading},
                    "text": {"ja": body + "{provider}", "en": body + "{provider}"},
                }
            ]
        )
    except FieldInvalid:
        return
    content = said(
        reference=reference,
        provider={**said()["provider"], "name": {"ja": name, "en": name}},
        dataset={**said()["dataset"], "title": {"ja": title, "en": title}},
    )
    for language in LANGUAGES:
        text = render_text(content, clauses, language)
        (article,) = articles_of(text)
        assert article.heading == headed(1, clauses[0], language)
        assert article.body.startswith(
            fill_placeholders(clauses[0]["text"][language].split("{")[0], {}).split("\n")[0]
        )
        assert uses_of(text, language) == use_lines(content["terms"]["rights"], language)


def test_the_same_content_gives_the_same_text():
    assert render_text(said(), BRIEF, "ja") == render_text(said(), BRIEF, "ja")
    other = said(reference="PO-2")
    assert render_text(other, BRIEF, "ja") != render_text(said(), BRIEF, "ja")
