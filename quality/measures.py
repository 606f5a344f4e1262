"""The market's measures of data quality, one per characteristic of ISO/IEC 25012, with their formulas. Pure.

The standard defines characteristics, not formulas for tables; the formulas are the market's own, so each is published
with its value. All values are between 0 (worst) and 1. A characteristic that cannot be measured has no value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from fractions import Fraction

from marketplace.kernel.labels import Label

from .columns import coordinate_limit
from .profiling import FileProfile
from .states import Characteristic

PLACES = Decimal("0.0001")
OPEN_FORMATS = frozenset({"csv", "json"})
STANDARD_FORMATS = OPEN_FORMATS | {"xlsx"}
COORDINATE_DECIMALS_MIN = 5
"""Decimal digits of a degree that resolve about one metre."""

PERSONAL_CLASSES = frozenset({"personal", "special_care"})
SHORT_PREFECTURE = re.compile(
    "青森|岩手|宮城|秋田|山形|福島|茨城|栃木|群馬|埼玉|千葉|東京|神奈川|新潟|富山|石川|福井|山梨|長野|岐阜|静岡|愛知|"
    "三重|滋賀|京都|大阪|兵庫|奈良|和歌山|鳥取|島根|岡山|広島|山口|徳島|香川|愛媛|高知|福岡|佐賀|長崎|熊本|大分|"
    "宮崎|鹿児島|沖縄"
)


@dataclass(frozen=True, slots=True)
class Subject:
    """The input of the measures: the profiles of a version's files, and the seller's statements.

    ``source`` is ``{"name", "url", "licence"}``; ``age_days`` since the files were added; ``opened`` of ``stored``
    files could be opened with their hash intact; ``earlier_intact`` of ``earlier_files`` files of earlier versions.
    """

    files: Sequence[FileProfile]
    personal_data_class: str
    source: dict[str, str]
    update_interval_days: int | None
    age_days: int
    opened: int
    stored: int
    earlier_intact: int
    earlier_files: int

    @property
    def tables(self) -> list[FileProfile]:
        """The files that are tables with at least one row."""
        return [file for file in self.files if file.row_count]


@dataclass(frozen=True, slots=True)
class Measure:
    """The measure of one characteristic. ``value`` returns None if it cannot be measured."""

    characteristic: Characteristic
    formula: Label
    value: Callable[[Subject], Fraction | None]


@dataclass(frozen=True, slots=True)
class MeasuredValue:
    """A characteristic with its value, truncated to four decimal places, and its formula."""

    characteristic: Characteristic
    value: Decimal
    formula: Label


def _share(part: int, whole: int) -> Fraction | None:
    return Fraction(part, whole) if whole else None


def _mean(*parts: Fraction | None) -> Fraction | None:
    known = [part for part in parts if part is not None]
    return sum(known, Fraction()) / len(known) if known else None


def _cells(subject: Subject) -> int:
    return sum(file.row_count * len(file.columns) for file in subject.tables)


def _filled(subject: Subject) -> int:
    return sum(column.filled for file in subject.tables for column in file.columns)


def _accuracy(subject: Subject) -> Fraction | None:
    columns = [column for file in subject.tables for column in file.columns]
    defects = sum(
        min(column.filled, column.filled - column.conforming + column.ditto + column.unknown)
        for column in columns
    )
    return _share(_filled(subject) - defects, _filled(subject))


def _completeness(subject: Subject) -> Fraction | None:
    return _share(_filled(subject), _cells(subject))


def _consistency(subject: Subject) -> Fraction | None:
    ragged = sum(file.table.ragged_rows for file in subject.tables if file.table)
    compared = sum(file.codes_checked for file in subject.tables)
    astray = sum(file.codes_astray for file in subject.tables)
    rows = sum(file.row_count for file in subject.tables)
    return _share(rows + compared - astray, rows + ragged + compared)


def _credibility(subject: Subject) -> Fraction | None:
    stated = bool(subject.source["name"]) + bool(subject.source["licence"])
    # Every file has a stored hash, so that item is always present.
    return Fraction(stated + 1, 3)


def currentness(*, update_interval_days: int | None, age_days: int) -> Fraction | None:
    """The currentness of data that was added ``age_days`` ago, from 0 to 1; None without a stated interval."""
    if update_interval_days is None:
        return None
    late = max(0, age_days - update_interval_days)
    return max(Fraction(), 1 - Fraction(late, update_interval_days))


def _currentness(subject: Subject) -> Fraction | None:
    return currentness(update_interval_days=subject.update_interval_days, age_days=subject.age_days)


def _accessibility(subject: Subject) -> Fraction | None:
    tables = [file.table for file in subject.files if file.table]
    if not tables:
        return Fraction()
    plain = sum(table.encoding == "utf-8" and not table.byte_order_mark for table in tables)
    foreign = sum(column.platform_dependent for file in subject.tables for column in file.columns)
    return _mean(
        _share(sum(table.format in OPEN_FORMATS for table in tables), len(subject.files)),
        _share(plain, len(subject.files)),
        _share(_filled(subject) - foreign, _filled(subject)),
    )


def _compliance(subject: Subject) -> Fraction | None:
    checked = standard = 0
    for file in subject.tables:
        for column in file.columns:
            if column.iso is not None:
                checked, standard = checked + column.filled, standard + column.iso
            elif column.sample and all(SHORT_PREFECTURE.fullmatch(value.strip()) for value in column.sample):
                checked += column.filled
    return _share(standard, checked)


def _confidentiality(subject: Subject) -> Fraction | None:
    columns = sum(len(file.columns) for file in subject.tables)
    if not columns or subject.personal_data_class in PERSONAL_CLASSES:
        return None
    exposed = {
        (file.file_name, finding.column)
        for file in subject.tables
        if file.personal_data_suspected
        for finding in file.findings
    }
    return 1 - Fraction(min(len(exposed), columns), columns)


def _efficiency(subject: Subject) -> Fraction | None:
    tables = subject.tables
    rows = sum(file.row_count for file in tables)
    repeated = sum(file.duplicate_rows for file in tables)
    mixed = sum(column.full_width + column.padded for file in tables for column in file.columns)
    keyed = sum(any(column.distinct == file.row_count for column in file.columns) for file in tables)
    filled = _filled(subject)
    return _mean(
        _share(rows - repeated, rows), _share(max(0, filled - mixed), filled), _share(keyed, len(tables))
    )


def _precision(subject: Subject) -> Fraction | None:
    coordinates = [
        column
        for file in subject.tables
        for column in file.columns
        if coordinate_limit(column.name) is not None and column.decimals is not None
    ]
    fine = sum(
        column.decimals >= COORDINATE_DECIMALS_MIN for column in coordinates if column.decimals is not None
    )
    return _share(fine, len(coordinates))


def _traceability(subject: Subject) -> Fraction | None:
    return Fraction(sum(bool(subject.source[name]) for name in ("name", "url", "licence")), 3)


def _understandability(subject: Subject) -> Fraction | None:
    headers = [file.table for file in subject.tables if file.table]
    columns = sum(len(table.header) for table in headers)
    clear = sum(
        name == name.strip() and bool(name) and "\u3000" not in name and table.header.count(name) == 1
        for table in headers
        if table.header_found
        for name in table.header
    )
    return _share(clear, columns)


def _availability(subject: Subject) -> Fraction | None:
    return _share(subject.opened, subject.stored)


def _portability(subject: Subject) -> Fraction | None:
    standard = sum(file.table is not None and file.table.format in STANDARD_FORMATS for file in subject.files)
    return _share(standard, len(subject.files))


def _recoverability(subject: Subject) -> Fraction | None:
    return _share(subject.earlier_intact, subject.earlier_files)


MEASURES: tuple[Measure, ...] = (
    Measure(
        Characteristic.ACCURACY,
        Label(
            "1 - (cells not of their column's kind, out of range, ditto or unknown) / non-empty cells",
            "1 −（列の型・範囲に合わない、「同上」「不明」等のセル数）÷ 値のあるセル数",
        ),
        _accuracy,
    ),
    Measure(
        Characteristic.COMPLETENESS,
        Label("non-empty cells / cells", "値のあるセル数 ÷ 全セル数"),
        _completeness,
    ),
    Measure(
        Characteristic.CONSISTENCY,
        Label(
            "(rows with as many cells as the header + codes that match their name) / (all rows + codes compared)",
            "（列数が見出しと一致する行 ＋ 名称と対応するコード）÷（全行数 ＋ 照合したコード数）",
        ),
        _consistency,
    ),
    Measure(
        Characteristic.CREDIBILITY,
        Label(
            "share of source name, licence and file hash that is present",
            "出典名・ライセンス・ハッシュのうち有る割合",
        ),
        _credibility,
    ),
    Measure(
        Characteristic.CURRENTNESS,
        Label(
            "1 - (days since the files were added beyond the stated update interval) / interval, at least 0",
            "1 −（追加からの経過日数のうち更新間隔の超過分）÷ 更新間隔（下限0）",
        ),
        _currentness,
    ),
    Measure(
        Characteristic.ACCESSIBILITY,
        Label(
            "mean of: files in an open format; files in UTF-8 without byte-order mark; cells without "
            "platform-dependent characters",
            "オープン形式のファイル割合・BOMなしUTF-8の割合・機種依存文字のないセル割合の平均",
        ),
        _accessibility,
    ),
    Measure(
        Characteristic.COMPLIANCE,
        Label(
            "(dates and times in ISO 8601 + full prefecture names) / (date, time and prefecture cells)",
            "（ISO 8601の日付・時刻 ＋ 正式な都道府県名）÷（日付・時刻・都道府県のセル数）",
        ),
        _compliance,
    ),
    Measure(
        Characteristic.CONFIDENTIALITY,
        Label(
            "1 - (columns with traces of personal data that the declared class does not allow) / columns",
            "1 −（申告区分で認められない個人情報の痕跡がある列数）÷ 列数",
        ),
        _confidentiality,
    ),
    Measure(
        Characteristic.EFFICIENCY,
        Label(
            "mean of: rows without duplicates; cells without full-width letters or surrounding spaces; "
            "tables with a key column",
            "重複のない行の割合・全角英数字や前後空白のないセル割合・キー列のある表の割合の平均",
        ),
        _efficiency,
    ),
    Measure(
        Characteristic.PRECISION,
        Label(
            f"coordinate columns with {COORDINATE_DECIMALS_MIN} decimals of a degree or more (median) / coordinate columns",
            f"小数{COORDINATE_DECIMALS_MIN}桁以上（中央値）の緯度経度列 ÷ 緯度経度列",
        ),
        _precision,
    ),
    Measure(
        Characteristic.TRACEABILITY,
        Label(
            "share of source name, source URL and licence that is stated",
            "出典名・出典URL・ライセンスのうち記載された割合",
        ),
        _traceability,
    ),
    Measure(
        Characteristic.UNDERSTANDABILITY,
        Label(
            "columns with a unique name without full-width or surrounding spaces / columns",
            "固有の列名（全角空白・前後空白なし）をもつ列数 ÷ 列数",
        ),
        _understandability,
    ),
    Measure(
        Characteristic.AVAILABILITY,
        Label(
            "files opened with their hash intact / files, when measured",
            "測定時にハッシュ一致で開けたファイル数 ÷ ファイル数",
        ),
        _availability,
    ),
    Measure(
        Characteristic.PORTABILITY,
        Label(
            "files in a standard format (CSV, JSON, XLSX) / files",
            "標準形式（CSV・JSON・XLSX）のファイル割合",
        ),
        _portability,
    ),
    Measure(
        Characteristic.RECOVERABILITY,
        Label(
            "files of earlier versions that still open with their hash intact / files of earlier versions",
            "ハッシュ一致で開ける旧版ファイル数 ÷ 旧版ファイル数",
        ),
        _recoverability,
    ),
)


def measure(subject: Subject) -> Iterator[MeasuredValue]:
    """Every characteristic of ``subject`` that can be measured, in the order of the standard."""
    for rule in MEASURES:
        value = rule.value(subject)
        if value is not None:
            exact = Decimal(value.numerator) / Decimal(value.denominator)
            yield MeasuredValue(
                rule.characteristic, exact.quantize(PLACES, rounding=ROUND_DOWN), rule.formula
            )


def published_measures() -> list[dict[str, object]]:
    """Every measure for publication: characteristic, name and formula."""
    return [
        {
            "characteristic": rule.characteristic.value,
            "label": rule.characteristic.label.as_dict(),  # type: ignore[attr-defined]
            "formula": rule.formula.as_dict(),
        }
        for rule in MEASURES
    ]
