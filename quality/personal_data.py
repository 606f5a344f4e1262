"""Detection of traces of personal data in a table, by published rules. Pure.

A finding names a column and counts; it never contains a value. One strong finding makes a table suspected; weak ones,
which business directories have too, only together with a date of birth. The rules can be wrong: they support a
decision that a person can correct, and each publishes its method.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from marketplace.kernel.labels import Label

from .personal_names import is_full_name, is_part_of_name

EMAIL = r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+"
ROLE_EMAIL = (
    r"(?i)(^|[^A-Za-z0-9._%+-])(info|contact|support|office|admin|webmaster|sales|help|press|inquiry|mail|koho|"
    r"soumu|toiawase|jimukyoku|noreply|no-reply)[0-9]*@"
)
MOBILE = r"(^|[^0-9])(0[789]0|\+81[- ]?[789]0)[- ]?[0-9]{4}[- ]?[0-9]{4}($|[^0-9])"
MOBILE_WITHOUT_ZERO = re.compile(r"[789]0[0-9]{8}")
LANDLINE = re.compile(r"\(?0[1-9][0-9]{0,3}[-() ]{1,2}[0-9]{1,4}[-() ]{1,2}[0-9]{3,4}|\+[1-9][0-9 ()-]{7,18}")
DIGITS_OF_PHONE = re.compile(r"[0-9][0-9 ()-]{5,16}[0-9]")
HOUSE_NUMBER = re.compile(
    r"丁目|番地|[0-9]+番|[0-9]+-[0-9]+|[0-9]+号|^[0-9]+ [A-Z][a-z]+|乙[0-9]+|[町村字][0-9]+"
)
DATE = re.compile(
    r"[0-9]{4}[-/.年][0-9]{1,2}[-/.月][0-9]{1,2}日?|[0-9]{8}|(明治|大正|昭和|平成|令和|[MTSHR])[0-9元].*"
)
ADDRESS_OF_NETWORK = re.compile(
    r"([0-9]{1,3}\.){3}[0-9]{1,3}|[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
)

EMAIL_CHARACTERS_MIN = 6
MOBILE_CHARACTERS_MIN = 11
ROWS_MIN = 3
SHARE_MIN = 0.1
MOSTLY = 0.9
HALF = 0.5
NAMED_SHARE_MIN = 0.3
UNNAMED_SHARE_MIN = 0.6
NUMBERS_MIN = 5


@dataclass(frozen=True, slots=True)
class Column:
    """One column as the rules see it: its ``name``, how many cells are filled, the length of the longest, distinct
    values as a sample, and how to count the cells in which a pattern (RE2) is found, given a text that such cells
    contain."""

    name: str
    filled: int
    longest: int
    sample: Sequence[str]
    count_matching: Callable[[str, str], int]

    @property
    def key(self) -> str:
        """The name in the form for comparing hints: NFKC, lower case, without spaces and marks."""
        return re.sub(r"[\s_\-#.・]", "", unicodedata.normalize("NFKC", self.name).lower())

    def named(self, hints: Iterable[str]) -> bool:
        """Whether the name contains one of the hints."""
        return any(hint in self.key for hint in hints)

    def share(self, test: Callable[[str], Any]) -> float:
        """The share of the sample that passes ``test``; values are compared in compatibility form (NFKC)."""
        if not self.sample:
            return 0.0
        passed = sum(bool(test(unicodedata.normalize("NFKC", value).strip())) for value in self.sample)
        return passed / len(self.sample)


@dataclass(frozen=True, slots=True)
class Trace:
    """What a rule found in a column: cells ``found`` among ``examined`` (distinct values where it samples)."""

    found: int
    examined: int


@dataclass(frozen=True, slots=True)
class Rule:
    """A published rule. ``strong``: one finding makes a table suspected. ``method``: how the rule works."""

    code: str
    label: Label
    strong: bool
    method: Label
    look: Callable[[Column], Trace | None]

    def published(self) -> dict[str, Any]:
        """The rule for publication."""
        return {
            "code": self.code,
            "label": self.label.as_dict(),
            "strong": self.strong,
            "method": self.method.as_dict(),
        }


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule's finding in a column of a file. ``share_bp`` is found ÷ examined in basis points."""

    rule: str
    column: str
    strong: bool
    found: int
    examined: int
    share_bp: int

    def as_dict(self) -> dict[str, Any]:
        """The finding in JSON types."""
        return asdict(self)


def _enough(found: int, examined: int) -> Trace | None:
    if found and (found >= ROWS_MIN or found / examined >= SHARE_MIN):
        return Trace(found, examined)
    return None


def _trace_in_sample(column: Column, share: float, least: float) -> Trace | None:
    return Trace(round(share * len(column.sample)), len(column.sample)) if share >= least else None


def _email(column: Column) -> Trace | None:
    found = column.count_matching(EMAIL, "@") if column.longest >= EMAIL_CHARACTERS_MIN else 0
    return _enough(found and found - column.count_matching(ROLE_EMAIL, "@"), column.filled)


