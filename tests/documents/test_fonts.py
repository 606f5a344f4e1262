"""Fonts come from their package, or are said to be missing."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from marketplace.documents.errors import FontMissing
from marketplace.documents.fonts import FONT_FILES, font_folder


def test_font_folder_holds_every_font() -> None:
    held = {path.name for path in font_folder().glob("*.otf")}
    assert held == set(FONT_FILES)


def test_font_folder_names_the_font_of_an_absent_package() -> None:
    with pytest.raises(FontMissing) as refusal:
        font_folder("no_such_fonts")
    assert refusal.value.fields == {"font": "NotoSansJP-Regular.otf"}


def test_font_folder_names_the_absent_font(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "half_the_fonts"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "NotoSansJP-Regular.otf").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(FontMissing) as refusal:
        font_folder("half_the_fonts")
    assert refusal.value.fields == {"font": "NotoSerifJP-Regular.otf"}
    sys.modules.pop("half_the_fonts", None)
