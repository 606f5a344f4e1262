"""Special clauses (特約) of a proposal: clauses of the library, or free text that no program carries out. Pure.

The term ``special_clauses`` is a list of entries (``composition``). Free text may not touch what the plan carries out: it states no amount,
no date and no period.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, Final

from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label
from marketplace.kernel.texts import UNPRINTED

from ..clauses import HEADING_LENGTH_MAX, LANGUAGES, bilingual
from .composition import SPECIAL_NAMES, Entry, article_names, fill_clause

FIELD: Final = "terms.special_clauses"
SPECIAL_MAX = 20
FREE_LENGTH_MAX = 2_000
ENTRY_PARTS: Final = frozenset(
    {
        "clause",
        "version",
        "heading",
        "text",
        "parameters",
        "requires",
        "excludes",
        "demands",
        "survives",
        "values",
    }
)
FREE_PARTS: Final = frozenset({"heading", "text"})

_NUMBER = "([0-9]|[〇零一二三四五六七八九十百千万億壱弐参拾])+"
_WORDS = "one|two|three|four|five|six|seven|eight|nine|ten|twelve|fourteen|fifteen|twenty|thirty|sixty|ninety|hundred|thousand"
FORBIDDEN: Final = (
    "[¥￥$＄€£₩]",
    f"{_NUMBER} ?(円|銭|元|ドル|ユーロ|ポンド)",
    "(^|[^a-z])(jpy|usd|eur|gbp|yen|dollars?|euros?|pounds?)($|[^a-z])",
    "[%％‰]|パーセント|割引|per ?cent",
    f"{_NUMBER} ?(年|[かヶカケ箇ヵ]?月|日|週|時間|営業日|世紀)",
    "[0-9]{1,4} ?[-/.] ?[0-9]{1,2} ?[-/.] ?[0-9]{1,4}",
    "[0-9]+ ?分",
    f"([0-9]|{_WORDS})[ -]*(calendar |business |working )?(days?|weeks?|months?|years?|hours?|minutes?)($|[^a-z])",
    "(^|[^a-z])(january|february|march|april|june|july|august|september|october|november|december)($|[^a-z])",
    "(^|[^a-z])(an?|half|per|each|every|several|few|next) (calendar |business |working )?(days?|weeks?|months?|years?|hours?)($|[^a-z])",
    "令和|平成|翌日|翌月|翌年|月末|年末|年度末|期日|半年|数[年月日週]|毎[年月日週]|当[月日]|即日",
    "[0-9]{4,}|[0-9]+,[0-9]{3}",
    "(^|[^a-z0-9])p(t?[0-9]+[ymwdhs])+($|[^a-z0-9])",
    "[かヶヵカケ箇]月|無償|無料|[圓萬壱壹弐貳]|free of charge|at no (cost|charge)|[0-9]{1,3}( [0-9]{3})+",
    "(^|[^a-z])(fortnight|decade|quarter|century)s?($|[^a-z])",
)
"""What free text may not contain, as expressions that Python and PostgreSQL read alike, over lower-case text in the form NFKC: amounts,
currencies, rates, dates and periods, those that programs read (``P1Y``) too."""
FORGED: Final = (
    "(^|\n)[ \t]*#",
    "(^|\n)[ \t]*(特約)?第[0-9〇一二三四五六七八九十百]+[条章節]の?[0-9]*[ \t]*([(]|\n|$)",
    "\\[[ ]*(not )?machine-readable|\\[[ ]*機械可読",
)
"""What would pass for a heading or a mark of the market in the signed text: expressions as those of ``FORBIDDEN``."""

NOT_CARRIED_OUT = Label(
    "[Not machine-readable: no program of the Market carries this clause out.]",
    "［機械可読でない特約：本市場のプログラムはこれを履行しない。］",
)
HEADING = Label("Special clauses", "特約")
PREVAILS = Label(
    "The following special clauses are part of this agreement and prevail over its articles. What the plan of this agreement, its terms and the"
    " terms of use state prevails over every special clause in free text: such a clause changes neither price, access, acceptance, dates"
    " nor the end of the agreement.",
    "次の特約は本契約の一部であり、各条に優先する。ただし、本契約の履行の計画、取引条件および利用条件は、自由記述の特約のすべてに優先し、"
    "自由記述の特約は、対価、提供、検収、期日および契約の終了を変更しない。",
)


def parse_special(value: Any, *, is_new: bool = False) -> tuple[Entry, ...]:
    """The term from what a proposal states, as entries; free text of a new one is screened (``check_free``). Raises FieldInvalid, which
    names ``terms.special_clauses.<number>``.
    """
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) > SPECIAL_MAX:
        raise FieldInvalid(
            FIELD,
            Label(f"specify at most {SPECIAL_MAX} clauses", f"{SPECIAL_MAX}個以内の特約を指定してください"),
        )
    return tuple(
        _entry(f"{FIELD}.{number}", each, is_new=is_new) for number, each in enumerate(value, start=1)
    )


def _entry(field: str, stated: Any, *, is_new: bool) -> Entry:
    if not isinstance(stated, Mapping) or set(stated) not in (ENTRY_PARTS, FREE_PARTS):
        raise FieldInvalid(
            field,
            Label(
                "specify a clause of the library with the values of its parameters, or heading and text",
                "ライブラリの条項とパラメータの値、または heading と text を指定してください",
            ),
        )
    return check_free(field, stated) if is_new and "clause" not in stated else dict(stated)


def check_free(field: str, stated: Mapping[str, Any]) -> dict[str, Any]:
    """A free text. Raises FieldInvalid, which names what it found of what the plan carries out."""
    kept = {
        "heading": bilingual(f"{field}.heading", stated["heading"], HEADING_LENGTH_MAX, lines=False),
        "text": bilingual(f"{field}.text", stated["text"], FREE_LENGTH_MAX, lines=True),
    }
    for part, texts in kept.items():
        for language in LANGUAGES:
            name = f"{field}.{part}.{language}"
            if re.search(UNPRINTED, texts[language]):
                raise FieldInvalid(
                    name,
                    Label(
                        "leave out characters that nobody sees, or that turn the direction of the text",
                        "表示されない文字、文字の向きを変える文字は使えません",
                    ),
                )
            if re.search(r"[{}]", texts[language]):
                raise FieldInvalid(name, Label("use no braces", "波括弧は使えません"))
            if find_first(FORGED, texts[language]):
                raise FieldInvalid(
                    name,
                    Label(
                        "no line looks like a heading of an article or a mark of the market",
                        "条の見出しや市場の表示に見える行は使えません",
                    ),
                )
            found = find_first(FORBIDDEN, texts[language])
            if found:
                raise FieldInvalid(
                    name,
                    Label(
                        f"“{found}” may be an amount, a date or a period: free text changes neither price, access, acceptance, dates nor"
                        " the end; change the terms, or choose a clause of the library",
                        f"「{found}」は金額、期日または期間を示すおそれがあります。自由記述では対価、提供、検収、期日、終了を定められません。"
                        "取引条件を変更するか、ライブラリの条項を選んでください",
                    ),
                )
    return kept


def find_first(expressions: Sequence[str], text: str) -> str:
    """The first part of a text that one of the expressions names; empty if there is none."""
    plain = unicodedata.normalize("NFKC", text).lower()
    found = (re.search(expression, plain) for expression in expressions)
    first = min((match for match in found if match), key=lambda match: match.start(), default=None)
    return first[0].strip() if first else ""


def special_lines(
    special: Sequence[Entry], articles: Sequence[Entry], values: Mapping[str, str], language: str
) -> str:
    """The sections of a contract's text with its special clauses; empty without any."""
    if not special:
        return ""
    named = {**values, **article_names(articles, special, language)}
    parts = [f"## {HEADING.in_language(language)}\n\n{PREVAILS.in_language(language)}"]
    form = "{name}（{heading}）" if language == "ja" else "{name} ({heading})"
    for number, entry in enumerate(special, start=1):
        name = SPECIAL_NAMES[language].format(number=number)
        heading = form.format(name=name, heading=entry["heading"][language])
        is_free = "clause" not in entry
        body = entry["text"][language] if is_free else fill_clause(entry, named, language)
        marked = f"{NOT_CARRIED_OUT.in_language(language)}\n{body}" if is_free else body
        parts.append(f"## {heading}\n\n{marked}")
    return "\n\n".join(parts)


def headings_of(special: Sequence[Entry]) -> Label | None:
    """The headings of special clauses in words; None without any."""
    if not special:
        return None
    return Label(
        ", ".join(f"“{entry['heading']['en']}”" for entry in special),
        "、".join(f"「{entry['heading']['ja']}」" for entry in special),
    )