def _for_phones(column: Column) -> bool:
    return column.named(("電話", "phone", "携帯", "mobile", "連絡先")) or column.key.startswith("tel")


def _mobile(column: Column) -> Trace | None:
    counted = column.count_matching(MOBILE, "0") if column.longest >= MOBILE_CHARACTERS_MIN else 0
    found = _enough(counted, column.filled)
    if found is None and _for_phones(column):
        return _trace_in_sample(column, column.share(MOBILE_WITHOUT_ZERO.fullmatch), HALF)
    return found


def _landline(column: Column) -> Trace | None:
    pattern = DIGITS_OF_PHONE if _for_phones(column) else LANDLINE
    return _trace_in_sample(column, column.share(pattern.fullmatch), HALF)


PERSON_HINTS = (
    *(
        "氏名",
        "お名前",
        "姓名",
        "顧客名",
        "会員名",
        "患者名",
        "社員名",
        "従業員名",
        "担当者名",
        "代表者",
        "契約者名",
    ),
    *(
        "fullname",
        "firstname",
        "lastname",
        "surname",
        "givenname",
        "familyname",
        "customername",
        "contactname",
    ),
    *("patientname", "membername", "employeename", "personname", "representative"),
)
NOT_PERSON_HINTS = ("施設", "organization", "organisation", "company", "facility", "inkana", "inromaji")


def _person_name(column: Column) -> Trace | None:
    if column.named(PERSON_HINTS) and not column.named(NOT_PERSON_HINTS):
        return _trace_in_sample(column, column.share(_name_or_part), NAMED_SHARE_MIN)
    return _trace_in_sample(column, column.share(is_full_name), UNNAMED_SHARE_MIN)


def _name_or_part(value: str) -> bool:
    return is_full_name(value) or is_part_of_name(value)


def my_number_valid(value: str) -> bool:
    """Whether 12 digits carry the check digit of an individual number (個人番号, 総務省令 2014-85 article 5)."""
    if not re.fullmatch(r"[0-9]{12}", value):
        return False
    digits = [int(digit) for digit in reversed(value[:-1])]
    total = sum(
        digit * (place + 1 if place <= 6 else place - 5) for place, digit in enumerate(digits, start=1)
    )
    remainder = total % 11
    return int(value[-1]) == (0 if remainder <= 1 else 11 - remainder)


