"""How files leave the API; a refusal on their way is problem details in JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from rest_framework.renderers import BaseRenderer


class FileRenderer(BaseRenderer):
    """Passes bytes on as they are."""

    charset = None
    render_style = "binary"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        """The file; anything else, which is a refusal, as JSON."""
        return data if isinstance(data, bytes) else json.dumps(data, ensure_ascii=False).encode()


class PdfRenderer(FileRenderer):
    """application/pdf."""

    media_type = "application/pdf"
    format = "pdf"


class TransferFileRenderer(FileRenderer):
    """A bank's transfer file: text in Shift_JIS, taken as bytes so that nobody converts it."""

    media_type = "application/octet-stream"
    format = "bin"


class CsvRenderer(FileRenderer):
    """text/csv."""

    media_type = "text/csv"
    format = "csv"
