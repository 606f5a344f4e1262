"""The style of the pages: readable contrast, nothing loaded from elsewhere."""

from __future__ import annotations

import re

import pytest
from django.contrib.staticfiles import finders

SHEET = finders.find("web/pages.css")
CONTRAST_MIN = 4.5
"""WCAG 2.2, success criterion 1.4.3 (AA), for text of any size."""

# Text colour, and the ground that it stands on.
PAIRS = [
    ("ink", "paper"),
    ("ink", "tint"),
    ("quiet", "paper"),
    ("quiet", "tint"),
    ("accent", "paper"),
    ("accent", "tint"),
    ("warm", "paper"),
    ("warm", "tint"),
    ("paper", "accent"),
]


@pytest.fixture(scope="module")
def sheet():
    with open(SHEET, encoding="utf-8") as file:
        return file.read()


def luminance(colour):
    """Relative luminance (WCAG 2.2) of ``#rrggbb``."""
    shares = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_text_stands_out_from_its_ground(sheet, text, ground):
    colours = dict(re.findall(r"--(\w+): (#[0-9a-f]{6});", sheet))
    lighter, darker = sorted((luminance(colours[text]), luminance(colours[ground])), reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= CONTRAST_MIN


def test_colours_are_named_once_and_used_by_name(sheet):
    named = re.findall(r"--\w+: #[0-9a-f]{6};", sheet)
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b|rgba?\(|hsla?\(", sheet) == [
        line.split()[1][:-1] for line in named
    ]


def test_focus_is_visible(sheet):
    assert ":focus-visible { outline: 3px solid var(--warm);" in sheet


def test_the_sheet_loads_nothing(sheet):
    assert re.findall(r"url\(|@import|//", sheet) == []
