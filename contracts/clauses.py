"""The text of clauses in both languages, with placeholders for the agreed terms. Pure.

A placeholder is written ``{name}``; ``PLACEHOLDERS`` lists those of terms. ``{article:code}`` is the number of another clause in the same
contract, ``{surviving}`` the numbers of all that survive its end. A text is paragraphs of plain lines; no line begins like a
heading of the contract (``#``), so that a contract's text can be parsed into its articles.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label

LANGUAGES = ("ja", "en")
CODE_LENGTH_MAX = 60
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
ARTICLE = "article:"
SURVIVING = "surviving"
PLACE = re.compile(r"\{([^{}]*)\}")

BOTH_LANGUAGES = Label(
    "specify the text in both languages, as ja and en", "ja と en の両方の文を指定してください"
)
NO_HEADING = Label("no line may begin with #, which marks headings", "行頭の # は見出しのため使えません")


def check_title(title: Any) -> dict[str, str]:
    """The title in both languages, on one line each; raises FieldInvalid."""
    return bilingual("title", title, HEADING_LENGTH_MAX, lines=False)


def check_clause_text(
    heading: Any, text: Any, parameters: Collection[str]
) -> tuple[dict[str, str], dict[str, str], frozenset[str]]:
    """Heading and text of a clause, and the codes of the articles that it refers to. Its places are terms (``PLACEHOLDERS``), its own
    ``parameters``, which it names all, other articles and ``{surviving}``; the same in both languages. Raises FieldInvalid.
    """
    kept = bilingual("text", text, TEXT_LENGTH_MAX, lines=True)
    named = {language: _places(f"text.{language}", kept[language], parameters) for language in LANGUAGES}
    if named["ja"] != named["en"]:
        raise FieldInvalid(
            "text",
            Label("both languages must use the same placeholders", "両言語で同じ差込項目を使ってください"),
        )
    for name in sorted(set(parameters) - named["ja"]):
        raise FieldInvalid(
            "text", Label(f"the text does not name the parameter {name}", f"本文に {{{name}}} がありません")
        )
    articles = frozenset(place.removeprefix(ARTICLE) for place in named["ja"] if place.startswith(ARTICLE))
    return bilingual("heading", heading, HEADING_LENGTH_MAX, lines=False), kept, articles


def bilingual(field: str, text: Any, length_max: int, *, lines: bool) -> dict[str, str]:
    """A text in both languages, as paragraphs (``lines``) or on one line each. Raises FieldInvalid."""
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


def _places(field: str, text: str, parameters: Collection[str]) -> frozenset[str]:
    """The places in ``text``; raises FieldInvalid for an unknown one or a single brace."""
    named = frozenset(PLACE.findall(text))
    known = {*PLACEHOLDERS, *parameters, SURVIVING}
    unknown = {
        place
        for place in named - known
        if not place.startswith(ARTICLE) or not CODE.fullmatch(place.removeprefix(ARTICLE))
    }
    if unknown or re.search(r"[{}]", PLACE.sub("", text)):
        listed = ", ".join([*PLACEHOLDERS, *parameters, SURVIVING, f"{ARTICLE}<code>"])
        raise FieldInvalid(
            field,
            Label(
                f"use one of these placeholders in braces: {listed}",
                f"波括弧で指定できる差込項目: {listed}",
            ),
        )
    return named


def fill_placeholders(text: str, values: Mapping[str, str]) -> str:
    """``text`` with its placeholders filled in once; placeholders inside a value are not filled."""
    return PLACE.sub(lambda place: values[place[1]], text)


def one_line(value: str) -> str:
    """``value`` on one line with single spaces, so that it cannot form a line of its own."""
    return " ".join(value.split())
