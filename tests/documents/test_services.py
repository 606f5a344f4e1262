"""What ``render_pdf`` and ``render_html`` promise for every template."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from marketplace.documents.errors import (
    DataMissing,
    DataUnfit,
    LanguageUnknown,
    TemplateBroken,
    TemplateUnknown,
    TextUnprintable,
)
from marketplace.documents.services import render_html, render_pdf, require_printable
from marketplace.kernel.errors import Category
from marketplace.kernel.outside import OutsideWorkInTransaction

NOTICE = {"title": {"ja": "お知らせ", "en": "Notice"}, "issued_on": "2026-01-15", "total_minor": 1234}


@pytest.fixture
def notice_folder(sample_folder: Path) -> Path:
    """An application's templates of a small document, ``sample/notice``."""
    schema = {
        "dated_by": "issued_on",
        "type": "object",
        "required": ["title", "issued_on", "total_minor"],
        "properties": {
            "title": {"$ref": "sanpo:shapes#/$defs/bilingual"},
            "issued_on": {"$ref": "sanpo:shapes#/$defs/day"},
            "total_minor": {"$ref": "sanpo:shapes#/$defs/minor"},
        },
    }
    (sample_folder / "notice.schema.json").write_text(json.dumps(schema))
    (sample_folder / "notice.typ").write_text(
        '#import "/frame.typ": *\n#show: document-frame.with(title: data.title, identifier: "N-1")\n'
        "#data.title / #data.total_minor / #words([円], [yen])\n"
    )
    (sample_folder / "notice.html").write_text(
        '{% extends "frame.html" %}{% block body %}{{ data.title }}|{{ data.total_minor }}|'
        '{% words "円" "yen" %}{% endblock %}'
    )
    return sample_folder


def test_render_pdf_same_input_gives_same_bytes(notice_folder: Path) -> None:
    first = render_pdf(template="sample/notice", data=NOTICE, language="ja")
    assert first[:5] == b"%PDF-"
    assert render_pdf(template="sample/notice", data=NOTICE, language="ja") == first


def test_render_pdf_is_dated_by_its_data_not_by_the_clock(notice_folder: Path) -> None:
    pdf = render_pdf(template="sample/notice", data=NOTICE, language="ja")
    assert re.findall(rb"<xmp:CreateDate>(.*?)</xmp:CreateDate>", pdf) == [b"2026-01-15T00:00:00+00:00"]
    assert b"<pdfaid:part>2</pdfaid:part>" in pdf


def test_render_pdf_shows_words_of_the_language(notice_folder: Path, text_of: Callable[[bytes], str]) -> None:
    japanese = render_pdf(template="sample/notice", data=NOTICE, language="ja")
    english = render_pdf(template="sample/notice", data=NOTICE, language="en")
    assert text_of(japanese) == "お知らせ/¥1,234/円お知らせN-11/1"
    assert text_of(english) == "Notice/¥1,234/yenNoticeN-11/1"


def test_render_pdf_never_reads_data_as_source(notice_folder: Path, text_of: Callable[[bytes], str]) -> None:
    data = NOTICE | {"title": {"ja": '"] #panic() $x$ *b*', "en": ""}}
    pdf = render_pdf(template="sample/notice", data=data, language="ja")
    assert text_of(pdf).startswith('"]#panic()$x$*b*/')


def test_render_pdf_refuses_characters_without_a_glyph(notice_folder: Path) -> None:
    data = NOTICE | {"title": {"ja": "絵😀字ค", "en": "x"}}
    with pytest.raises(TextUnprintable) as refusal:
        render_pdf(template="sample/notice", data=data, language="ja")
    assert refusal.value.fields == {"template": "sample/notice", "characters": "😀 ค"}


def test_render_html_escapes_data(notice_folder: Path) -> None:
    data = NOTICE | {"title": {"ja": "<script>alert('1')</script>", "en": "A & B"}}
    japanese = render_html(template="sample/notice", data=data, language="ja")
    assert "&lt;script&gt;alert(&#x27;1&#x27;)&lt;/script&gt;|¥1,234|円" in japanese
    assert "<script" not in japanese
    assert '<html lang="ja">' in japanese
    english = render_html(template="sample/notice", data=data, language="en")
    assert "A &amp; B|¥1,234|yen" in english


