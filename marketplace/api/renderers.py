"""How documents and files leave the API: as they are; a refusal on their way is problem details in JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request


class DocumentRenderer(BaseRenderer):
    """Passes a document's bytes or text on; a refusal, which is a JSON object, is written as such."""

    render_style = "binary"
    charset: str | None = None

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        """The document as bytes."""
        if isinstance(data, bytes):
            return data
        return data.encode() if isinstance(data, str) else json.dumps(data, ensure_ascii=False).encode()


class PdfRenderer(DocumentRenderer):
    """application/pdf."""

    media_type = "application/pdf"
    format = "pdf"


class HtmlRenderer(DocumentRenderer):
    """text/html."""

    media_type = "text/html"
    format = "html"
    charset = "utf-8"


class TextRenderer(DocumentRenderer):
    """text/plain."""

    media_type = "text/plain"
    format = "txt"
    charset = "utf-8"


class CsvRenderer(DocumentRenderer):
    """text/csv."""

    media_type = "text/csv"
    format = "csv"
    charset = "utf-8"


class JsonLdRenderer(DocumentRenderer):
    """JSON-LD 1.1."""

    media_type = "application/ld+json"
    format = "jsonld"


class BytesRenderer(DocumentRenderer):
    """A file in an encoding of its own, taken as bytes so that nobody converts it."""

    media_type = "application/octet-stream"
    format = "bin"


class AsAddressed(DefaultContentNegotiation):
    """A document's address says its kind, so it comes in that kind whatever a client says it accepts.

    RFC 9110 (12.4.1) lets a server disregard Accept; a client that asks for JSON everywhere still gets its PDF.
    """

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """The first renderer of the address."""
        renderer = next(iter(renderers))
        return renderer, str(renderer.media_type)
