"""Kinds of files that are taken as evidence, recognised by their first bytes. Pure."""

from __future__ import annotations

PDF, JPEG, PNG = "application/pdf", "image/jpeg", "image/png"
ACCEPTED = {PDF: b"%PDF-", JPEG: b"\xff\xd8\xff", PNG: b"\x89PNG\r\n\x1a\n"}
SUFFIXES = {PDF: "pdf", JPEG: "jpg", PNG: "png"}


def media_type_of(content: bytes) -> str | None:
    """The media type of a PDF, JPEG or PNG file; None for any other, whatever its name says."""
    return next((kind for kind, first in ACCEPTED.items() if content.startswith(first)), None)
