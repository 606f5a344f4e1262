"""Reads the text that the pages of a PDF show."""

from __future__ import annotations

import re
from io import BytesIO

from pypdf import PdfReader


def pages_of_pdf(pdf: bytes) -> list[str]:
    """The text that each page shows, without any spaces; what stands on its foot comes last."""
    return [re.sub(r"\s", "", page.extract_text()) for page in PdfReader(BytesIO(pdf)).pages]


def text_of_pdf(pdf: bytes) -> str:
    """The text that the pages show, without any spaces."""
    return "".join(pages_of_pdf(pdf))
