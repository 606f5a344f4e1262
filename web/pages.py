"""Sends every page with its language."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.cache import patch_vary_headers

from marketplace.documents.presentation import Language

from .languages import LANGUAGES


def page(
    request: HttpRequest, template: str, *, language: Language, status: int = 200, **context: Any
) -> HttpResponse:
    """The response that renders the template with ``context`` as a page in ``language``."""
    with translation.override(language):
        context |= {"language": language, "languages": LANGUAGES}
        response = render(request, template, context, status=status)
    response.headers["Content-Language"] = language
    patch_vary_headers(response, ["Accept-Language"])
    return response
