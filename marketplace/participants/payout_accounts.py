"""Where a participant's money is paid to: a Japanese bank account as transfer files name it. Pure.

The holder's name is kept in the characters that a domestic transfer file may carry (JIS X 0201: half-width
katakana without small letters, capitals, digits and a few signs, 30 at most).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label

from .states import AccountType

HOLDER_LENGTH_MAX = 30
BANK_CODE_PATTERN = r"^[0-9]{4}$"
BRANCH_CODE_PATTERN = r"^[0-9]{3}$"
ACCOUNT_NUMBER_PATTERN = r"^[0-9]{7}$"
HOLDER_PATTERN = r"^[ｦｱ-ﾝﾞﾟA-Z0-9 ().,/¥｢｣-]{1,30}$"

_HALF_WIDTH = {unicodedata.normalize("NFKC", chr(code)): chr(code) for code in range(0xFF61, 0xFF9E)}
_HALF_WIDTH |= {"\u3099": "ﾞ", "\u309a": "ﾟ", "゛": "ﾞ", "゜": "ﾟ", "ー": "-", "‐": "-", "−": "-", "　": " "}
_LARGE = str.maketrans("ァィゥェォッャュョ", "アイウエオツヤユヨ")

_DIGITS = {
    "bank_code": (BANK_CODE_PATTERN, Label("give the 4 digits of the bank", "銀行コードは数字4桁です")),
    "branch_code": (BRANCH_CODE_PATTERN, Label("give the 3 digits of the branch", "支店コードは数字3桁です")),
    "account_number": (
        ACCOUNT_NUMBER_PATTERN,
        Label("give the 7 digits of the account", "口座番号は数字7桁です"),
    ),
}


@dataclass(frozen=True, slots=True)
class PayoutAccount:
    """An account that money can be sent to; made by ``payout_account`` only, so it is always well-formed."""

    bank_code: str
    branch_code: str
    account_type: str
    account_number: str
    account_holder_kana: str


def payout_account(stated: Mapping[str, str]) -> PayoutAccount:
    """The account that ``stated`` names by the five fields of PayoutAccount; raises FieldInvalid naming the field."""
    fields = set(PayoutAccount.__dataclass_fields__)
    for name in sorted(fields ^ set(stated)):
        raise FieldInvalid(
            f"payout_account.{name}",
            Label(
                "state the five fields of the account and no other",
                "口座の5項目だけを過不足なく指定してください",
            ),
        )
    for name, (pattern, reason) in _DIGITS.items():
        if not re.fullmatch(pattern, stated[name]):
            raise FieldInvalid(f"payout_account.{name}", reason)
    if stated["account_type"] not in AccountType.values:
        raise FieldInvalid(
            "payout_account.account_type",
            Label("choose ordinary or current", "ordinary（普通）か current（当座）を選んでください"),
        )
    return PayoutAccount(**{**stated, "account_holder_kana": holder_kana(stated["account_holder_kana"])})


def holder_kana(name: str) -> str:
    """``name``, in katakana of either width, as transfer files carry it; raises FieldInvalid for other characters."""
    full_width = unicodedata.normalize("NFKC", name.strip()).upper().translate(_LARGE)
    kana = "".join(_HALF_WIDTH.get(letter, letter) for letter in unicodedata.normalize("NFD", full_width))
    if not re.fullmatch(HOLDER_PATTERN, kana):
        raise FieldInvalid(
            "payout_account.account_holder_kana",
            Label(
                "write the holder in katakana, capitals and digits, 30 characters at most",
                "口座名義はカタカナ・英大文字・数字の30文字以内で指定してください",
            ),
        )
    return kana
