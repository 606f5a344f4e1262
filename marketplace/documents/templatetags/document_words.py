"""Template tags of HTML documents; loaded for every document."""

from __future__ import annotations

from django import template
from django.template import Context

register = template.Library()


@register.simple_tag(takes_context=True)
def words(context: Context, ja: str, en: str) -> str:
    """The fixed text of a template in the document's language: ``{% words "価格" "Price" %}``."""
    return ja if context["language"] == "ja" else en


@register.filter
def paragraphs(text: str) -> list[str]:
    """The paragraphs of ``text``, split at blank lines."""
    return [part for part in text.split("\n\n") if part.strip()]
