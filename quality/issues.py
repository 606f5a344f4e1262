"""Issues of a file that users should know, as text. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from marketplace.kernel.labels import Label

from .columns import ColumnMeasures
from .reading import Table

ISSUES: dict[str, Label] = {
    "byte_order_mark": Label("The file begins with a byte-order mark.", "先頭にBOMがあります。"),
    "encoding": Label(
        "The text is in {encoding}, not in UTF-8.", "文字コードが{encoding}です（UTF-8ではありません）。"
    ),
    "preamble_rows": Label("{count} rows come before the header.", "見出し行の前に{count}行あります。"),
    "annotation_rows": Label(
        "{count} rows of notes are between header and data.",
        "見出し行とデータの間に注記が{count}行あります。",
    ),
    "no_header": Label("There is no header row.", "見出し行がありません。"),
    "ragged_rows": Label(
        "{count} rows have a different number of cells than the header.",
        "列数が見出しと異なる行が{count}行あります。",
    ),
    "duplicate_rows": Label("{count} rows repeat an earlier row.", "重複する行が{count}行あります。"),
    "codes_astray": Label(
        "{count} rows have a code that does not match its name.",
        "コードと名称が対応しない行が{count}行あります。",
    ),
    "header_blank": Label(
        "The name of column {column} contains a full-width space or leading or trailing spaces.",
        "列名「{column}」に全角空白または前後の空白があります。",
    ),
    "header_empty": Label("{count} columns have no name.", "列名のない列が{count}列あります。"),
    "header_repeated": Label("Several columns have the name {column}.", "列名「{column}」が重複しています。"),
    "empty_column": Label("Column {column} is empty.", "列「{column}」は空です。"),
    "misfits": Label(
        "{count} cells of column {column} are not of the kind {kind}.",
        "列「{column}」に{kind}でない値が{count}件あります。",
    ),
    "ditto": Label(
        "{count} cells of column {column} contain a ditto mark.",
        "列「{column}」に「同上」等が{count}件あります。",
    ),
    "unknown": Label(
        "{count} cells of column {column} contain a word for unknown or a dash.",
        "列「{column}」に「不明」等が{count}件あります。",
    ),
    "full_width": Label(
        "{count} cells of column {column} contain full-width letters or digits.",
        "列「{column}」に全角英数字が{count}件あります。",
    ),
    "padded": Label(
        "{count} cells of column {column} have leading or trailing spaces.",
        "列「{column}」に前後の空白が{count}件あります。",
    ),
    "platform_dependent": Label(
        "{count} cells of column {column} contain platform-dependent characters.",
        "列「{column}」に機種依存文字が{count}件あります。",
    ),
    "not_iso": Label(
        "{count} cells of column {column} contain a date or time that is not in ISO 8601.",
        "列「{column}」にISO 8601でない日付・時刻が{count}件あります。",
    ),
}


def issues_of(
    table: Table, columns: Sequence[ColumnMeasures], duplicate_rows: int, codes_astray: int
) -> list[dict[str, Any]]:
    """Every issue of a file: ``{"code", "text": {"ja","en"}}`` with ``count`` and ``column`` where they apply."""
    found = [
        *_of_file(table, duplicate_rows, codes_astray),
        *_of_header(table.header if table.header_found else ()),
        *(issue for column in columns for issue in _of_column(column)),
    ]
    return [{"code": code, **fields, "text": ISSUES[code].fill(fields).as_dict()} for code, fields in found]


Found = Iterator[tuple[str, dict[str, Any]]]


def _of_file(table: Table, duplicate_rows: int, codes_astray: int) -> Found:
    if table.byte_order_mark:
        yield "byte_order_mark", {}
    if table.encoding != "utf-8":
        yield "encoding", {"encoding": table.encoding}
    if not table.header_found:
        yield "no_header", {}
    counted = {
        "preamble_rows": table.preamble_rows,
        "annotation_rows": table.annotation_rows,
        "ragged_rows": table.ragged_rows,
        "duplicate_rows": duplicate_rows,
        "codes_astray": codes_astray,
    }
    for code, count in counted.items():
        if count:
            yield code, {"count": count}


def _of_header(header: Sequence[str]) -> Found:
    unnamed = sum(not name.strip() for name in header)
    if unnamed:
        yield "header_empty", {"count": unnamed}
    for name in header:
        if name.strip() and ("\u3000" in name or name != name.strip()):
            yield "header_blank", {"column": name}
    for name, count in Counter(header).items():
        if name.strip() and count > 1:
            yield "header_repeated", {"column": name}


def _of_column(column: ColumnMeasures) -> Found:
    if not column.filled:
        yield "empty_column", {"column": column.name}
        return
    counted = {
        "ditto": column.ditto,
        "unknown": column.unknown,
        "full_width": column.full_width,
        "padded": column.padded,
        "platform_dependent": column.platform_dependent,
        "not_iso": 0 if column.iso is None else column.conforming - min(column.iso, column.conforming),
    }
    if column.checked_for_kind and column.conforming < column.filled:
        misfits = column.filled - column.conforming
        yield "misfits", {"column": column.name, "kind": column.kind, "count": misfits}
    for code, count in counted.items():
        if count:
            yield code, {"column": column.name, "count": count}