@pytest.mark.parametrize("render", [render_pdf, render_html])
def test_render_names_the_missing_key(render: Callable[..., Any], notice_folder: Path) -> None:
    with pytest.raises(DataMissing) as refusal:
        render(template="sample/notice", data=NOTICE | {"title": {"en": "Notice"}}, language="ja")
    assert refusal.value.fields == {"template": "sample/notice", "key": "title.ja"}
    assert refusal.value.category == Category.INVALID


@pytest.mark.parametrize(
    ("key", "value"), [("issued_on", "2026-02-30"), ("total_minor", 1.5), ("total_minor", "1")]
)
def test_render_names_the_unfit_key(notice_folder: Path, key: str, value: object) -> None:
    with pytest.raises(DataUnfit) as refusal:
        render_pdf(template="sample/notice", data=NOTICE | {key: value}, language="ja")
    assert refusal.value.fields["key"] == key


@pytest.mark.parametrize(
    "template", ["sample/other", "nowhere/notice", "notice", "sample/../notice", "sample/notice.typ", ""]
)
@pytest.mark.parametrize(("render", "kind"), [(render_pdf, "typ"), (render_html, "html")])
def test_render_refuses_unknown_template(
    render: Callable[..., Any], kind: str, template: str, notice_folder: Path
) -> None:
    with pytest.raises(TemplateUnknown) as refusal:
        render(template=template, data=NOTICE, language="ja")
    assert refusal.value.fields == {"template": template, "kind": kind}
    assert refusal.value.category == Category.MISSING


@pytest.mark.parametrize("render", [render_pdf, render_html])
def test_render_refuses_unknown_language(render: Callable[..., Any], notice_folder: Path) -> None:
    with pytest.raises(LanguageUnknown) as refusal:
        render(template="sample/notice", data=NOTICE, language="fr")
    assert refusal.value.fields == {"language": "fr"}


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("#data.absent", 'dictionary does not contain key "absent"'),
        ('#set text(font: "No Such Font")', "unknown font family"),
        ("#let", "expected pattern"),
    ],
)
def test_render_pdf_refuses_broken_template(notice_folder: Path, source: str, reason: str) -> None:
    original = (notice_folder / "notice.typ").read_text()
    (notice_folder / "notice.typ").write_text(f"{original}{source}\n")
    with pytest.raises(TemplateBroken) as refusal:
        render_pdf(template="sample/notice", data=NOTICE, language="ja")
    assert reason in refusal.value.fields["reason"]


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("{{ data.absent }}", "it names data.absent, which is not in the data"),
        ("{% if %}", "Unexpected end of expression in if tag."),
        ('{% extends "absent.html" %}', "absent.html"),
    ],
)
def test_render_html_refuses_broken_template(notice_folder: Path, source: str, reason: str) -> None:
    (notice_folder / "notice.html").write_text(source)
    with pytest.raises(TemplateBroken) as refusal:
        render_html(template="sample/notice", data=NOTICE, language="ja")
    assert reason in refusal.value.fields["reason"]
    assert refusal.value.category == Category.UNAVAILABLE


def test_render_refuses_template_without_schema(notice_folder: Path) -> None:
    (notice_folder / "notice.schema.json").unlink()
    with pytest.raises(TemplateBroken) as refusal:
        render_pdf(template="sample/notice", data=NOTICE, language="ja")
    assert refusal.value.fields["reason"] == "notice.schema.json is not beside it"


@pytest.mark.parametrize("render", [render_pdf, render_html])
def test_nothing_is_rendered_inside_a_transaction(
    render: Callable[..., Any], notice_folder: Path, committed_database: str
) -> None:
    with pytest.raises(OutsideWorkInTransaction), transaction.atomic():
        render(template="sample/notice", data=NOTICE, language="ja")


def test_a_text_that_no_font_has_is_named() -> None:
    require_printable({"name": "株式会社 Ｓanpo – ①\n\n備考"})
    with pytest.raises(TextUnprintable) as refusal:
        require_printable({"name": "株式会社", "note": "絵😀字"})
    assert (refusal.value.fields["name"], refusal.value.fields["characters"]) == ("note", "😀")


def test_a_process_forked_from_one_that_has_rendered_refuses_to_wait_for_ever(notice_folder: Path) -> None:
    render_pdf(template="sample/notice", data=NOTICE, language="ja")
    child = os.fork()
    if child == 0:
        try:
            render_pdf(template="sample/notice", data=NOTICE, language="ja")
        except RuntimeError:
            os._exit(7)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