def card_number_valid(value: str) -> bool:
    """Whether 14 to 16 digits carry the check digit of a payment card (ISO/IEC 7812-1, Luhn)."""
    digits = re.sub(r"[ -]", "", value)
    if not re.fullmatch(r"[3-6][0-9]{13,15}", digits):
        return False
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits))]
    return sum(number // 10 + number % 10 for number in doubled) % 10 == 0


def _my_number(column: Column) -> Trace | None:
    def test(value: str) -> bool:
        return my_number_valid(re.sub(r"[ -]", "", value))

    return _trace_in_sample(column, column.share(test), MOSTLY) if len(column.sample) >= NUMBERS_MIN else None


def _card_number(column: Column) -> Trace | None:
    if len(column.sample) < NUMBERS_MIN:
        return None
    return _trace_in_sample(column, column.share(card_number_valid), MOSTLY)


IDENTIFICATION_CODES: tuple[tuple[tuple[str, ...], re.Pattern[str]], ...] = (
    (("免許証番号", "driverslicense", "driverlicense"), re.compile(r"[0-9]{12}")),
    (("旅券", "パスポート", "passport"), re.compile(r"[A-Z]{1,2}[0-9]{6,8}")),
    (("年金番号", "pensionnumber"), re.compile(r"[0-9]{4}-?[0-9]{6}")),
    (("被保険者番号", "被保険者証", "insurednumber"), re.compile(r"[0-9-]{6,14}")),
    (("在留カード", "residencecard"), re.compile(r"[A-Z]{2}[0-9]{8}[A-Z]{2}")),
)


def _identification_code(column: Column) -> Trace | None:
    for hints, pattern in IDENTIFICATION_CODES:
        if column.named(hints):
            return _trace_in_sample(column, column.share(pattern.fullmatch), HALF)
    return None


def _birth_date(column: Column) -> Trace | None:
    if not (column.named(("生年月日", "誕生日", "birth")) or column.key == "dob"):
        return None
    return _trace_in_sample(column, column.share(DATE.fullmatch), HALF)


def _address(column: Column) -> Trace | None:
    if not column.named(("住所", "所在地", "address", "居所")):
        return None
    return _trace_in_sample(column, column.share(HOUSE_NUMBER.search), HALF)


def _special_care(column: Column) -> Trace | None:
    hints = (
        *("病名", "傷病", "診断", "既往", "障害", "障がい", "犯罪", "前科", "信条", "宗教", "人種"),
        *("diagnosis", "disability", "disease", "criminal", "religion", "ethnicity"),
    )
    texts = column.named(hints) and column.share(lambda value: not value.replace(".", "").isdigit()) >= HALF
    return Trace(column.filled, column.filled) if texts and column.filled else None


def _online_identifier(column: Column) -> Trace | None:
    return _trace_in_sample(column, column.share(ADDRESS_OF_NETWORK.fullmatch), MOSTLY)


RULES: tuple[Rule, ...] = (
    Rule(
        "email",
        Label("e-mail addresses of persons", "個人のメールアドレス"),
        strong=True,
        method=Label(
            "e-mail addresses in any cell, except shared ones such as info@; at least 3 cells or 10%",
            "全セルからメールアドレスを検出（info@等の代表アドレスを除く）。3件以上または1割以上",
        ),
        look=_email,
    ),
    Rule(
        "mobile_phone",
        Label("mobile telephone numbers", "携帯電話番号"),
        strong=True,
        method=Label(
            "Japanese numbers with 070, 080 or 090 in any cell; at least 3 cells or 10%",
            "全セルから070・080・090番号を検出。3件以上または1割以上",
        ),
        look=_mobile,
    ),
    Rule(
        "person_name",
        Label("names of persons", "個人の氏名"),
        strong=True,
        method=Label(
            "family and given name together in 60% of the values examined, or 30% if the column name indicates names",
            "姓と名が並ぶ値が検査値の6割以上。列名が氏名を示す場合は3割以上",
        ),
        look=_person_name,
    ),
    Rule(
        "my_number",
        Label("individual numbers (My Number)", "個人番号（マイナンバー）"),
        strong=True,
        method=Label(
            "12 digits with a valid check digit in 90% of the values examined",
            "検査用数字の正しい12桁が検査値の9割以上",
        ),
        look=_my_number,
    ),
    Rule(
        "card_number",
        Label("payment card numbers", "クレジットカード番号"),
        strong=True,
        method=Label(
            "14 to 16 digits with a valid check digit (Luhn) in 90% of the values examined",
            "検査用数字（Luhn）の正しい14～16桁が検査値の9割以上",
        ),
        look=_card_number,
    ),
    Rule(
        "identification_code",
        Label("identification codes of persons", "個人識別符号等"),
        strong=True,
        method=Label(
            "column names for licences, passports, pensions, insurance or residence cards, with values of that format",
            "免許証・旅券・年金・保険・在留カードを示す列名と値の形式",
        ),
        look=_identification_code,
    ),
    Rule(
        "birth_date",
        Label("dates of birth", "生年月日"),
        strong=False,
        method=Label("column names for birth, with dates as values", "誕生を示す列名と日付の値"),
        look=_birth_date,
    ),
    Rule(
        "landline_phone",
        Label("telephone numbers", "電話番号"),
        strong=False,
        method=Label(
            "values in the format of telephone numbers in 50% of the values examined",
            "電話番号の形式の値が検査値の半数以上",
        ),
        look=_landline,
    ),
    Rule(
        "address",
        Label("addresses with house numbers", "番地までの住所"),
        strong=False,
        method=Label(
            "column names for addresses, with house numbers in 50% of the values", "住所を示す列名と番地の値"
        ),
        look=_address,
    ),
    Rule(
        "special_care",
        Label("health, creed, criminal record and the like", "要配慮個人情報に当たりうる項目"),
        strong=False,
        method=Label(
            "column names for illness, disability, creed, race or crime, with words as values",
            "病歴・障害・信条・人種・犯罪等を示す列名と文字の値",
        ),
        look=_special_care,
    ),
    Rule(
        "online_identifier",
        Label("online identifiers", "端末・通信の識別子"),
        strong=False,
        method=Label(
            "network addresses or random identifiers in 90% of the values examined",
            "IPアドレスや識別子の値が検査値の9割以上",
        ),
        look=_online_identifier,
    ),
)


def scan(columns: Iterable[Column]) -> list[Finding]:
    """The findings of the rules in a table, column by column, in the order of RULES."""
    findings: list[Finding] = []
    for column in columns:
        if not column.filled:
            continue
        for rule in RULES:
            trace = rule.look(column)
            # Report a column of mobile numbers once, not also as telephone numbers.
            known = {finding.rule for finding in findings if finding.column == column.name}
            if trace is None or (rule.code == "landline_phone" and known & {"mobile_phone", "my_number"}):
                continue
            share_bp = trace.found * 10_000 // trace.examined
            findings.append(
                Finding(rule.code, column.name, rule.strong, trace.found, trace.examined, share_bp)
            )
    return findings


def is_suspected(findings: Iterable[Finding]) -> bool:
    """Whether the findings of one table suggest personal data: a strong one, or a date of birth and another."""
    found = list(findings)
    kinds = {finding.rule for finding in found}
    return any(finding.strong for finding in found) or ("birth_date" in kinds and len(kinds) > 1)
