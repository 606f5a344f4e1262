"""A participant's payout account: a Japanese bank account in the form of transfer files. Pure.

The holder's name is stored in the characters that a domestic transfer file allows (JIS X 0201: half-width
katakana without small letters, capitals, digits and a few signs, 30 at most).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from marketplace.kernel.calendars import BusinessCalendar
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label

from .states import AccountType

HOLDER_LENGTH_MAX = 30
REASON_LENGTH_MAX = 500
"""Of why a change of the account is stopped."""
WAITING_BUSINESS_DAYS = 5
"""Business days of banks in Japan from the confirmation of a changed account until it is used."""
NAME_STANDS = timedelta(days=7)
"""So long a name of a participant of one person has been on record before it is the holder of its account."""
ROLE_STANDS = timedelta(days=7)
"""So long a colleague has held a role that may change the account before it confirms one."""
CONFIRMED_WITHIN_DAYS = 14
"""A change that nobody confirms lapses after so many days."""
BANK_CODE_PATTERN = r"^[0-9]{4}$"
BRANCH_CODE_PATTERN = r"^[0-9]{3}$"
ACCOUNT_NUMBER_PATTERN = r"^[0-9]{7}$"
HOLDER_PATTERN = r"^[ｦｱ-ﾝﾞﾟA-Z0-9 ().,/¥｢｣-]{1,30}$"

_HALF_WIDTH = {unicodedata.normalize("NFKC", chr(code)): chr(code) for code in range(0xFF61, 0xFF9E)}
_HALF_WIDTH |= {"\u3099": "ﾞ", "\u309a": "ﾟ", "゛": "ﾞ", "゜": "ﾟ", "ー": "-", "‐": "-", "−": "-", "　": " "}
_LARGE = str.maketrans("ァィゥェォッャュョ", "アイウエオツヤユヨ")

_DIGITS = {
    "bank_code": (
        BANK_CODE_PATTERN,
        Label("specify the 4 digits of the bank code", "銀行コードは数字4桁です"),
    ),
    "branch_code": (
        BRANCH_CODE_PATTERN,
        Label("specify the 3 digits of the branch code", "支店コードは数字3桁です"),
    ),
    "account_number": (
        ACCOUNT_NUMBER_PATTERN,
        Label("specify the 7 digits of the account number", "口座番号は数字7桁です"),
    ),
}


@dataclass(frozen=True, slots=True)
class PayoutAccount:
    """A payout account; only ``payout_account`` makes one, so it is always well-formed."""

    bank_code: str
    branch_code: str
    account_type: str
    account_number: str
    account_holder_kana: str


def payout_account(stated: Mapping[str, str]) -> PayoutAccount:
    """The account with the five fields of PayoutAccount in ``stated``; raises FieldInvalid."""
    fields = set(PayoutAccount.__dataclass_fields__)
    for name in sorted(fields ^ set(stated)):
        raise FieldInvalid(
            f"payout_account.{name}",
            Label(
                "specify the five fields of the account and no others",
                "口座の5項目だけを過不足なく指定してください",
            ),
        )
    for name, (pattern, reason) in _DIGITS.items():
        if not re.fullmatch(pattern, stated[name]):
            raise FieldInvalid(f"payout_account.{name}", reason)
    if stated["account_type"] not in AccountType.values:
        raise FieldInvalid(
            "payout_account.account_type",
            Label("specify ordinary or current", "ordinary（普通）か current（当座）を選んでください"),
        )
    return PayoutAccount(**{**stated, "account_holder_kana": holder_kana(stated["account_holder_kana"])})


def holder_kana(name: str) -> str:
    """``name``, in katakana of either width, in the form of transfer files; raises FieldInvalid for other characters."""
    kana = _half_width(name)
    if not re.fullmatch(HOLDER_PATTERN, kana):
        raise FieldInvalid(
            "payout_account.account_holder_kana",
            Label(
                "use katakana, capital letters and digits, at most 30 characters",
                "口座名義はカタカナ・英大文字・数字の30文字以内で指定してください",
            ),
        )
    return kana


def _half_width(name: str) -> str:
    full_width = unicodedata.normalize("NFKC", name.strip()).upper().translate(_LARGE)
    return "".join(_HALF_WIDTH.get(letter, letter) for letter in unicodedata.normalize("NFD", full_width))


def usable_from(confirmed_on: date) -> date:
    """The day from which an account that was confirmed on a day is used: ``WAITING_BUSINESS_DAYS`` later."""
    return BusinessCalendar().add_business_days(confirmed_on, WAITING_BUSINESS_DAYS)


def lapses_on(proposed_on: date) -> date:
    """The last day on which a change that was proposed on a day can be confirmed."""
    return proposed_on + timedelta(days=CONFIRMED_WITHIN_DAYS)


_LEGAL_FORMS = re.compile(r"^[ｦ-ﾝﾞﾟ]{1,3}\)|\([ｦ-ﾝﾞﾟ]{1,3}\)?$|\([ｦ-ﾝﾞﾟ]{1,3}\)")
_WRITTEN_OUT = re.compile(
    "|".join(
        unicodedata.normalize("NFD", form)
        for form in (
            "カブシキガイシヤ", "ユウゲンガイシヤ", "ゴウドウガイシヤ", "ゴウシガイシヤ", "ゴウメイガイシヤ",
            "イツパンシヤダンホウジン", "イツパンザイダンホウジン", "シヤダンホウジン", "ザイダンホウジン",
        )
    )
)  # fmt: skip


def is_holder(holder: str, names: Iterable[str]) -> bool:
    """Whether the ``holder`` of an account is an organisation of these ``names``, as far as they are in katakana or Latin.

    The legal form, spaces and signs are left out of both, so `ｶ)ｻﾇｷ` is カブシキガイシャ サヌキ. Names in other letters
    are compared with nothing.
    """
    wanted = _plain(holder)
    return bool(wanted) and any(_plain(name) == wanted for name in names)


def _plain(name: str) -> str:
    """A name in half-width katakana and capitals without its legal form, spaces and signs; empty in other letters."""
    try:
        kana = _LEGAL_FORMS.sub("", holder_kana(name[: 4 * HOLDER_LENGTH_MAX]))
    except FieldInvalid:
        return ""
    spelled = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", kana))
    return re.sub(r"[ ().,/¥｢｣ー-]", "", _WRITTEN_OUT.sub("", spelled))


def is_kana(name: str) -> bool:
    """Whether a name is in katakana, Latin letters, digits and the signs of transfer files; it may be longer than those."""
    kana = _half_width(name)
    return bool(kana) and re.sub(r"[ｦｱ-ﾝﾞﾟA-Z0-9 ().,/¥｢｣-]", "", kana) == ""
