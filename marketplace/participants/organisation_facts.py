"""The facts of an organisation that its own people change: their names, columns and limits. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import TextChoices

from marketplace.kernel.labels import Label


class Fact(TextChoices):
    """A fact of an organisation; its value is the column."""

    NAME_JA = "name_ja", Label("name in Japanese", "名称（日本語）")
    NAME_EN = "name_en", Label("name in English", "名称（英語）")
    NAME_KANA = "name_kana", Label("name in katakana", "名称（カナ）")
    ADDRESS = "address", Label("address", "所在地")
    REPRESENTATIVE = "representative", Label("representative", "代表者")
    INVOICE_NUMBER = (
        "invoice_registration_number",
        Label("qualified-invoice registration number", "適格請求書発行事業者の登録番号"),
    )
    CONTACT_EMAIL = "contact_email", Label("e-mail address for contact", "連絡先メールアドレス")
    CAPITAL = "capital_yen", Label("stated capital in yen", "資本金の額または出資の総額（円）")
    EMPLOYEES = "employees", Label("employees in regular service", "常時使用する従業員の数")
    OFFICERS = "officers", Label("officers, the representative included", "役員の数（代表者を含む）")


LENGTH_MAX: Mapping[str, int] = {
    Fact.NAME_JA: 200,
    Fact.NAME_EN: 200,
    Fact.NAME_KANA: 200,
    Fact.ADDRESS: 300,
    Fact.REPRESENTATIVE: 100,
    Fact.INVOICE_NUMBER: 14,
    Fact.CONTACT_EMAIL: 254,
    Fact.CAPITAL: 15,
    Fact.EMPLOYEES: 8,
    Fact.OFFICERS: 4,
}
SIZES = frozenset({Fact.CAPITAL.value, Fact.EMPLOYEES.value, Fact.OFFICERS.value})
"""Facts that are whole numbers in decimal digits; empty is not stated, which is not none."""
WHOLE_NUMBER = r"^(0|[1-9][0-9]*)$"
MAY_BE_EMPTY = SIZES | {Fact.NAME_KANA.value, Fact.INVOICE_NUMBER.value, Fact.CONTACT_EMAIL.value}
SCREENED = frozenset({Fact.NAME_JA.value, Fact.NAME_EN.value, Fact.ADDRESS.value, Fact.REPRESENTATIVE.value})
"""Facts that a screening compares with the registry and the lists."""


@dataclass(frozen=True, slots=True)
class Size:
    """The size that an organisation states: ``capital_yen``, ``employees`` in regular service and ``officers``; None is not stated."""

    is_individual: bool
    capital_yen: int | None
    employees: int | None
    officers: int | None
