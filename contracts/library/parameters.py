"""Typed parameters of clauses: how they are declared, what their values may be, and the words of a value. Pure.

A declaration is ``{"name", "type", "label": {"ja", "en"}}`` and what its type needs: a ``number`` has ``lowest`` and ``highest``, whole
numbers that count units of ``10^-decimals``; a ``choice`` has ``options``, each ``{"code", "label"}``; a ``text`` has ``length_max``; a
``day`` has nothing more. ``default`` is optional.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from marketplace.kernel.bounds import INTEGER_MAX
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label

from ..clauses import HEADING_LENGTH_MAX, LANGUAGES, PLACEHOLDERS, bilingual, one_line

NAME = re.compile(r"[a-z][a-z0-9_]{0,29}")
OPTION = re.compile(r"[a-z0-9][a-z0-9_-]{0,29}")
PARAMETERS_MAX = 20
OPTIONS_MAX = 20
DECIMALS_MAX = 4
TEXT_LENGTH_MAX = 500
RESERVED = {*PLACEHOLDERS, "surviving"}
PARTS: Mapping[str, frozenset[str]] = {
    "number": frozenset({"lowest", "highest", "decimals"}),
    "day": frozenset(),
    "choice": frozenset({"options"}),
    "text": frozenset({"length_max"}),
}
"""What a declaration of each type states besides name, type, label and default."""
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


def check_parameters(field: str, declared: Any) -> list[dict[str, Any]]:
    """Declarations, complete and in their order. Raises FieldInvalid, which names the parameter as ``<field>.<number>``."""
    if not isinstance(declared, Sequence) or isinstance(declared, str) or len(declared) > PARAMETERS_MAX:
        raise FieldInvalid(
            field,
            Label(
                f"specify a list of at most {PARAMETERS_MAX} parameters",
                f"{PARAMETERS_MAX}個以内のパラメータのリストにしてください",
            ),
        )
    kept = [_declaration(f"{field}.{number}", each) for number, each in enumerate(declared, start=1)]
    names = [each["name"] for each in kept]
    for number, name in enumerate(names, start=1):
        if name in names[: number - 1]:
            raise FieldInvalid(
                f"{field}.{number}.name", Label("use a name once", "同じ名前は一度だけ使ってください")
            )
    return kept


def check_values(field: str, declared: Sequence[Mapping[str, Any]], values: Any) -> dict[str, Any]:
    """The value of every parameter, with defaults where none is given. Raises FieldInvalid, which names ``<field>.<parameter>``."""
    if not isinstance(values, Mapping):
        raise FieldInvalid(
            field,
            Label("specify an object of parameters", "パラメータのオブジェクトにしてください"),
        )
    known = ", ".join(each["name"] for each in declared) or "-"
    for name in sorted(set(values) - {each["name"] for each in declared}):
        raise FieldInvalid(
            f"{field}.{name}",
            Label(f"unknown parameter; known are: {known}", f"未知のパラメータです。指定できるもの: {known}"),
        )
    kept = {}
    for each in declared:
        name = each["name"]
        if name not in values and "default" not in each:
            raise FieldInvalid(f"{field}.{name}", Label("specify this parameter", "値を指定してください"))
        kept[name] = _value(f"{field}.{name}", each, values.get(name, each.get("default")))
    return kept


def words_of(declared: Mapping[str, Any], value: Any, language: str) -> str:
    """A value as the text of a contract states it."""
    if declared["type"] == "number":
        number = Decimal(value).scaleb(-declared["decimals"])
        return f"{number.normalize() if number else Decimal(0):f}"
    if declared["type"] == "day":
        day = date.fromisoformat(value)
        if language == "ja":
            return f"{day.year}年{day.month}月{day.day}日"
        return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
    if declared["type"] == "choice":
        label = next(option["label"] for option in declared["options"] if option["code"] == value)
        return str(label[language])
    return str(value[language])


def _declaration(field: str, stated: Any) -> dict[str, Any]:
    kind = stated.get("type") if isinstance(stated, Mapping) else None
    if not isinstance(kind, str) or kind not in PARTS:
        known = ", ".join(PARTS)
        raise FieldInvalid(
            f"{field}.type", Label(f"specify one of {known}", f"次から選んでください: {known}")
        )
    for part in sorted(set(stated) - {"name", "type", "label", "default", *PARTS[kind]}):
        raise FieldInvalid(
            f"{field}.{part}",
            Label(f"a parameter of type {kind} states no such part", f"{kind} 型にこの項目はありません"),
        )
    name = stated.get("name")
    if not isinstance(name, str) or not NAME.fullmatch(name) or name in RESERVED:
        raise FieldInvalid(
            f"{field}.name",
            Label(
                "use lower-case letters, digits and _ (at most 30), and no name of an agreed term",
                "30字以内の英小文字、数字、_ とし、取引条件の差込項目と異なる名前にしてください",
            ),
        )
    label = bilingual(f"{field}.label", stated.get("label"), HEADING_LENGTH_MAX, lines=False)
    kept = {"name": name, "type": kind, "label": label, **_parts(field, kind, stated)}
    if "default" in stated:
        kept["default"] = _value(f"{field}.default", kept, stated["default"])
    return kept


def _parts(field: str, kind: str, stated: Mapping[str, Any]) -> dict[str, Any]:
    if kind == "number":
        decimals = _whole(f"{field}.decimals", stated.get("decimals", 0), 0, DECIMALS_MAX)
        lowest = _whole(f"{field}.lowest", stated.get("lowest"), 0, INTEGER_MAX)
        return {
            "lowest": lowest,
            "highest": _whole(f"{field}.highest", stated.get("highest"), lowest, INTEGER_MAX),
            "decimals": decimals,
        }
    if kind == "text":
        return {"length_max": _whole(f"{field}.length_max", stated.get("length_max"), 1, TEXT_LENGTH_MAX)}
    return {"options": _options(f"{field}.options", stated.get("options"))} if kind == "choice" else {}


def _options(field: str, stated: Any) -> list[dict[str, Any]]:
    if not isinstance(stated, Sequence) or isinstance(stated, str) or not 2 <= len(stated) <= OPTIONS_MAX:
        raise FieldInvalid(
            field,
            Label(f"specify 2 to {OPTIONS_MAX} options", f"2～{OPTIONS_MAX}個の選択肢を指定してください"),
        )
    kept: list[dict[str, Any]] = []
    for number, option in enumerate(stated, start=1):
        code = (
            option.get("code") if isinstance(option, Mapping) and set(option) == {"code", "label"} else None
        )
        is_new = code not in [each["code"] for each in kept]
        if not isinstance(code, str) or not OPTION.fullmatch(code) or not is_new:
            raise FieldInvalid(
                f"{field}.{number}",
                Label("specify an own code, and a label", "重複のない code と label を指定してください"),
            )
        label = bilingual(f"{field}.{number}.label", option["label"], HEADING_LENGTH_MAX, lines=False)
        kept.append({"code": code, "label": label})
    return kept


def _value(field: str, declared: Mapping[str, Any], value: Any) -> Any:
    if declared["type"] == "number":
        return _whole(field, value, declared["lowest"], declared["highest"])
    if declared["type"] == "text":
        kept = bilingual(field, value, declared["length_max"], lines=False)
        for language in LANGUAGES:
            if re.search(r"[{}]", kept[language]):
                raise FieldInvalid(f"{field}.{language}", Label("use no braces", "波括弧は使えません"))
        return kept
    if declared["type"] == "choice":
        codes = [option["code"] for option in declared["options"]]
        if value not in codes:
            known = ", ".join(codes)
            raise FieldInvalid(field, Label(f"specify one of {known}", f"次から選んでください: {known}"))
        return str(value)
    try:
        return date.fromisoformat(value).isoformat()
    except (TypeError, ValueError):
        raise FieldInvalid(
            field, Label("specify a date as YYYY-MM-DD", "YYYY-MM-DD形式で指定してください")
        ) from None


def _whole(field: str, value: Any, lowest: int, highest: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not lowest <= value <= highest:
        raise FieldInvalid(
            field,
            Label(
                f"specify a whole number from {lowest} to {highest:,}",
                f"{lowest}から{highest:,}までの整数にしてください",
            ),
        )
    return value


def fill_values(
    text: str, declared: Sequence[Mapping[str, Any]], values: Mapping[str, Any], language: str
) -> dict[str, str]:
    """The words of each parameter that ``text`` names, on one line that is no heading."""
    return {
        each["name"]: re.sub(r"^#", "＃", one_line(words_of(each, values[each["name"]], language)))
        for each in declared
        if "{" + each["name"] + "}" in text
    }
