"""Template tags that insert the texts of ``web.texts`` in the language of the page."""

from __future__ import annotations

from typing import Any

from django import template
from django.urls import reverse

from web.joining_texts import JOINING
from web.registering_texts import REGISTERING
from web.texts import LANGUAGE_NAMES, TEXTS

register = template.Library()


@register.simple_tag
def words(name: str, **fields: Any) -> str:
    """The text of a name with its placeholders filled in; KeyError where there is no such text."""
    return (TEXTS.get(name) or JOINING.get(name) or REGISTERING[name]).fill(fields).localized()


@register.filter
def language_name(language: str) -> str:
    """The name of a language in that language."""
    return LANGUAGE_NAMES[language]


@register.inclusion_tag("web/public_record.html")
def public_record(route: str, text: str, media: str) -> dict[str, str]:
    """A link to the route of a name, titled by the text ``<text>`` and described by ``<text>_about``."""
    return {
        "address": reverse(route),
        "title": TEXTS[text].localized(),
        "about": TEXTS[f"{text}_about"].localized(),
        "media": media,
    }
