"""Why a document could not be rendered."""

from __future__ import annotations

from marketplace.kernel.errors import Category, DomainError
from marketplace.kernel.labels import Label


class DocumentError(DomainError):
    """The root of every refusal to render."""

    code = "document_error"
    detail = Label("The document could not be made.", "文書を作成できませんでした。")


class TemplateUnknown(DocumentError):
    """No application has this template in this kind. Fields: ``template`` (``app_label/name``), ``kind``."""

    code = "document_template_unknown"
    category = Category.MISSING
    detail = Label(
        "There is no {kind} template {template}.", "{kind} のテンプレート {template} はありません。"
    )


class TemplateBroken(DocumentError):
    """The template itself is at fault, never the data. Fields: ``template``, ``reason`` (for its author)."""

    code = "document_template_broken"
    category = Category.UNAVAILABLE
    detail = Label(
        "The template {template} cannot be used: {reason}",
        "テンプレート {template} を使用できません: {reason}",
    )


class LanguageUnknown(DocumentError):
    """Documents exist in ``ja`` and ``en`` only. Fields: ``language``."""

    code = "document_language_unknown"
    detail = Label(
        "A document can be had in ja or en, not in {language}.",
        "文書の言語は ja または en です（指定: {language}）。",
    )


class DataMissing(DocumentError):
    """A key that the template needs is absent. Fields: ``template``, ``key`` (as ``issuer.name.ja``)."""

    code = "document_data_missing"
    detail = Label("{template} needs {key}.", "{template} には {key} が必要です。")


class DataUnfit(DocumentError):
    """A value is not what the template needs. Fields: ``template``, ``key`` (dotted), ``reason``."""

    code = "document_data_unfit"
    detail = Label(
        "{template} cannot use {key}: {reason}", "{template} では {key} の値を使用できません: {reason}"
    )


class TextUnprintable(DocumentError):
    """No font of the house has a glyph for these characters. Fields: ``template``, ``characters``."""

    code = "document_text_unprintable"
    detail = Label(
        "{template} cannot be printed: no font has {characters}. Replace these characters.",
        "{template} を印字できません。フォントにない文字を置き換えてください: {characters}",
    )


class FontMissing(DocumentError):
    """A font that documents are set in is not installed. Fields: ``font``."""

    code = "document_font_missing"
    category = Category.UNAVAILABLE
    detail = Label(
        "The font {font} is not installed; install the project's locked dependencies again.",
        "フォント {font} がありません。依存パッケージを再インストールしてください。",
    )
