"""Errors of rendering."""

from __future__ import annotations

from marketplace.kernel.errors import Category, DomainError
from marketplace.kernel.labels import Label


class DocumentError(DomainError):
    """The base class of rendering errors."""

    code = "document_error"
    detail = Label("The document could not be rendered.", "帳票を作成できませんでした。")


class TemplateUnknown(DocumentError):
    """No application has such a template. Fields: ``template`` (``app_label/name``), ``kind``."""

    code = "document_template_unknown"
    category = Category.MISSING
    detail = Label(
        "There is no {kind} template {template}.", "{kind} のテンプレート {template} はありません。"
    )


class TemplateBroken(DocumentError):
    """The template has an error; the data is not the cause. Fields: ``template``, ``reason`` (for its author)."""

    code = "document_template_broken"
    category = Category.UNAVAILABLE
    detail = Label(
        "The template {template} has an error: {reason}",
        "テンプレート {template} を使用できません: {reason}",
    )


class LanguageUnknown(DocumentError):
    """Documents exist in ``ja`` and ``en`` only. Fields: ``language``."""

    code = "document_language_unknown"
    field = "language"
    detail = Label(
        "Unknown language {language}. Documents exist in ja and en.",
        "言語 {language} は指定できません。帳票の言語は ja または en です。",
    )


class DataMissing(DocumentError):
    """A key that the template needs is missing. Fields: ``template``, ``key`` (as ``issuer.name.ja``)."""

    code = "document_data_missing"
    detail = Label("{template} needs {key}.", "{template} には {key} が必要です。")


class DataUnfit(DocumentError):
    """A value does not fit the template's schema. Fields: ``template``, ``key`` (dotted), ``reason``."""

    code = "document_data_unfit"
    detail = Label(
        "{template} cannot use {key}: {reason}", "{template} では {key} の値を使用できません: {reason}"
    )


class TextUnprintable(DocumentError):
    """No font of the documents has a glyph for these characters. Fields: ``template``, ``characters``."""

    code = "document_text_unprintable"
    detail = Label(
        "{template} contains characters that no font has: {characters}. Replace them.",
        "{template} を印字できません。フォントにない文字を置き換えてください: {characters}",
    )


class DocumentNotReady(DocumentError):
    """A job renders this document, which is too large to be rendered while the client waits.

    Fields: ``job``, ``state_of_job``, ``progress`` (languages ``done`` of ``total``), ``retry_after_seconds``.
    """

    code = "document_not_ready"
    category = Category.CONFLICT
    detail = Label(
        "This large document is being made by the job {job}. Ask for it again in {retry_after_seconds} seconds.",
        "この帳票は大きいため、ジョブ {job} で作成中です。{retry_after_seconds} 秒後に再度お試しください。",
    )


class DocumentFailed(DocumentError):
    """The job that renders this document has failed for good. Fields: ``job``, ``state_of_job``."""

    code = "document_failed"
    category = Category.UNAVAILABLE
    detail = Label(
        "This document could not be made. The operator knows of it; name the job {job} when you ask.",
        "帳票を作成できませんでした。運営者に通知済みです。お問い合わせの際はジョブ {job} をお伝えください。",
    )


class SealMisconfigured(DocumentError):
    """The key or certificates by which the operator seals documents cannot be used. Fields: ``setting``, ``reason``."""

    code = "document_seal_misconfigured"
    category = Category.UNAVAILABLE
    detail = Label(
        "The document cannot be sealed, and the operator must mend {setting}: {reason}",
        "帳票に電子署名を付与できません。運営者による {setting} の修正が必要です: {reason}",
    )


class SealFaulty(DocumentError):
    """What was sealed does not verify, so it was not kept. Fields: ``reason``."""

    code = "document_seal_faulty"
    category = Category.UNAVAILABLE
    detail = Label(
        "The document was sealed, but its seal does not verify: {reason}",
        "帳票に付与した電子署名を検証できませんでした: {reason}",
    )


class FontMissing(DocumentError):
    """A font of the documents is not installed. Fields: ``font``."""

    code = "document_font_missing"
    category = Category.UNAVAILABLE
    detail = Label(
        "The font {font} is not installed. Install the project's locked dependencies again.",
        "フォント {font} がありません。依存パッケージを再インストールしてください。",
    )
