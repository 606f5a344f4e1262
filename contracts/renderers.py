"""How documents leave the API: as PDF, HTML or plain text; refusals as problem details in JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from rest_framework.renderers import BaseRenderer


class DocumentRenderer(BaseRenderer):
    """Passes a document's bytes or text on; a refusal, which is a JSON object, is written as such."""

    render_style = "binary"

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
    charset = None


class HtmlRenderer(DocumentRenderer):
    """text/html."""

    media_type = "text/html"
    format = "html"


class TextRenderer(DocumentRenderer):
    """text/plain."""

    media_type = "text/plain"
    format = "txt"
