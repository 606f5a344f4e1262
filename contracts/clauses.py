"""Contract templates: numbered clauses in both languages, with placeholders for the agreed terms. Pure.

A placeholder is written ``{name}``; ``PLACEHOLDERS`` lists them. A text is paragraphs of plain lines; no line begins like a
heading of the contract (``#``), so that a contract's text can be parsed into its articles.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label

LANGUAGES = ("ja", "en")
CODE = re.compile(r"[a-z0-9][a-z0-9_.-]{0,59}")
CLAUSES_MAX = 100
HEADING_LENGTH_MAX = 100
TEXT_LENGTH_MAX = 20_000

PLACEHOLDERS: dict[str, str] = {
    "agreement": "identifier of the contract",
    "provider": "name of the seller",
    "consumer": "name of the buyer",
    "dataset": "title of the listing",
    "version": "identifier of the listing's version",
    "price": "price without tax, with its currency",
    "tax_rate": "rate of consumption tax on the day on which the text is drawn up",
    "funding_days": "business days to pay in",
    "inspection_days": "calendar days to inspect",
}
PLACE = re.compile(r"\{([^{}]*)\}")

BOTH_LANGUAGES = Label(
    "specify the text in both languages, as ja and en", "ja と en の両方の文を指定してください"
)
NO_HEADING = Label("no line may begin with #, which marks headings", "行頭の # は見出しのため使えません")


def check_title(title: Any) -> dict[str, str]:
    """The title in both languages, on one line each; raises FieldInvalid."""
    return _bilingual("title", title, HEADING_LENGTH_MAX, lines=False)


def check_clauses(clauses: Any) -> list[dict[str, Any]]:
    """``clauses``, validated: ``{"number", "heading", "text"}`` each, numbered from 1, with the same placeholders in
    both languages. Raises FieldInvalid, which names the clause as ``clauses.<number>.<part>``.
    """
    if not isinstance(clauses, Sequence) or isinstance(clauses, str) or not 1 <= len(clauses) <= CLAUSES_MAX:
        raise FieldInvalid(
            "clauses", Label(f"specify 1 to {CLAUSES_MAX} clauses", f"1～{CLAUSES_MAX}条を指定してください")
        )
    return [_clause(number, clause) for number, clause in enumerate(clauses, start=1)]


def _clause(number: int, clause: Any) -> dict[str, Any]:
    field = f"clauses.{number}"
    if not isinstance(clause, Mapping) or set(clause) != {"number", "heading", "text"}:
        raise FieldInvalid(
            field, Label("specify number, heading and text", "number、heading、text を指定してください")
        )
    if clause["number"] != number:
        raise FieldInvalid(
            f"{field}.number",
            Label("number the clauses 1, 2, 3, …", "条番号は1から順に指定してください"),
        )
    text = _bilingual(f"{field}.text", clause["text"], TEXT_LENGTH_MAX, lines=True)
    named = {language: _placeholders(f"{field}.text.{language}", text[language]) for language in LANGUAGES}
    if named["ja"] != named["en"]:
        raise FieldInvalid(
            f"{field}.text",
            Label("both languages must use the same placeholders", "両言語で同じ差込項目を使ってください"),
        )
    heading = _bilingual(f"{field}.heading", clause["heading"], HEADING_LENGTH_MAX, lines=False)
    return {"number": number, "heading": heading, "text": text}


def _bilingual(field: str, text: Any, length_max: int, *, lines: bool) -> dict[str, str]:
    if not isinstance(text, Mapping) or set(text) != set(LANGUAGES):
        raise FieldInvalid(field, BOTH_LANGUAGES)
    kept = {}
    for language in LANGUAGES:
        value = text[language]
        if not isinstance(value, str) or not value.strip():
            raise FieldInvalid(field, BOTH_LANGUAGES)
        if len(value) > length_max or "\x00" in value:
            raise FieldInvalid(
                f"{field}.{language}",
                Label(f"use at most {length_max} characters", f"{length_max}字以内にしてください"),
            )
        kept[language] = _paragraphs(value) if lines else one_line(value)
        if any(line.startswith("#") for line in kept[language].split("\n")):
            raise FieldInvalid(f"{field}.{language}", NO_HEADING)
    return kept


def _paragraphs(text: str) -> str:
    """Lines without spaces at their ends, and one empty line between paragraphs."""
    lines = "\n".join(line.strip() for line in text.strip().splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines)


def _placeholders(field: str, text: str) -> frozenset[str]:
    """The placeholders in ``text``; raises FieldInvalid for an unknown one or a single brace."""
    named = frozenset(PLACE.findall(text))
    unknown = sorted(named - set(PLACEHOLDERS))
    if unknown or re.search(r"[{}]", PLACE.sub("", text)):
        known = ", ".join(PLACEHOLDERS)
        raise FieldInvalid(
            field,
            Label(
                f"use one of these placeholders in braces: {known}",
                f"波括弧で指定できる差込項目: {known}",
            ),
        )
    return named


def fill_placeholders(text: str, values: Mapping[str, str]) -> str:
    """``text`` with its placeholders filled in once; placeholders inside a value are not filled."""
    return PLACE.sub(lambda place: values[place[1]], text)


def one_line(value: str) -> str:
    """``value`` on one line with single spaces, so that it cannot form a line of its own."""
    return " ".join(value.split())
