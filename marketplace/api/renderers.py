"""Renderers that send documents and files unchanged; an error on such a route is problem details in JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request


class DocumentRenderer(BaseRenderer):
    """Sends a document's bytes or text unchanged; sends an error as its JSON object."""

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
    """text/html, with the styles that stand in the document, and nothing else that it could load, run or send."""

    media_type = "text/html"
    format = "html"
    charset = "utf-8"
    policy = "; ".join(
        (
            "default-src 'none'",
            "style-src 'unsafe-inline'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "sandbox",
        )
    )

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        """The document as bytes; its answer gets the policy."""
        if renderer_context is not None:
            renderer_context["response"]["Content-Security-Policy"] = self.policy
        return super().render(data, accepted_media_type, renderer_context)


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
    """A file as bytes, so that its encoding is never converted."""

    media_type = "application/octet-stream"
    format = "bin"


class AsAddressed(DefaultContentNegotiation):
    """Picks the media type from the route, whatever the client accepts.

    RFC 9110 (12.4.1) lets a server disregard Accept, so a client that accepts only JSON still gets its PDF.
    """

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """The first renderer of the route."""
        renderer = next(iter(renderers))
        return renderer, str(renderer.media_type)
