"""Data for documents, an application that owns templates, and a reader of the text that a PDF shows."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.apps import AppConfig, apps

# A change of font, or a string of two-byte glyph codes: in hexadecimal, or as bytes, the high one in octal.
_GLYPHS_SHOWN = re.compile(
    rb"(?s)/(f\d+) [\d.]+ Tf|<([0-9A-Fa-f]+)>|\(((?:\\[0-7]{3}(?:\\[0-7]{3}|\\.|.))*)\)"
)


def bilingual(ja: str, en: str) -> dict[str, str]:
    return {"ja": ja, "en": en}


def invoice_line(
    ja: str, en: str, amount_minor: int, tax_rate_bp: int, *, reduced_rate: bool = False
) -> dict[str, Any]:
    return {
        "description": bilingual(ja, en),
        "amount_minor": amount_minor,
        "tax_rate_bp": tax_rate_bp,
        "reduced_rate": reduced_rate,
        "reference": "trd_01",
    }


@pytest.fixture
def invoice() -> dict[str, Any]:
    """A qualified invoice of two rates, by a registered issuer."""
    return {
        "number": "INV-2026-000123",
        "kind": "qualified_invoice",
        "issued_on": "2026-01-15",
        "supplied_on": "2026-01-12",
        "issuer": {
            "name": bilingual("株式会社サンポ取引所", "Sanpo Exchange, Inc."),
            "registration_number": "T7000012050002",
            "corporate_number": "7000012050002",
        },
        "recipient": {
            "name": bilingual("東海モビリティ研究所株式会社", "Tokai Mobility Laboratory Co., Ltd."),
            "corporate_number": "5180001012345",
        },
        "currency": "JPY",
        "lines": [
            invoice_line("都市交通流量データ", "Urban traffic flow data", 1_200_000, 1000),
            invoice_line("飲食料品の試供品", "Samples of food", 105, 800, reduced_rate=True),
        ],
        "totals": [
            {"tax_rate_bp": 1000, "net_minor": 1_200_000, "tax_minor": 120_000},
            {"tax_rate_bp": 800, "net_minor": 105, "tax_minor": 8},
        ],
        "total_minor": 1_320_113,
        "purchase_order": "PO-77",
        "notes": bilingual("受取額 900,000円と差引計算されます。", "Netted against ¥900,000 receivable."),
    }


@pytest.fixture
def agreement() -> dict[str, Any]:
    """An agreement signed by both parties."""
    return {
        "agreement": "agr_01JH8Z3Q6W4XK2M7",
        "concluded_at": "2026-01-05T01:30:00.123456Z",
        "template": {"code": "data-provision", "version": "3"},
        "provider": {
            "name": bilingual("瀬戸内気象データ株式会社", "Setouchi Weather Data Co., Ltd."),
            "corporate_number": "5180001012345",
        },
        "consumer": {"name": bilingual("山田太郎", "Taro Yamada"), "corporate_number": None},
        "dataset": {"title": bilingual("気象観測データ", "Weather observations"), "version": "2026.1"},
        "price": {"amount_minor": 480_000, "currency": "JPY", "tax_rate_bp": 1000},
        "clauses": [
            {
                "number": 2,
                "heading": bilingual("利用許諾", "Licence"),
                "text": bilingual(
                    "非独占的な権利を許諾する。\n\n第三者に提供しない。", "A right.\n\nNo third party."
                ),
            }
        ],
        "policy_summary": [bilingual("自己の分析に利用できます。", "May be used for own analysis.")],
        "signatures": [
            {
                "party": "provider",
                "signer": "山田 花子",
                "signed_at": "2026-01-05T10:12:00+09:00",
                "method": bilingual("電子署名", "Electronic signature"),
                "hash": "9f86d081",
            }
        ],
        "signed_hash": "sha256:2c26b46b",
    }


@pytest.fixture
def sample_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The ``document_templates`` folder, still empty, of an installed application ``sample``."""
    module = ModuleType("sample")
    module.__path__ = [str(tmp_path)]
    monkeypatch.setitem(apps.app_configs, "sample", AppConfig("sample", module))
    folder = tmp_path / "document_templates"
    folder.mkdir()
    return folder


@pytest.fixture
def text_of() -> Callable[[bytes], str]:
    """Reads a PDF as typst writes it: the text that its pages show, without any spaces."""
    return _text_of


def _text_of(pdf: bytes) -> str:
    objects = {int(number): body for number, body in re.findall(rb"(?s)(\d+) 0 obj\s(.*?)\sendobj", pdf)}
    shown = []
    for resources, contents in re.findall(rb"/Type/Page/Resources (\d+) 0 R.*?/Contents (\d+) 0 R", pdf):
        fonts = dict(re.findall(rb"/(f\d+) (\d+) 0 R", objects[int(resources)]))
        glyphs = {name: _glyphs(objects, objects[int(number)]) for name, number in fonts.items()}
        current: dict[bytes, str] = {}
        for font, digits, escaped in _GLYPHS_SHOWN.findall(_stream(objects[int(contents)])):
            current = glyphs[font] if font else current
            codes = bytes.fromhex(digits.decode()) + _unescaped(escaped)
            shown += [current[codes[at : at + 2]] for at in range(0, len(codes), 2)]
    return re.sub(r"\s", "", "".join(shown))


def _stream(body: bytes) -> bytes:
    return zlib.decompress(body.partition(b"stream\n")[2])


def _glyphs(objects: dict[int, bytes], font: bytes) -> dict[bytes, str]:
    reference = re.search(rb"/ToUnicode (\d+) 0 R", font)
    assert reference, "every font says which characters its glyphs are"
    pairs = re.findall(rb"<([0-9A-F]{4})> <([0-9A-F]+)>", _stream(objects[int(reference[1])]))
    return {
        bytes.fromhex(code.decode()): bytes.fromhex(to.decode()).decode("utf-16-be") for code, to in pairs
    }


def _unescaped(string: bytes) -> bytes:
    named = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}

    def original(match: re.Match[bytes]) -> bytes:
        escape = match[1]
        return bytes([int(escape, 8)]) if escape.isdigit() else named.get(escape, escape)

    return re.sub(rb"(?s)\\([0-7]{3}|.)", original, string)
