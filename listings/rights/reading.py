"""Reads and checks a seller's choices. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import date
from typing import Any

from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label

from .choices import CHOICES, FLAGS, Purpose, Rights
from .territories import country_codes

DURATION = re.compile(r"P(?=\d)(\d+Y)?(\d+M)?(\d+D)?", re.ASCII)
COUNT_MAX = 1_000_000_000


def parse_rights(choices: Mapping[str, Any], *, prefix: str = "rights") -> Rights:
    """The rights of a seller's ``choices``; missing choices have the defaults of ``Rights``.

    Raises FieldInvalid, which names the field as ``<prefix>.<name>``.
    """
    if not isinstance(choices, Mapping):
        raise FieldInvalid(
            prefix, Label("specify an object of choices", "選択項目のオブジェクトにしてください")
        )
    known = {choice.name for choice in fields(Rights)}
    for name in sorted(set(choices) - known):
        raise FieldInvalid(
            f"{prefix}.{name}", Label("unknown right of use; remove it", "この項目はありません")
        )
    if choices.get("contract_type") is None:
        raise FieldInvalid(
            f"{prefix}.contract_type",
            Label("specify licence, transfer or joint_use", "契約形態を選んでください"),
        )
    checked: dict[str, Any] = {}
    for name, value in choices.items():
        if value is not None:
            read: Callable[[str, Any], Any] = READERS.get(name, _read_choice)
            checked[name] = read(f"{prefix}.{name}", value)
    return Rights(**checked)


def _read_choice(name: str, value: Any) -> str:
    choices = CHOICES[name.rsplit(".", 1)[-1]]
    if value not in choices.values:
        permitted = ", ".join(choices.values)
        raise FieldInvalid(name, Label(f"specify one of {permitted}", f"次から選んでください: {permitted}"))
    return str(value)


def _read_flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise FieldInvalid(name, Label("specify true or false", "true か false を指定してください"))
    return value


def _read_purposes(name: str, value: Any) -> tuple[str, ...]:
    texts = _read_texts(name, value)
    alone = {Purpose.UNRESTRICTED.value, Purpose.TO_BE_AGREED.value} & set(texts)
    if not texts or not set(texts) <= set(Purpose.values) or (alone and len(texts) > 1):
        permitted = ", ".join(Purpose.values)
        raise FieldInvalid(
            name,
            Label(
                f"specify any of {permitted}; the last two cannot be combined",
                f"次から選んでください: {permitted}（最後の二つは単独で指定）",
            ),
        )
    return texts


def _read_regions(name: str, value: Any) -> tuple[str, ...]:
    texts = _read_texts(name, value)
    if not set(texts) <= country_codes():
        raise FieldInvalid(
            name, Label("specify two-letter ISO 3166-1 codes", "ISO 3166-1の2文字コードで指定してください")
        )
    return texts


def _read_texts(name: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise FieldInvalid(name, Label("specify a list of codes", "コードのリストを指定してください"))
    return tuple(sorted({str(item) for item in value}))


def _read_date(name: str, value: Any) -> str:
    try:
        return date.fromisoformat(value).isoformat()
    except (TypeError, ValueError):
        raise FieldInvalid(
            name, Label("specify a date as YYYY-MM-DD", "YYYY-MM-DD形式で指定してください")
        ) from None


def _read_duration(name: str, value: Any) -> str:
    if not isinstance(value, str) or not DURATION.fullmatch(value):
        raise FieldInvalid(
            name,
            Label(
                "specify a period such as P1Y, P6M or P30D", "P1Y・P6M・P30D のような期間で指定してください"
            ),
        )
    return value


def _read_count(name: str, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= COUNT_MAX:
        raise FieldInvalid(
            name, Label("specify a number of uses, 1 or more", "1以上の回数を指定してください")
        )
    return value


READERS: dict[str, Callable[[str, Any], Any]] = {
    "purposes": _read_purposes,
    "regions": _read_regions,
    "valid_until": _read_date,
    "duration": _read_duration,
    "use_count_max": _read_count,
    **dict.fromkeys(FLAGS, _read_flag),
}
