"""Rendering of documents: ``render_pdf`` and ``render_html``, outside transactions.

``rendering`` decides whether a PDF is rendered at once or by a job.

A document is named ``app_label/name``. Its application has, in ``<app>/document_templates/``,

- ``<name>.schema.json``: the schema of its data (see ``shapes``); ``dated_by`` names the top-level date or time
  of the document;
- ``<name>.typ`` for PDF and ``<name>.html`` for HTML, either or both.

Templates get formatted data (see ``presentation``): texts in the document's language, and amounts, rates and dates as
text. Templates only lay it out. Typst templates start with ``#import "/frame.typ": *``; HTML templates extend
``frame.html``. Data never becomes part of a template's source.

Existing schemas: ``clearing/document_templates/invoice.schema.json`` and
``contracts/document_templates/agreement.schema.json``.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typst
from django.apps import apps
from django.template import Context, Engine, TemplateSyntaxError
from django.template.exceptions import TemplateDoesNotExist

from marketplace.kernel.outside import require_no_transaction

from .errors import LanguageUnknown, TemplateBroken, TemplateUnknown, TextUnprintable
from .fonts import font_folder
from .presentation import LOCALES, Language, format_data
from .shapes import check_shape, dating_key

FOLDER = "document_templates"
HERE = Path(__file__).parent
TYPST_MACHINERY = HERE / "templates_typst"
# PDF/A-2a is for archiving, PDF/UA-1 for accessibility; both make typst refuse a character without a glyph.
PDF_STANDARDS: Any = ["a-2a", "ua-1"]

_renderers: set[int] = set()
"""The processes, of this one and those it was forked from, that have rendered a PDF."""

_TEMPLATE_NAME = re.compile(r"([a-z0-9_]+)/([a-z0-9_]+)")
_WITHOUT_GLYPH = re.compile(r'the text `"(.+?)"` could not be displayed')


def render_pdf(*, template: str, data: dict[str, Any], language: Language) -> bytes:
    """The document as PDF/A-2a. The same input gives the same bytes under the same locked versions.

    Raises TemplateUnknown, LanguageUnknown, DataMissing, DataUnfit, TextUnprintable, FontMissing, and TemplateBroken
    for an error in the template; OutsideWorkInTransaction inside a transaction.
    """
    require_no_transaction("rendering a document")
    _require_own_threads()
    source = _template_file(template, "typ")
    words, dated_at = _check_data(template=template, source=source, data=data, language=language)
    # Any: the stubs of typst leave out virtual files, which its documentation has.
    files: Any = {path.name: path.read_bytes() for path in TYPST_MACHINERY.glob("*.typ")}
    files["main.typ"] = source.read_bytes()
    files["data.json"] = json.dumps({"language": language, "data": words}).encode()
    try:
        pdf: bytes
        pdf, warnings = typst.compile_with_warnings(
            files,
            font_paths=[font_folder()],
            ignore_system_fonts=True,
            pdf_standards=PDF_STANDARDS,
            timestamp=dated_at,
        )
    except typst.TypstError as error:
        characters = dict.fromkeys(_WITHOUT_GLYPH.findall(error.diagnostic))
        if characters:
            raise TextUnprintable(template=template, characters=" ".join(characters)) from error
        raise TemplateBroken(template=template, reason=error.diagnostic) from error
    if warnings:
        raise TemplateBroken(template=template, reason="; ".join(map(str, warnings)))
    return pdf


def _require_own_threads() -> None:
    """Raise RuntimeError in a process that was forked from one that had rendered.

    The threads of typst did not come along, and it would wait for them for ever.
    """
    _renderers.add(os.getpid())
    if len(_renderers) > 1:
        raise RuntimeError("a process forked from one that has rendered a PDF cannot render; start it anew")


def render_html(*, template: str, data: dict[str, Any], language: Language) -> str:
    """The document as one self-contained HTML page; every value is escaped.

    Raises TemplateUnknown, LanguageUnknown, DataMissing, DataUnfit, and TemplateBroken for an error in the template,
    including a name that the data does not have; OutsideWorkInTransaction inside a transaction.
    """
    require_no_transaction("rendering a document")
    source = _template_file(template, "html")
    words, _ = _check_data(template=template, source=source, data=data, language=language)
    engine = Engine(
        dirs=[str(HERE / "templates_html")],
        builtins=["marketplace.documents.templatetags.document_words"],
        string_if_invalid=_Absent(template),
    )
    context = Context({"language": language, "data": words})
    try:
        return str(engine.from_string(source.read_text("utf-8")).render(context))
    except (TemplateSyntaxError, TemplateDoesNotExist) as error:
        raise TemplateBroken(template=template, reason=str(error)) from error


def require_printable(texts: Mapping[str, str]) -> None:
    """Refuse texts, by name, that no font can print. Call it outside transactions, before one stores them.

    Raises TextUnprintable, whose ``name`` is that of the first such text.
    """
    for name, text in texts.items():
        try:
            render_pdf(
                template="documents/text", data={"dated_on": "2026-01-01", "text": text}, language="ja"
            )
        except TextUnprintable as error:
            raise TextUnprintable(**error.fields, name=name) from error


class _Absent(str):
    """Django's text for a name that does not resolve; raises an error where Django would print nothing."""

    template: str

    def __new__(cls, template: str) -> _Absent:
        absent = super().__new__(cls, "%s")
        absent.template = template
        return absent

    def __mod__(self, name: object) -> str:
        raise TemplateBroken(template=self.template, reason=f"it names {name}, which is not in the data")


def _template_file(template: str, kind: str) -> Path:
    named = _TEMPLATE_NAME.fullmatch(template)
    if named and named[1] in apps.app_configs:
        source = Path(apps.get_app_config(named[1]).path) / FOLDER / f"{named[2]}.{kind}"
        if source.is_file():
            return source
    raise TemplateUnknown(template=template, kind=kind)


def _check_data(
    *, template: str, source: Path, data: dict[str, Any], language: Language
) -> tuple[dict[str, Any], datetime]:
    """The formatted data, and the time of the document (midnight UTC for a date)."""
    if language not in LOCALES:
        raise LanguageUnknown(language=language)
    schema_path = source.with_name(f"{source.stem}.schema.json")
    if not schema_path.is_file():
        raise TemplateBroken(template=template, reason=f"{schema_path.name} is not beside it")
    check_shape(template=template, schema_path=schema_path, data=data)
    dated_at = datetime.fromisoformat(data[dating_key(schema_path)])
    return format_data(data, language=language), dated_at.replace(
        microsecond=0, tzinfo=dated_at.tzinfo or UTC
    )
