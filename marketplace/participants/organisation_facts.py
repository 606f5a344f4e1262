"""The facts of an organisation that its own people change: their names, columns and limits. Pure."""

from __future__ import annotations

from collections.abc import Mapping

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


LENGTH_MAX: Mapping[str, int] = {
    Fact.NAME_JA: 200,
    Fact.NAME_EN: 200,
    Fact.NAME_KANA: 200,
    Fact.ADDRESS: 300,
    Fact.REPRESENTATIVE: 100,
    Fact.INVOICE_NUMBER: 14,
    Fact.CONTACT_EMAIL: 254,
}
MAY_BE_EMPTY = frozenset({Fact.NAME_KANA.value, Fact.INVOICE_NUMBER.value, Fact.CONTACT_EMAIL.value})
SCREENED = frozenset({Fact.NAME_JA.value, Fact.NAME_EN.value, Fact.ADDRESS.value, Fact.REPRESENTATIVE.value})
"""Facts that a screening compares with the registry and the lists."""
